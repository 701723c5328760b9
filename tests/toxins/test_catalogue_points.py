"""The points of each indication: as many as its scheme has, each with the dose of that scheme."""

from collections import Counter
from decimal import Decimal

import pytest

from clinic.toxins.body import View
from clinic.toxins.models import Site, SiteDose
from clinic.toxins.services import load_catalogue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue(db):
    load_catalogue()


def places(indication):
    """Every point of an indication, once for each side it has."""
    for site in Site.objects.filter(indications__code=indication, is_selectable=True):
        yield from [site] if site.laterality == "MIDLINE" else [site, site]


def dose(site, indication):
    doses = {one.indication.code if one.indication else None: one for one in site.doses.select_related("indication")}
    return doses.get(indication) or doses[None]


def test_migraine_has_31_places_of_5_units_in_seven_muscle_groups():
    chosen = list(places("CM"))

    assert Counter(site.muscle for site in chosen) == {
        "Corrugator supercilii": 2,
        "Procerus": 1,
        "Frontalis": 4,
        "Temporalis": 8,
        "Occipitalis": 6,
        "Cervical paraspinal": 4,
        "Trapezius": 6,
    }
    assert sum(dose(site, "CM").start_from for site in chosen) == 155
    assert len({str(site) for site in chosen}) == 16, "each place has a name of its own"


@pytest.mark.parametrize(("indication", "count", "units"), [("GLAB", 5, 20), ("CANTHAL", 6, 24), ("FOREHEAD", 10, 40)])
def test_lines_have_the_points_and_units_of_the_label(indication, count, units):
    chosen = list(places(indication))

    assert len(chosen) == count
    assert sum(dose(site, indication).start_from for site in chosen) == units


def test_axilla_has_15_places_whose_range_gives_50_units_over_10_to_15():
    chosen = list(Site.objects.filter(indications__code="AXH"))

    assert len(chosen) == 15
    assert all(site.view == View.AXILLAE for site in chosen)
    for one in (dose(site, "AXH") for site in chosen):
        assert round(one.start_from * 15) == one.start_until * 10 == 50


def test_dose_of_one_scheme_says_nothing_of_another():
    corrugator = Site.objects.get(code="CORR")

    assert dose(corrugator, "CM").start_from == 5
    assert dose(corrugator, "GLAB").start_from == 4
    assert dose(corrugator, "HFS").start_from == Decimal("1.25")


def test_doses_of_no_page_are_flagged():
    spasticity = SiteDose.objects.filter(site__indications__code__in=["LLS", "ULS", "CD", "PLATYSMA"])

    assert spasticity.exists()
    assert not spasticity.filter(from_general_knowledge=False).exists()
    assert not SiteDose.objects.filter(indication__code="CM", from_general_knowledge=True).exists()


def test_every_site_lies_in_a_view_and_names_of_one_indication_differ():
    assert set(Site.objects.values_list("view", flat=True)) <= set(View)
    for indication in ("HFS", "BLEPH", "CM", "CD", "ULS", "LLS", "AXH", "GLAB", "CANTHAL", "FOREHEAD", "PLATYSMA"):
        names = Counter(str(site) for site in Site.objects.filter(indications__code=indication))
        assert max(names.values()) == 1, indication


def test_free_point_belongs_to_no_indication_and_has_no_dose():
    free = Site.objects.get(code="FREE")

    assert (free.is_free, free.laterality) == (True, "ANY")
    assert not free.indications.exists()
    assert not free.doses.exists()
