"""Today, tasks and work on several follow-ups in a real browser: by keyboard, with and without JavaScript, in every look."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from clinic.patients.models import StaffTask
from clinic.practice.models import Role
from clinic.treatments.models import ContactAttempt, FollowUp
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    ClinicFactory,
    FollowUpFactory,
    PatientFactory,
    SideEffectFactory,
    StaffTaskFactory,
    TermFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clinic(site, sign_in):
    """A clinic with two overdue patients, a task, a red alert and a visit, and its administrator signed in."""
    clinic = ClinicFactory(name="Harbour clinic")
    clinic.person = member(Role.ADMIN, clinic=clinic, name="Karin Holm", email="karin@clinic.example")
    today = timezone.now().astimezone(clinic.zone).date()
    for given in ("Marta", "Peter"):
        patient = PatientFactory(clinic=clinic, given_name=given, family_name="Overdue")
        FollowUpFactory(
            patient=patient,
            opens_on=today - timedelta(days=100),
            closes_on=today - timedelta(days=9),
            suggested_until=today - timedelta(days=80),
        )
        StaffTaskFactory(patient=patient, due_on=today)
    SideEffectFactory(patient=PatientFactory(clinic=clinic), version__term=TermFactory(code="NO_SWALLOW", urgency="RED"))
    visited = FollowUpFactory(patient=PatientFactory(clinic=clinic, given_name="Ines", family_name="Duarte"))
    AppointmentFactory(follow_up=visited, starts_at=timezone.now(), clinic=clinic)
    sign_in(clinic.person)
    return clinic


def test_today_leads_to_its_lists_in_every_look(page: Page, site, clinic, looks):
    page.goto(f"{site}/")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("Urgent side effects")
    looks(page)
    page.get_by_role("link", name="2 Overdue: the window has closed").click()
    expect(page.get_by_role("link", name="Marta Overdue", exact=True)).to_be_visible()
    page.goto(f"{site}/")
    page.get_by_role("button", name="Arrived Ines Duarte").click()
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    expect(page.get_by_text("Ines Duarte has arrived.")).to_be_visible()


def test_several_follow_ups_are_worked_on_by_keyboard_alone_in_every_look(page: Page, site, clinic, looks):
    page.goto(f"{site}/follow-ups/?stage=OVERDUE")
    everybody = page.get_by_label("Tick all on this page")
    everybody.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 ticked")).to_be_visible()
    page.get_by_label("Tick Marta Overdue").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("1 ticked")).to_be_visible()
    page.get_by_label("Tick Marta Overdue").press("Space")
    looks(page)
    page.get_by_label("With the ticked patients").select_option("contact")
    page.get_by_role("button", name="Go on").press("Enter")
    expect(page.get_by_role("heading", name="2 follow-ups: log a contact")).to_be_visible()
    looks(page)
    page.get_by_label("letter by post").check()
    page.get_by_label("left a message").check()
    page.get_by_role("button", name="Do it for 2").press("Enter")
    expect(page.get_by_text("2 done.")).to_be_visible()
    assert ContactAttempt.objects.count() == 2


def test_without_javascript_rows_are_ticked_and_given_away_all_the_same(browser: Browser, site, clinic):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/account/login/")
    page.get_by_label("Email").fill(clinic.person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    page.goto(f"{site}/follow-ups/?stage=OVERDUE")
    expect(page.get_by_label("Tick all on this page")).to_be_hidden()
    page.get_by_label("Tick Peter Overdue").check()
    page.get_by_label("With the ticked patients").select_option("assign")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("me", exact=True).check()
    page.get_by_role("button", name="Do it for 1 patient").click()
    expect(page.get_by_text("Karin Holm works on it")).to_be_visible()
    assert FollowUp.objects.get(assignee=clinic.person).patient.given_name == "Peter"
    context.close()


def test_tasks_in_every_look_and_several_done_at_once(page: Page, site, clinic, watch, looks):
    page.goto(f"{site}/tasks/")
    expect(page.get_by_role("link", name="Marta Overdue", exact=True)).to_be_visible()
    looks(page)
    watch.expected.append("422")
    page.get_by_role("button", name="Ticked are done").click()
    expect(page.get_by_text("Tick the tasks first.")).to_be_visible()
    looks(page)
    page.get_by_label("Tick all on this page").check()
    page.get_by_label("What came of it").fill("all phoned")
    page.get_by_role("button", name="Ticked are done").click()
    expect(page.get_by_text("2 done.")).to_be_visible()
    assert StaffTask.objects.filter(outcome="all phoned").count() == 2
    page.goto(f"{site}/follow-ups/measure/")
    looks(page)


def test_a_view_is_kept_and_managed_in_every_look(page: Page, site, clinic, looks):
    page.goto(f"{site}/follow-ups/?stage=OVERDUE")
    page.get_by_text("Views", exact=True).first.click()
    page.get_by_label("Keep these filters as").fill("Late ones")
    looks(page)
    page.get_by_role("button", name="Keep view").click()
    expect(page.get_by_text("The view “Late ones” is kept.")).to_be_visible()
    page.goto(f"{site}/views/")
    looks(page)
    page.get_by_role("button", name="Show first Late ones").click()
    page.goto(f"{site}/follow-ups/")
    expect(page).to_have_url(f"{site}/follow-ups/?stage=OVERDUE")


@pytest.mark.parametrize("width", [920, 1024, 1280])
def test_the_list_fits_every_screen_and_the_bar_hides_no_row_until_one_is_ticked(page: Page, site, clinic, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site}/follow-ups/?stage=OVERDUE")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    bar = page.locator(".choice-bar")
    expect(bar).to_have_css("position", "static")
    page.get_by_label("Tick Marta Overdue").check()
    expect(bar).to_have_css("position", "sticky")
