"""The follow-up list and the admin in a real browser, with mouse and keyboard, with and without JavaScript, in every look."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from clinic.practice.models import Role
from clinic.treatments.models import ContactAttempt, FollowUp
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    ClinicFactory,
    ContactAttemptFactory,
    FollowUpFactory,
    HoldFactory,
    InjectionSessionFactory,
    LabelRuleFactory,
    MessageFactory,
    PatientFactory,
    PlanFactory,
    PractitionerFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(site, sign_in):
    """A clinic with somebody in each stage, and a member of the front desk signed in."""
    clinic = ClinicFactory(name="Harbour clinic")
    clinic.clerk = member(Role.FRONT_DESK, clinic=clinic, name="Karin Holm", email="karin@clinic.example")
    clinic.practitioner = PractitionerFactory(name="Dr Lindqvist", clinics=[clinic])
    PlanFactory(clinic=clinic)
    today = timezone.now().astimezone(clinic.zone).date()

    def stand(name, *, opens_in, **fields):
        given, family = name.split(" ")
        patient = PatientFactory(clinic=clinic, given_name=given, family_name=family)
        opens_on = today + timedelta(days=opens_in)
        session = InjectionSessionFactory(
            patient=patient, practitioner=clinic.practitioner, performed_on=opens_on - timedelta(days=91)
        )
        return FollowUpFactory(
            session=session, opens_on=opens_on, closes_on=opens_on + timedelta(days=92),
            suggested_until=opens_on + timedelta(days=21), **fields,
        )  # fmt: skip

    overdue = stand("Marta Kowalczyk", opens_in=-101)
    ContactAttemptFactory(follow_up=overdue)
    for days in (110, 80, 40):
        MessageFactory(follow_up=overdue, state="SENT", due_at=timezone.now() - timedelta(days=days))
    stand("Henrik Aalto", opens_in=-83)
    stand("Aylin Demir", opens_in=-24)
    booked = stand("Ines Duarte", opens_in=-4)
    AppointmentFactory(
        follow_up=booked, practitioner=clinic.practitioner,
        starts_at=datetime.combine(today + timedelta(days=17), time(9), tzinfo=clinic.zone),
    )  # fmt: skip
    held = stand("Jonas Weiss", opens_in=1)
    HoldFactory(patient=held.patient, reason="SIDE_EFFECT", from_on=today, review_on=today)
    stand("Sofia Papadaki", opens_in=15)
    stand("Ruth Abebe", opens_in=58)
    stand("Gone Away", opens_in=-60, state="STOPPED")
    sign_in(clinic.clerk)
    return clinic


@pytest.fixture
def listed(page: Page, site: str, clinic):
    """The list, opened."""
    page.goto(f"{site}/follow-ups/")
    return page


def row(page: Page, name: str):
    return page.get_by_role("row").filter(has_text=name)


def test_list_in_every_look(listed, looks):
    for name in ("Marta Kowalczyk", "Henrik Aalto", "Ines Duarte", "Jonas Weiss", "Ruth Abebe"):
        expect(row(listed, name)).to_be_visible()
    expect(listed.get_by_text("Gone Away")).to_have_count(0)
    looks(listed)


def test_a_menu_s_and_a_filter_s_open_panels_in_every_look(listed, looks):
    listed.get_by_label("More for Marta Kowalczyk").click()
    expect(listed.get_by_role("link", name="Log contact").first).to_be_visible()
    looks(listed)
    listed.reload()
    listed.get_by_text("More", exact=True).first.click()
    expect(listed.get_by_label("Closes until")).to_be_visible()
    looks(listed)


def test_filters_that_make_no_sense_in_every_look(page, site, clinic, watch, looks):
    watch.expected += ["422", "does not conform"]
    page.goto(f"{site}/follow-ups/?as_of=tomorrow&stage=NONE")
    expect(page.get_by_text("The list cannot be shown with these filters.")).to_be_visible()
    looks(page)


def test_a_follow_up_and_its_forms_in_every_look(listed, watch, looks):
    listed.get_by_role("link", name="Marta Kowalczyk", exact=True).click()
    expect(listed.get_by_role("heading", name="Why these days")).to_be_visible()
    looks(listed)
    watch.expected.append("422")
    for action, button in (("Log contact", "Log contact"), ("Snooze", "Snooze"), ("Stop", "Stop the follow-up")):
        listed.get_by_role("main").get_by_role("link", name=action, exact=True).click()
        listed.get_by_role("button", name=button).click()
        expect(listed.get_by_text("This field is required.").first).to_be_visible()
        looks(listed)
        listed.get_by_role("link", name="Back, change nothing").click()


def test_the_front_desk_works_the_list_by_keyboard_alone(listed, site):
    """Filter, open the menu of a line, log a call, and be back in the same view: without touching the mouse."""
    listed.get_by_role("link", name="Overdue 1").focus()
    listed.keyboard.press("Enter")
    expect(row(listed, "Marta Kowalczyk")).to_be_visible()
    expect(row(listed, "Aylin Demir")).to_have_count(0)
    listed.get_by_label("More for Marta Kowalczyk").focus()
    listed.keyboard.press("Enter")
    listed.keyboard.press("Tab")
    expect(listed.get_by_role("link", name="Log contact")).to_be_focused()
    listed.keyboard.press("Enter")
    listed.get_by_label("phone").focus()
    listed.keyboard.press("Space")
    listed.keyboard.press("Tab")
    listed.keyboard.press("Space")
    listed.keyboard.press("Enter")
    expect(listed.get_by_text("Contact with Marta Kowalczyk logged.")).to_be_visible()
    assert listed.url == f"{site}/follow-ups/?stage=OVERDUE"
    expect(row(listed, "Marta Kowalczyk").get_by_text("2 tries")).to_be_visible()
    assert ContactAttempt.objects.filter(outcome="REACHED").count() == 1


def test_the_list_works_without_javascript(browser: Browser, site, clinic):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/account/login/")
    page.get_by_label("Email").fill(clinic.clerk.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto(f"{site}/follow-ups/")
    page.get_by_label("Patient", exact=True).fill("demir")
    page.get_by_role("button", name="Show").click()
    expect(row(page, "Aylin Demir")).to_be_visible()
    expect(row(page, "Marta Kowalczyk")).to_have_count(0)
    page.get_by_label("More for Aylin Demir").click()
    page.get_by_role("link", name="Stop", exact=True).click()
    page.get_by_label("moved away").check()
    page.get_by_role("button", name="Stop the follow-up").click()
    expect(page.get_by_text("The follow-up of Aylin Demir is stopped.")).to_be_visible()
    assert "q=demir" in page.url
    assert FollowUp.objects.get(patient__family_name="Demir").stop_reason == "MOVED_AWAY"
    context.close()


def test_a_snooze_is_set_and_ended(listed):
    listed.get_by_role("link", name="Aylin Demir", exact=True).click()
    listed.get_by_role("main").get_by_role("link", name="Snooze", exact=True).click()
    until = timezone.now().date() + timedelta(days=20)
    listed.get_by_label("Until").fill(str(until))
    listed.get_by_label("Why").fill("travels")
    listed.get_by_role("button", name="Snooze").click()
    expect(listed.get_by_text("Aylin Demir is snoozed.")).to_be_visible()
    expect(listed.get_by_text(": travels")).to_be_visible()
    listed.get_by_role("button", name="End the snooze").click()
    expect(listed.get_by_text("Aylin Demir is no longer snoozed.")).to_be_visible()


def test_the_admin_runs_under_the_content_security_policy(page, site, clinic, sign_in):
    """Every kind of page of it, with its scripts: a list that may only be read, a form with dates, boxes to tick and search."""
    keeper = member(Role.CLINICIAN, clinic=clinic, is_staff=True)
    rule = LabelRuleFactory(wording="Not more often than every 12 weeks")
    sign_in(keeper)
    for address in (
        "",
        "clinic/practitioner/",
        "clinic/availability/add/",
        f"clinic/clinic/{clinic.pk}/change/",
        "clinic/user/add/",
    ):
        page.goto(f"{site}/admin/{address}")
        expect(page.get_by_role("link", name="Catalogue and accounts")).to_be_visible()
    page.goto(f"{site}/admin/clinic/availability/add/")
    page.get_by_role("link", name="Today").first.click()
    expect(page.locator("#id_valid_from")).to_have_value(str(timezone.now().date()))
    page.goto(f"{site}/admin/clinic/labelrule/")
    page.get_by_role("link", name=rule.code).or_(page.get_by_role("link", name="Not more often")).first.click()
    expect(page.get_by_text("Not more often than every 12 weeks").first).to_be_visible()
