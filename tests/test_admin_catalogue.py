"""The catalogue in Django's admin: what came with it is read, a clinic's own is kept beside it and changed until it is used."""

import pytest
from django.urls import reverse

from clinic.models import Indication, LabelRule, Presentation, Product, Site
from clinic.practice.models import Role
from clinic.toxins.services import load_catalogue
from tests import factories
from tests.factories import NOW
from tests.staff.recording import RecordPage, text
from tests.test_admin import address, form_of, save

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    """Every test happens on Monday 23 November 2026 in the morning."""
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic():
    return factories.ClinicFactory(name="Harbour clinic")


@pytest.fixture
def upkeep(client, clinic):
    """A browser in which somebody who may use the upkeep pages is signed in."""
    client.force_login(factories.member(Role.CLINICIAN, clinic=clinic, is_staff=True))
    return client


def own_point(clinic, **typed):
    """What is typed of a clinic's own point."""
    return {
        "clinic": clinic.pk, "code": "own_mass", "muscle": "Masseter", "point": "lower third", "laterality": "SIDED",
        "view": "FACE_FRONT", "x": "22", "y": "70", "source": "decided at the clinic", "is_selectable": "on",
        "indications": [factories.IndicationFactory().pk],
    } | typed  # fmt: skip


def add(client, typed):
    url = address(Site, "add")
    return client.post(url, form_of(client.get(url)) | typed)


def complaint(response):
    assert response.status_code == 200
    return text(response)


def test_what_came_with_the_catalogue_is_read_and_the_page_says_why(upkeep):
    load_catalogue()
    for row, attempt in (
        (Site.objects.get(code="CORR"), {"muscle": "Something else", "x": "1", "is_selectable": ""}),
        (Indication.objects.get(code="HFS"), {"name": "Something else"}),
        (Product.objects.get(code="ONABOT"), {"brand_name": "Something else", "hours_after_reconstitution": "240"}),
    ):
        url, before = address(type(row), "change", row.pk), type(row).objects.filter(pk=row.pk).values().get()
        assert "It came with the catalogue and is only read here" in text(upkeep.get(url))
        upkeep.post(url, form_of(upkeep.get(url)) | attempt)
        assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_a_product_of_the_catalogue_is_put_out_of_use_and_a_newer_catalogue_still_reaches_it(upkeep):
    load_catalogue()
    product = Product.objects.get(code="DAXIBOT")
    save(upkeep, address(Product, "change", product.pk), is_active="")
    product.refresh_from_db()
    assert not product.is_active
    assert load_catalogue().loaded["products"].kept == []


def test_another_vial_size_can_be_added_and_none_is_changed(upkeep):
    product = factories.ProductFactory()
    size = factories.PresentationFactory(product=product, vial_units=100)
    url = address(Product, "change", product.pk)
    save(upkeep, url, **{
        "presentations-0-vial_units": "77", "presentations-TOTAL_FORMS": 2, "presentations-1-vial_units": "500",
        "presentations-1-product": product.pk,
    })  # fmt: skip
    assert sorted(Presentation.objects.filter(product=product).values_list("vial_units", flat=True)) == [size.vial_units, 500]


def test_a_clinic_s_own_point_is_offered_to_that_clinic_alone(upkeep, client):
    desk = RecordPage(client)
    client.force_login(factories.member(Role.CLINICIAN, clinic=desk.clinic, is_staff=True))
    assert add(client, own_point(desk.clinic)).status_code == 302
    site = Site.objects.get(code="OWN_MASS")
    assert (site.clinic, site.source, site.catalogue_mark) == (desk.clinic, "decided at the clinic", "")

    client.force_login(desk.user)
    assert "Masseter, lower third" in desk.get().content.decode()
    assert desk.post(("OWN_MASS", "RIGHT", "2.5")).status_code == 302

    other = RecordPage(client, lot=desk.vial.lot)
    assert "Masseter, lower third" not in other.get().content.decode()
    refused = other.post(("OWN_MASS", "RIGHT", "2.5"))
    assert refused.status_code == 422
    assert other.condition.sessions.count() == 0


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"code": "MASS"}, "Begin it with OWN_"),
        ({"code": "OWN_"}, "Begin it with OWN_"),
        ({"clinic": ""}, "This field is required"),
        ({"source": ""}, "Say where this was read"),
        ({"x": "101"}, "less than or equal to 100"),
    ],
)
def test_an_own_point_says_whose_it_is_how_it_is_told_and_where_it_was_read(upkeep, clinic, typed, told):
    assert told in complaint(add(upkeep, own_point(clinic) | typed))
    assert not Site.objects.exists()


def test_an_own_point_is_changed_until_it_is_used_and_can_then_only_be_withdrawn(upkeep, clinic):
    site = factories.own_site(clinic)
    url = address(Site, "change", site.pk)
    save(upkeep, url, muscle="Masseter, deep")
    site.refresh_from_db()
    assert site.muscle == "Masseter, deep"

    factories.InjectionSessionFactory(points=[(site.code, "RIGHT", "5")])
    assert "Records point at it" in text(upkeep.get(url))
    save(upkeep, url, muscle="Something else", x="1", is_selectable="")

    site.refresh_from_db()
    assert (site.muscle, site.is_selectable) == ("Masseter, deep", False)


def test_rules_are_read_here_and_changed_by_clinicians_on_their_own_page(upkeep, clinic):
    rule = factories.LabelRuleFactory(wording="12 weeks between treatments")
    shown = upkeep.get(address(LabelRule, "change", rule.pk))
    assert "12 weeks between treatments" in text(shown)
    assert "see “Rules”" in text(shown)
    assert upkeep.post(address(LabelRule, "change", rule.pk), {"wording": "none"}).status_code == 403
    assert upkeep.get(address(LabelRule, "add")).status_code == 403
    assert "verify" not in upkeep.get(address(LabelRule)).content.decode().casefold().replace("verified at", "")
    assert upkeep.get(reverse("staff:rule-list")).status_code == 200
