"""Patients and side effects in a real browser, with mouse and keyboard, in every look."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.patients.models import Patient
from clinic.practice.models import Role
from clinic.safety.catalogue import load_terms
from clinic.safety.models import SideEffect, Term
from tests.factories import (
    AppointmentFactory,
    ClinicFactory,
    ConditionFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    PatientFactory,
    ReviewFactory,
    SideEffectFactory,
    StaffTaskFactory,
    VialFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def patient(site, sign_in):
    """Somebody with everything a record can hold; an administrator is signed in."""
    load_terms()
    clinic = ClinicFactory(name="Harbour clinic", emergency_text="In an emergency call 112.")
    user = member(Role.ADMIN, clinic=clinic, name="Eva Lindqvist")
    now = timezone.now()
    patient = PatientFactory(clinic=clinic, given_name="Ines", family_name="Duarte", record_number="R-21077", email="")
    condition = ConditionFactory(patient=patient, icd10_code="G51.31")
    session = InjectionSessionFactory(
        condition=condition, vial=VialFactory(clinic=clinic), performed_on=now.date() - timedelta(days=110)
    )
    follow_up = FollowUpFactory(session=session)
    AppointmentFactory(follow_up=follow_up, starts_at=now + timedelta(days=3))
    ContactAttemptFactory(follow_up=follow_up, by=user, note="line busy")
    HoldFactory(patient=patient, owner=user)
    StaffTaskFactory(patient=patient)
    swallowing = Term.objects.get(code="AE20")
    ReviewFactory(side_effect=SideEffectFactory(session=session, version__term=swallowing, reported_by=user), by=user)
    sign_in(user)
    return patient


def at(site: str, patient: Patient, page: str = "") -> str:
    return f"{site}/patients/{patient.public_id}/{page}"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "edit/",
        "status/",
        "holds/new/",
        "conditions/new/",
        "consents/treatment/",
        "side-effects/new/",
        "access/",
        "../",
        "../new/",
    ],
)
def test_pages_about_a_patient_in_every_look(page: Page, site, patient, looks, name):
    page.goto(at(site, patient, name))
    looks(page)


@pytest.mark.parametrize("name", ["", "review/", "amend/", "../"])
def test_pages_about_a_side_effect_in_every_look(page: Page, site, patient, looks, name):
    page.goto(f"{site}/side-effects/{SideEffect.objects.get().public_id}/{name}")
    looks(page)


@pytest.mark.parametrize("name", ["holds/new/", "consents/treatment/", "side-effects/new/", "../new/"])
def test_refused_forms_in_every_look(page: Page, site, patient, watch, looks, name):
    watch.expected.append("422")
    page.goto(at(site, patient, name))
    page.locator("main form button.btn-primary").click()
    expect(page.locator(".is-invalid, .invalid-feedback").first).to_be_attached()
    looks(page)


def test_patient_is_registered_and_found_by_keyboard_alone(page: Page, site, patient):
    page.goto(f"{site}/patients/new/")
    page.get_by_label("Given name").focus()
    for typed in ("Zoë", "Mercer"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    page.locator("#id_born_on").fill("1959-03-02")
    page.get_by_label("Record number").fill("R-900")
    page.get_by_label("letters about booked visits").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Register").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Zoë Mercer is registered.")).to_be_visible()

    page.keyboard.press("Control+K")
    page.keyboard.type("mercer 02.03.1959")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Mercer, Zoë")).to_be_visible()
    assert list(Patient.objects.get(record_number="R-900").consents.values_list("purpose", flat=True)) == ["VISIT"]


def test_term_is_found_by_any_word_and_urgency_is_said_before_saving(page: Page, site, patient):
    page.goto(at(site, patient, "side-effects/new/"))
    urgent = page.get_by_text("A doctor must see the patient at once.")
    expect(urgent).to_be_hidden()

    page.get_by_label("Find it by any word").fill("dysphagia")
    expect(page.locator("#id_term")).to_have_value("AE20")
    expect(urgent).to_be_visible()
    expect(page.get_by_text("Urgent: trouble swallowing.")).to_be_visible()

    page.get_by_label("Find it by any word").fill("eyelid")
    expect(urgent).to_be_hidden()
    page.get_by_label("Find it by any word").fill("upper eyelid drooping")
    expect(page.locator("#id_term")).to_have_value("AE01")
    page.get_by_label("Find it by any word").fill("nothing of the kind")
    expect(page.get_by_text("No term holds these words.")).to_be_visible()
    expect(page.locator("#id_term")).to_have_value("")
    page.get_by_label("Find it by any word").fill("")
    expect(page.locator("#id_term option")).to_have_count(1 + Term.objects.count())


def test_side_effect_is_reported_and_reviewed(page: Page, site, patient):
    page.goto(at(site, patient, "side-effects/new/"))
    page.locator("#id_term").select_option("AE04")
    page.get_by_label("mild").check()
    page.get_by_label("not recovered").check()
    page.get_by_role("button", name="Report", exact=True).click()
    expect(page.get_by_text("The side effect is reported.")).to_be_visible()

    page.get_by_role("link", name="Review").click()
    page.get_by_label("possible").check()
    page.get_by_label("being followed: look again").check()
    page.get_by_role("button", name="Keep the review").click()
    expect(page.get_by_text("caused by the treatment: possible")).to_be_visible()
    assert SideEffect.objects.get(current_version__term__code="AE04").state == "FOLLOWING"
