"""The stock and several vials in one treatment in a real browser, in every look."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.toxins.models import Vial
from clinic.treatments.models import VialUse
from tests.factories import (
    ClinicFactory,
    ConditionFactory,
    InjectionSessionFactory,
    LotFactory,
    PatientFactory,
    PractitionerFactory,
    SiteFactory,
    VialFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)
BOX = "0109501101530003172801311" + "0C7719-C3"


@pytest.fixture
def clinic(site, sign_in):
    """A clinician signed in, a vial from which somebody else was treated today, a full one, and a patient."""
    clinic = ClinicFactory(name="Harbour clinic")
    user = member(Role.CLINICIAN, clinic=clinic, name="Dr Eva Lindqvist")
    PractitionerFactory(name="Dr Eva Lindqvist", user=user, clinics=[clinic])
    now = timezone.now()
    expires = {"expires_on": now.date() + timedelta(days=400)}
    begun = VialFactory(
        clinic=clinic, lot=LotFactory(number="BEGUN", **expires), state="OPEN", reconstituted_at=now, diluent_ml=Decimal(4)
    )
    InjectionSessionFactory(patient=PatientFactory(clinic=clinic), vial=begun, points=[("ZYG_MAJ", "RIGHT", "90")])
    VialFactory(clinic=clinic, lot=LotFactory(number="FULL", **expires))
    clinic.condition = ConditionFactory(patient=PatientFactory(clinic=clinic), side="RIGHT")
    SiteFactory(code="ZYG_MAJ")
    sign_in(user)
    return clinic


def choose(page: Page, name: str, lot: str) -> None:
    option = page.locator(f"select[name={name}] option", has_text=lot).first
    page.locator(f"select[name={name}]").select_option(option.get_attribute("value"))


def test_scanner_fills_in_the_form_and_puts_nothing_into_stock(page, site, clinic, looks):
    before = Vial.objects.count()
    page.goto(f"{site}/stock/receive/")
    page.get_by_label("Scan or paste the code of the box").focus()
    page.keyboard.type(BOX)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Lot number")).to_have_value("C7719-C3")
    expect(page.get_by_label("Expiry")).to_have_value("2028-01-31")
    looks(page)
    assert Vial.objects.count() == before
    page.get_by_label("Product and vial size").select_option("ONABOT-100")
    page.get_by_role("button", name="Put into stock").click()
    expect(page.get_by_text("1 vial of lot C7719-C3 received.")).to_be_visible()


def test_vial_lot_and_discard_pages_in_every_look(page, site, clinic, looks):
    page.goto(f"{site}/stock/")
    looks(page)
    page.get_by_role("link", name="FULL", exact=True).click()
    page.get_by_label("quarantined: set aside").check()
    page.get_by_label("Why").fill("the refrigerator stood open")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Lot FULL is now quarantined.")).to_be_visible()
    looks(page)
    page.goto(f"{site}/stock/")
    page.get_by_role("link", name="Discard a vial of lot BEGUN").click()
    looks(page)
    page.get_by_label("Why").fill("past its hours")
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.get_by_text("10 U discarded; the vial is closed.")).to_be_visible()
    looks(page)


def test_second_vial_and_second_patient_are_told_while_one_charts(page, site, clinic, looks, watch):
    watch.expected.append("422")
    page.goto(f"{site}/patients/{clinic.condition.patient.public_id}/treatments/new/")
    confirmation = page.get_by_label("This vial was used for another patient before")
    choose(page, "vial", "FULL")
    expect(confirmation).to_be_hidden()
    choose(page, "vial", "BEGUN")
    expect(confirmation).to_be_visible()
    page.locator("select[name=points-0-site]").select_option("ZYG_MAJ")
    page.locator("input[name=points-0-units]").fill("30")
    expect(page.locator('[data-total="left-in-vial"]')).to_have_text("-20")
    page.get_by_text("Add another vial of this product").click()
    choose(page, "vial_2", "FULL")
    expect(page.get_by_text(re.compile("10 U from lot BEGUN.*, then 20 U from lot FULL"))).to_be_visible()
    expect(page.locator('[data-total="left-in-vial"]')).to_have_text("80")
    page.get_by_text("Why, or only a part of it").click()
    page.get_by_label("Or units discarded").fill("2.5")
    expect(page.locator('[data-total="left-in-vial"]')).to_have_text("77.5")
    page.get_by_label("Why discarded").fill("spilled")
    looks(page)
    page.get_by_role("button", name="No to the rest").click()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("The vial of lot BEGUN has been used for another patient.")).to_be_visible()
    confirmation.check()
    page.get_by_role("button", name="Sign treatment").click()
    expect(page.get_by_text("Used for another patient before: Dr Eva Lindqvist confirmed this")).to_be_visible()
    uses = VialUse.objects.filter(version__session__patient=clinic.condition.patient).order_by("pk")
    assert list(uses.values_list("units_given", "shared_confirmed")) == [(10, True), (20, False)]
