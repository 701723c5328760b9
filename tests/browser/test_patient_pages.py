"""The patient's pages in a real browser: by thumb and by keyboard, on an old phone's screen, light and dark."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.audit import Actor
from clinic.links import mint
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, offer_times
from tests.browser.conftest import NARROW
from tests.factories import HoldFactory
from tests.scheduling.agenda import make_agenda, with_hours

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def agenda(site, now):
    """The agenda of the booking tests, with its window open since yesterday and hours on every day of the week."""
    agenda = make_agenda(weekdays=range(7))
    follow_up, today = agenda.follow_up, now.date()
    follow_up.opens_on, follow_up.closes_on = today - timedelta(days=1), today + timedelta(days=90)
    follow_up.suggested_from, follow_up.suggested_until = today + timedelta(days=3), today + timedelta(days=24)
    follow_up.save()
    return agenda


@pytest.fixture
def address(agenda, site, now):
    """The address of a link for some purpose."""

    def made(purpose="BOOK", part="", **about):
        about = about or {"follow_up": agenda.follow_up}
        return f"{site}/p/{mint(purpose=purpose, patient=agenda.patient, now=now, **about)}/{part}"

    return made


def first_visit(agenda, now):
    time = offer_times(follow_up=agenda.follow_up, limit=10, now=now)[0]
    return agenda.book(time.starts_at, now=now)


def test_patient_books_with_the_thumb(page: Page, address, agenda):
    page.set_viewport_size(NARROW)
    page.goto(address())
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a time, Ines")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    chosen = page.locator("label.slot").nth(1)
    box = chosen.bounding_box()
    assert box["height"] >= 44
    assert box["width"] >= 100
    chosen.click()
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    assert Appointment.objects.get().state == "BOOKED"


def test_patient_books_and_cancels_by_keyboard_alone(page: Page, address):
    page.goto(address())
    page.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your visit is booked")
    page.get_by_role("link", name="Cancel this visit").press("Enter")
    page.get_by_label("Yes, cancel this visit").press("Space")
    page.get_by_role("button", name="Confirm").press("Enter")
    expect(page.get_by_text("Your visit is cancelled.")).to_be_visible()
    assert Appointment.objects.get().state == "CANCELLED"


def test_browser_asks_for_a_choice_before_anything_is_sent(page: Page, address):
    page.goto(address())
    page.get_by_role("button", name="Book this time").click()
    assert page.url.endswith("/")
    assert "book" not in page.url
    assert not Appointment.objects.exists()


def test_calendar_file_is_offered(page: Page, address, agenda, now):
    first_visit(agenda, now)
    page.goto(address())
    with page.expect_download() as download:
        page.get_by_role("link", name="Put it into my calendar").click()
    assert download.value.suggested_filename == "visit.ics"


def test_every_page_can_be_read_by_everybody(page: Page, address, agenda, now, looks, watch):
    with_hours(agenda.clinic, "Dr Other", weekdays=range(7))
    choosing, stopping = address(), address("STOP", "stop/", consent_purpose="INVITE")
    for shown in (choosing, f"{choosing}?with=anyone", f"{choosing}call/", stopping):
        page.goto(shown)
        looks(page)
    watch.expected += ["400", "does not conform to the required format"]
    page.goto(f"{choosing}?on=someday")
    looks(page)
    visit = first_visit(agenda, now)
    for shown in (f"{choosing}?done=booked", f"{choosing}cancel/"):
        page.goto(shown)
        looks(page)
    cancel(by=Actor.patient(), appointment=visit, reason="by the patient", now=now)
    page.goto(f"{choosing}?done=cancelled")
    expect(page.get_by_text("The time you had")).to_be_visible()
    looks(page)
    HoldFactory(patient=agenda.patient, from_on=now.date() - timedelta(days=1), review_on=now.date())
    page.goto(choosing)
    expect(page.get_by_role("heading", level=1)).to_have_text("Let us find a time together")
    looks(page)
    page.goto(stopping)
    page.get_by_label("Stop them").check()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("These e-mails are stopped")
    looks(page)


def test_address_that_opens_nothing_can_be_read_by_everybody(page: Page, site, db, looks, watch):
    watch.expected.append("404")
    page.goto(f"{site}/p/nothing/")
    expect(page.get_by_role("heading", level=1)).to_have_text("This address opens nothing")
    looks(page)


def test_staff_book_in_a_browser(page: Page, agenda, site, now, sign_in, looks, watch):
    sign_in(agenda.clerk)
    page.goto(f"{site}/follow-ups/{agenda.follow_up.public_id}/book/")
    looks(page)
    page.locator(".times label").first.click()
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Visit of Ines")
    looks(page)
    page.get_by_label("Reason").fill("the patient asked")
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_text("The visit is cancelled and its time is free.")).to_be_visible()
    assert Appointment.objects.get().state == "CANCELLED"
    watch.expected.append("422")
    page.goto(f"{site}/follow-ups/{agenda.follow_up.public_id}/book/")
    page.get_by_label("Day", exact=True).fill(f"{now.date() - timedelta(days=1):%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill("10:00")
    page.get_by_role("button", name="Book this visit").click()
    expect(page.get_by_text("This is before the earliest date").or_(page.get_by_text("not on offer"))).to_be_visible()
    looks(page)
