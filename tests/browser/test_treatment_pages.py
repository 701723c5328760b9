"""Recording a treatment and keeping the stock in a real browser, with mouse and keyboard, in every look."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.practice.models import Role
from clinic.toxins.models import Product, Site
from clinic.toxins.services import load_catalogue
from clinic.treatments.models import InjectionSession
from tests.factories import (
    ClinicFactory,
    ConditionFactory,
    InjectionSessionFactory,
    LotFactory,
    PatientFactory,
    PractitionerFactory,
    VialFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(site, sign_in):
    """The whole catalogue, a clinician signed in, two products in stock, and a patient treated once before."""
    load_catalogue()
    clinic = ClinicFactory(name="Harbour clinic")
    user = member(Role.ADMIN, clinic=clinic, name="Dr Eva Lindqvist")
    PractitionerFactory(name="Dr Eva Lindqvist", user=user, clinics=[clinic])
    today = timezone.now().date()
    botox, xeomin = Product.objects.get(code="ONABOT"), Product.objects.get(code="INCOBOT")
    lot = LotFactory(product=botox, number="C7719", expires_on=today + timedelta(days=400))
    VialFactory(clinic=clinic, lot=lot, state="OPEN", diluent_ml=Decimal(4), reconstituted_at=timezone.now())
    VialFactory(clinic=clinic, lot=LotFactory(product=xeomin, number="X20", expires_on=today + timedelta(days=30)))
    patient = PatientFactory(clinic=clinic, given_name="Ines", family_name="Duarte", record_number="R-21077")
    clinic.condition = ConditionFactory(patient=patient, side="RIGHT")
    InjectionSessionFactory(
        condition=clinic.condition,
        product=botox,
        vial=VialFactory(clinic=clinic, lot=lot),
        performed_on=today - timedelta(days=110),
        points=tuple(
            (code, "RIGHT", units)
            for code, units in (("OO_UL_MED", "2.5"), ("OO_UL_LAT", "2.5"), ("OO_CANTH", "5"), ("RIS", "1.25"))
        ),
    )
    sign_in(user)
    return clinic


@pytest.fixture
def record(page: Page, site: str, clinic):
    """The record page, opened."""
    page.goto(f"{site}/patients/{clinic.condition.patient.public_id}/treatments/new/")
    return page


def choose_vial(page: Page, lot: str) -> None:
    option = page.locator("select[name=vial] option", has_text=lot).first
    page.locator("select[name=vial]").select_option(option.get_attribute("value"))


def test_record_page_in_every_look(record, looks):
    looks(record)


def test_refused_page_in_every_look(record, watch, looks):
    watch.expected.append("422")
    record.get_by_role("button", name="Sign treatment").click()
    expect(record.get_by_text("Nothing was written yet.")).to_be_visible()
    expect(record.get_by_text("Choose the vial that was used.")).to_be_visible()
    looks(record)


def test_treatment_is_recorded_by_quick_entry_signed_and_shown(record, looks):
    choose_vial(record, "C7719")
    for typed in ("oo ul med 2.5", "zyg maj R 2.5", "ris l 1,25"):
        record.locator("[data-quick-entry]").fill(typed)
        record.locator("[data-quick-entry]").press("Enter")
    expect(record.locator('[data-total="units"]')).to_have_text("6.25")
    expect(record.locator('[data-total="left-in-vial"]')).to_have_text("93.75")
    record.get_by_role("button", name="Show the next window").click()
    expect(record.get_by_role("heading", name="Next: suggested")).to_be_visible()
    expect(record.locator('[data-total="units"]')).to_have_text("6.25")
    record.get_by_role("button", name="No to the rest").click()
    record.get_by_role("button", name="Sign treatment").click()
    expect(record.get_by_text("Treatment signed.")).to_be_visible()
    expect(record.get_by_role("heading", name="Treatment of Ines Duarte on")).to_be_visible()
    expect(record.get_by_text("6.25 U", exact=True)).to_be_visible()
    assert InjectionSession.objects.filter(state="SIGNED").count() == 2
    looks(record)


def test_treatment_is_recorded_by_keyboard_alone(record):
    record.locator("select[name=vial]").focus()
    record.keyboard.type("Bot")
    record.locator("select[name=points-0-site]").focus()
    record.keyboard.type("Zyg")
    record.keyboard.press("Tab")
    record.keyboard.press("Tab")
    record.keyboard.type("2.5")
    record.keyboard.press("Enter")
    expect(record.locator('[data-total="right"]')).to_have_text("2.5")
    record.get_by_role("button", name="No to the rest").focus()
    record.keyboard.press("Enter")
    record.get_by_role("button", name="Sign treatment").focus()
    record.keyboard.press("Enter")
    expect(record.get_by_text("Treatment signed.")).to_be_visible()


def test_last_treatment_is_repeated_in_one_click(record, looks):
    record.get_by_role("link", name="Repeat treatment 1").click()
    expect(record.locator('[data-total="units"]')).to_have_text("11.25")
    assert record.locator("select[name=vial] option", has_text="Xeomin").count() == 0
    looks(record)


def test_usual_range_follows_the_point_that_is_chosen(record):
    choose_vial(record, "C7719")
    record.get_by_role("button", name="Show the next window").click()
    record.locator("select[name=points-0-site]").select_option("ZYG_MAJ")
    expect(record.locator("[data-usual-units]").first).to_have_text("usually 1–2.5 U")
    record.locator("select[name=points-0-site]").select_option("LAO")
    expect(record.locator("[data-usual-units]").first).not_to_have_text("usually 1–2.5 U")
    assert Site.objects.filter(code="LAO").exists()


def test_stock_pages_in_every_look(page, site, clinic, looks):
    page.goto(f"{site}/stock/")
    looks(page)
    page.get_by_role("link", name="Make up a vial of lot X20").click()
    page.get_by_label("Diluent, mL").fill("2,5")
    looks(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Made up: ")).to_be_visible()
    page.get_by_role("link", name="Receive vials").click()
    looks(page)
