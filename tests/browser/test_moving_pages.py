"""A visit is moved on a telephone, and the waiting list, in a real browser and in every look."""

import os
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from clinic.links import mint
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import offer_times, put_on_waiting_list
from tests.browsing import NARROW
from tests.scheduling.agenda import make_agenda

pytestmark = pytest.mark.django_db(transaction=True)
#: A patient's page stays smaller than this, with everything that it loads but fonts of the house.
MOST_BYTES = 60_000


@pytest.fixture
def agenda(site):
    """Open on every day, with a window that is open now."""
    agenda = make_agenda(weekdays=range(7))
    today = timezone.now().date()
    follow_up = agenda.follow_up
    follow_up.opens_on, follow_up.closes_on = today, today + timedelta(days=40)
    follow_up.suggested_from = follow_up.suggested_until = None
    follow_up.save()
    return agenda


def shot(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_patient_moves_a_visit_on_a_telephone_and_has_the_earlier_time_again(page: Page, site, agenda, looks):
    now = timezone.now()
    first = offer_times(follow_up=agenda.follow_up, limit=3, now=now)[0]
    visit = agenda.book(first.starts_at, now=now)
    token = mint(purpose="VISIT", patient=agenda.patient, appointment=visit, now=now)
    page.set_viewport_size(NARROW)
    page.goto(f"{site}/p/{token}/")
    page.get_by_role("link", name="Move it to another time").click()
    expect(page.get_by_role("heading", name="Choose another time")).to_be_visible()
    assert len(page.content().encode()) < MOST_BYTES
    shot(page, "move-narrow")
    looks(page)
    page.set_viewport_size(NARROW)
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Move my visit to this time").click()
    expect(page.get_by_role("heading", name="Your visit has a new time")).to_be_visible()
    shot(page, "moved-narrow")
    looks(page)
    assert Appointment.objects.get().starts_at != first.starts_at
    page.go_back()
    page.goto(f"{site}/p/{token}/move/")
    expect(page.get_by_text("The time you had")).to_be_visible()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Move my visit to this time").click()
    expect(page.get_by_role("heading", name="Your visit has a new time")).to_be_visible()
    assert Appointment.objects.get().starts_at == first.starts_at


def test_waiting_list_in_every_look(page: Page, site, agenda, sign_in, looks):
    sign_in(agenda.clerk)
    page.goto(f"{site}/follow-ups/{agenda.follow_up.public_id}/")
    page.get_by_role("link", name="Would come sooner").click()
    shot(page, "waiting-add")
    looks(page)
    page.get_by_label("Monday").check()
    page.get_by_label("in the morning").check()
    page.get_by_role("button", name="Put on the waiting list").click()
    other = agenda.another_follow_up(given_name="Jonas")
    type(other).objects.filter(pk=other.pk).update(
        opens_on=timezone.now().date() - timedelta(days=9), closes_on=timezone.now().date() + timedelta(days=3)
    )
    put_on_waiting_list(by=agenda.staff, follow_up=other, note="needs a day's notice", now=timezone.now())
    page.goto(f"{site}/waiting/")
    expect(page.get_by_text("window closes in 3 days")).to_be_visible()
    shot(page, "waiting-wide")
    looks(page)
    page.set_viewport_size(NARROW)
    shot(page, "waiting-narrow")
    page.get_by_role("button", name="Take off").first.click()
    expect(page.get_by_text("is no longer on the waiting list")).to_be_visible()
