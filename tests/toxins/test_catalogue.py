"""The catalogue: complete, sourced, safe to load again, and never the undoing of what a clinic changed."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from clinic.audit import Actor
from clinic.safety.catalogue import load_terms
from clinic.safety.models import Term
from clinic.toxins.models import FREE_POINT, Indication, LabelRule, Presentation, Product, Site, SiteDose
from clinic.toxins.services import load_catalogue, verify_rule
from clinic.toxins.services.catalogue import FILES, read_sources
from clinic.toxins.services.loading import read_toml
from tests.factories import NOW, ClinicFactory, member, own_rule, own_site

SOURCES_PAGE = Path(__file__).resolve().parents[2] / "docs" / "clinical-sources.md"


@pytest.fixture
def _catalogue(db):
    load_catalogue()
    load_terms()


pytestmark = pytest.mark.usefixtures("_catalogue")


def everything():
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Indication, Product, Presentation, LabelRule, Site, SiteDose, Term)
    }


def test_loading_again_changes_nothing():
    before = everything()

    report = load_catalogue()

    assert report.changed == 0
    assert load_terms().unchanged == 48
    assert everything() == before


def test_command_says_what_it_did():
    said = StringIO()

    call_command("load_catalogue", stdout=said)

    assert "label rules: 0 new, 0 updated, 124 as before" in said.getvalue()
    assert "side-effect terms: 0 new, 0 updated, 48 as before" in said.getvalue()


def test_seven_products_keep_their_own_units_and_hours():
    hours = dict(Product.objects.values_list("code", "hours_after_reconstitution"))

    assert hours == {
        "ONABOT": 24,
        "ABOBOT": 24,
        "INCOBOT": 24,
        "RIMABOT": 4,
        "PRABOT": 24,
        "DAXIBOT": 72,
        "LETIBOT": 24,
    }
    assert not Product.objects.filter(unit_code="U").exists(), "the plain U is the enzyme unit"


def test_vial_sizes_are_those_on_the_market():
    sizes = {}
    for product, units in Presentation.objects.values_list("product__brand_name", "vial_units"):
        sizes.setdefault(product, set()).add(int(units))

    assert sizes["Botox"] == {50, 100, 200}
    assert sizes["Dysport"] == {300, 500}
    assert sizes["Myobloc / NeuroBloc"] == {2500, 5000, 10000}


@pytest.mark.parametrize(
    ("product", "indication", "jurisdiction", "floors"),
    [
        ("ONABOT", "HFS", "US", {(3, "MONTH")}),
        ("ONABOT", "HFS", "EU", {(3, "MONTH")}),
        ("ABOBOT", "HFS", "UK", {(12, "WEEK")}),
        ("INCOBOT", "CD", "EU", {(10, "WEEK")}),
        ("INCOBOT", "CD", "US", {(12, "WEEK")}),
        ("ONABOT", "GLAB", "US", {(3, "MONTH"), (90, "DAY")}),
    ],
)
def test_interval_keeps_the_unit_of_its_label(product, indication, jurisdiction, floors):
    rules = LabelRule.objects.filter(
        product__code=product, indication__code=indication, jurisdiction=jurisdiction, scope="INTERVAL"
    )

    assert set(rules.values_list("interval_value", "interval_unit")) == floors


def test_ceilings_over_all_uses_are_lower_for_children():
    child = LabelRule.objects.get(code="ONABOT-ALL-US-CHILD-ROLLING")
    adult = LabelRule.objects.get(code="ONABOT-ALL-US-ADULT-ROLLING")

    assert (adult.units, adult.units_per_kg, adult.interval_value, adult.interval_unit) == (400, None, 3, "MONTH")
    assert (child.units, child.units_per_kg, child.age_until) == (340, 10, 17)


def test_hemifacial_spasm_is_on_no_us_label():
    for rule in LabelRule.objects.filter(indication__code="HFS", jurisdiction="US", scope="INTERVAL"):
        assert rule.product.code == "ONABOT"
        assert "hemifacial spasm is not named" in rule.wording


def test_every_rule_dose_and_term_has_a_source():
    for model in (LabelRule, SiteDose, Term):
        assert not model.objects.filter(source="").exists(), model
    unread = [rule for rule in LabelRule.objects.all() if rule.source == read_sources()["GK"]]
    assert all(rule.from_general_knowledge for rule in unread)


def test_what_of_a_product_nobody_read_is_marked():
    unread = Product.objects.filter(hours_from_general_knowledge=True).values_list("code", flat=True)
    assert set(unread) == {"ABOBOT", "RIMABOT", "DAXIBOT"}
    unread = Product.objects.filter(storage_from_general_knowledge=True).values_list("code", flat=True)
    assert set(unread) == {"INCOBOT", "PRABOT", "DAXIBOT"}


def test_what_is_said_of_a_point_has_its_source_or_is_marked():
    for site in Site.objects.exclude(warning="", risk=""):
        assert site.source, site.code
        assert site.from_general_knowledge or read_sources()["GK"] not in site.source, site.code
    assert Site.objects.get(code="CORR").from_general_knowledge
    assert not Site.objects.get(code="OO_UL_MED").from_general_knowledge


def test_every_source_is_used_and_described():
    used = set()
    for folder, name in (
        (FILES, "label_rules"),
        (FILES, "sites"),
        (FILES, "products"),
        (FILES.parents[1] / "safety/catalogue", "terms"),
    ):
        for rows in read_toml(folder / f"{name}.toml").values():
            used.update(*(row["sources"] for row in rows))
    page = SOURCES_PAGE.read_text(encoding="utf-8")

    assert used == set(read_sources())
    assert [key for key in read_sources() if f"| {key} |" not in page] == []


def test_points_lie_where_the_picture_has_them():
    drawn = json.loads((FILES / "site_coordinates.json").read_text(encoding="utf-8"))

    placed = {
        site.code: (site.view, float(site.x), float(site.y))
        for site in Site.objects.filter(is_selectable=True).exclude(code=FREE_POINT)
    }
    assert placed == {code: (place["view"], place["x"], place["y"]) for code, place in drawn.items()}


def test_levator_of_the_upper_lid_is_never_chosen_and_has_no_dose():
    levator = Site.objects.get(code="LPS")

    assert not levator.is_selectable
    assert not levator.doses.exists()
    assert not Site.objects.exclude(code="LPS").filter(is_selectable=False).exists()


def test_central_upper_and_medial_lower_lid_are_best_avoided():
    avoided = Site.objects.filter(is_avoided=True, is_selectable=True)

    assert set(avoided.values_list("code", flat=True)) == {"OO_UL_MID", "OO_LL_MED"}
    assert not avoided.filter(warning="").exists()


def test_healthy_side_is_for_the_lower_face_only():
    assert not Site.objects.filter(may_be_contralateral=True, around_eye=True).exists()
    assert Site.objects.get(code="ZYG_MAJ").may_be_contralateral
    assert not Site.objects.get(code="FRONT").may_be_contralateral


def test_doses_are_given_for_the_family_they_were_published_for_only():
    assert set(SiteDose.objects.values_list("family", flat=True)) == {"ONA_INCO"}
    lid = SiteDose.objects.get(site__code="OO_UL_LAT")
    assert (lid.start_from, lid.start_until, lid.usual_maximum) == (Decimal("1.25"), Decimal("2.5"), Decimal(5))
    assert not lid.from_general_knowledge


def test_blepharospasm_has_the_points_around_the_eyes():
    points = set(Site.objects.filter(indications__code="BLEPH", is_selectable=True).values_list("code", flat=True))

    assert {"OO_UL_MED", "OO_UL_LAT", "OO_LL_LAT", "CORR", "PROC", "FRONT", "OO_CANTH"} <= points
    assert "ZYG_MAJ" not in points


def test_signs_of_spread_are_those_of_the_boxed_warning():
    signs = set(Term.objects.filter(distant_sign=True).values_list("code", flat=True))

    assert signs == {"AE01", "AE08", "AE09", "AE20", "AE21", "AE22", "AE23", "AE24", "AE25", "AE26", "AE27"}


def test_terms_carry_no_code_of_a_licensed_dictionary():
    assert not Term.objects.exclude(outside_code="").exists()
    assert Term.objects.count() == 48


def test_urgent_terms_are_red():
    assert set(Term.objects.filter(code__in=["AE07", "AE20", "AE29", "AE39", "AE47"]).values_list("urgency", flat=True)) == {
        "RED"
    }


def test_edited_rule_stays_as_the_clinic_wrote_it():
    rule = LabelRule.objects.get(code="ONABOT-HFS-EU-FACE-INTERVAL")
    rule.interval_value = 4
    rule.save()

    report = load_catalogue()

    rule.refresh_from_db()
    assert rule.interval_value == 4
    assert not report.loaded["label rules"].kept, "the file has not changed, there is nothing to keep back"


def older_catalogue(rule):
    """Make `rule` look as if an earlier catalogue had said something else and nobody had touched it since."""
    from clinic.toxins.services import loading

    rule.wording = "An earlier wording"
    unsaid = {
        "id", "public_id", "valid_from", "valid_until", "catalogue_mark", "only_first", "muscle", "clinic", "replaces",
        "written_by", "written_at",
    }  # fmt: skip
    names = [f.name for f in LabelRule._meta.fields if f.name not in unsaid]
    rule.catalogue_mark = loading._fingerprint({name: getattr(rule, name) for name in names})
    rule.save()


def test_newer_catalogue_updates_a_row_that_nobody_touched():
    rule = LabelRule.objects.get(code="ONABOT-HFS-EU-FACE-INTERVAL")
    older_catalogue(rule)

    report = load_catalogue()

    rule.refresh_from_db()
    assert report.loaded["label rules"].updated == 1
    assert rule.wording == "3 months between treatments: no benefit from more often"


def test_a_row_of_a_catalogue_that_knew_fewer_columns_was_not_edited_for_that():
    from clinic.toxins.services import loading
    from clinic.toxins.services.catalogue import _products

    daxi = next(row for row in _products() if row["code"] == "DAXIBOT")
    known = {name: value for name, value in daxi.items() if not name.endswith("_from_general_knowledge")}
    Product.objects.filter(code="DAXIBOT").update(
        hours_from_general_knowledge=False, storage_from_general_knowledge=False, catalogue_mark=loading._fingerprint(known)
    )

    report = load_catalogue()

    assert (report.loaded["products"].updated, report.loaded["products"].kept) == (1, [])
    assert Product.objects.get(code="DAXIBOT").hours_from_general_knowledge


def test_newer_catalogue_leaves_a_rule_alone_that_a_clinic_has_followed_with_its_own():
    rule = LabelRule.objects.get(code="ONABOT-HFS-EU-FACE-INTERVAL")
    older_catalogue(rule)
    clinic = ClinicFactory()
    own = own_rule(clinic, replaces=rule, wording="10 weeks between treatments")
    before = LabelRule.objects.filter(pk=own.pk).values().get()

    report = load_catalogue()

    rule.refresh_from_db()
    assert rule.wording == "An earlier wording"
    assert report.loaded["label rules"].kept == [rule.code]
    assert LabelRule.objects.filter(pk=own.pk).values().get() == before


def test_a_clinic_s_own_points_are_neither_overwritten_nor_lost():
    site = own_site(ClinicFactory(), code="OWN_ZYG_MAJ", muscle="Zygomaticus major")
    before = Site.objects.filter(pk=site.pk).values().get()

    assert load_catalogue().changed == 0

    assert Site.objects.filter(pk=site.pk).values().get() == before


def test_newer_catalogue_leaves_an_edited_row_alone_and_says_so():
    rule = LabelRule.objects.get(code="ONABOT-HFS-EU-FACE-INTERVAL")
    older_catalogue(rule)
    rule.interval_value = 4
    rule.save()

    report = load_catalogue()

    rule.refresh_from_db()
    assert (rule.wording, rule.interval_value) == ("An earlier wording", 4)
    assert report.loaded["label rules"].kept == [rule.code]
    assert f"label rules: {rule.code} was changed at a clinic and stays as it is" in report.lines()


def test_newer_catalogue_leaves_a_verified_rule_alone():
    rule = LabelRule.objects.get(code="ONABOT-HFS-EU-FACE-INTERVAL")
    older_catalogue(rule)
    clinic = ClinicFactory()
    verify_rule(by=Actor.of_user(member("CLINICIAN", clinic=clinic)), rule=rule, clinic=clinic, now=NOW)

    load_catalogue()

    rule.refresh_from_db()
    assert rule.wording == "An earlier wording"


def test_edited_points_of_a_site_stay():
    site = Site.objects.get(code="ZYG_MAJ")
    site.indications.clear()
    site.catalogue_mark = "an earlier catalogue"
    site.save()

    assert load_catalogue().loaded["sites"].kept == ["ZYG_MAJ"]
    assert not site.indications.exists()


def test_nothing_is_deleted():
    Indication.objects.create(code="OWN", name="The clinic's own")

    load_catalogue()

    assert Indication.objects.filter(code="OWN").exists()
