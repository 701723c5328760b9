"""The calendar and booking from it in a real browser: in every look, with the telephone at the ear, by keyboard alone.

Counted is what the hand does with a caller waiting: each press, each key that is not part of what is typed, and each field that
is filled in, however long the word. Opening the first page is not counted.
"""

from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.practice.models import Role
from clinic.scheduling.models import Appointment
from clinic.treatments.models import ContactAttempt
from tests.factories import (
    AppointmentFactory,
    AvailabilityFactory,
    ClinicFactory,
    ClosureFactory,
    FollowUpFactory,
    InjectionSessionFactory,
    PatientFactory,
    PractitionerFactory,
    VisitKindFactory,
    member,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Hand:
    """Presses, keys and fills in, and counts."""

    def __init__(self, page):
        self.page, self.actions = page, 0

    def press(self, where):
        where.click()
        self.actions += 1

    def fill(self, where, text):
        where.fill(text)
        self.actions += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.actions += 1

    def key(self, name):
        self.page.keyboard.press(name)
        self.actions += 1

    def tab_to(self, where):
        """Go there by the tabulator. Its presses are counted apart: a screen reader's user jumps instead."""
        for _ in range(400):
            if where.evaluate("one => one === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the keyboard does not get there")


@pytest.fixture
def clinic(site, sign_in):
    """A clinic with two practitioners, visits in every state today, and somebody whose window is open."""
    clinic = ClinicFactory(name="Harbour clinic", time_zone="Europe/Berlin")
    VisitKindFactory(clinic=clinic)
    clinic.clerk = member(Role.FRONT_DESK, clinic=clinic, name="Karin Holm")
    today = timezone.now().astimezone(clinic.zone).date()
    clinic.today = today
    people = [PractitionerFactory(name=name, clinics=[clinic]) for name in ("Dr Lindqvist", "Dr Okafor")]
    for person in people:
        for weekday in range(7):
            AvailabilityFactory(clinic=clinic, practitioner=person, weekday=weekday, starts=time(9), ends=time(16))
    at = [datetime.combine(today, time(9 + number), tzinfo=clinic.zone) for number in range(6)]
    for number, state in enumerate(("TREATED", "ARRIVED", "BOOKED", "MISSED")):
        patient = PatientFactory(clinic=clinic, given_name=f"Patient {number}", family_name="Longer-Familyname")
        AppointmentFactory(patient=patient, practitioner=people[0], starts_at=at[number], state=state)
    shared = PatientFactory(clinic=clinic, given_name="Shared", family_name="Time")
    AppointmentFactory(
        patient=shared, practitioner=people[0], starts_at=at[2] + timedelta(minutes=15), overbooked_reason="came in pain"
    )
    ClosureFactory(
        clinic=clinic,
        practitioner=people[1],
        from_on=today + timedelta(days=1),
        until_on=today + timedelta(days=1),
        reason="Away",
    )
    patient = PatientFactory(clinic=clinic, given_name="Marta", family_name="Kowalczyk", phone="+49 30 99 00 00")
    session = InjectionSessionFactory(patient=patient, practitioner=people[0], performed_on=today - timedelta(days=100))
    clinic.follow_up = FollowUpFactory(
        session=session, opens_on=today - timedelta(days=9), suggested_from=today, suggested_until=today + timedelta(days=10),
        closes_on=today + timedelta(days=60),
    )  # fmt: skip
    sign_in(clinic.clerk)
    return clinic


def test_day_and_week_in_every_look(page, site, clinic, looks):
    page.goto(f"{site}/calendar/")
    expect(page.get_by_role("link", name="Shared Time")).to_be_visible()
    looks(page)
    page.goto(f"{site}/calendar/?view=week")
    expect(page.get_by_text("Closed: Away")).to_be_visible()
    looks(page)


def test_booking_and_a_visit_s_pages_in_every_look(page, site, clinic, looks, watch):
    page.goto(f"{site}/calendar/?on={clinic.today + timedelta(days=2)}")
    page.get_by_role("link", name="free: book with Dr Okafor").first.click()
    page.get_by_label("Name, record number or birth date", exact=True).last.fill("kowal")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Hemifacial spasm")).to_be_visible()
    looks(page)
    page.get_by_role("link", name="No follow-up").click()
    expect(page.get_by_label("Kind of visit")).to_be_visible()
    looks(page)
    visit = Appointment.objects.get(state="BOOKED", overbooked_reason="came in pain")
    page.goto(f"{site}/appointments/{visit.public_id}/")
    expect(page.get_by_text("Overbooked: Dr Lindqvist")).to_be_visible()
    looks(page)
    page.get_by_role("link", name="Move", exact=True).click()
    expect(page.get_by_role("button", name="Move the visit")).to_be_visible()
    looks(page)


def test_visits_stand_where_their_hours_are(page, site, clinic):
    page.goto(f"{site}/calendar/")
    top = "one => one.getBoundingClientRect().top"
    axis = {text: page.locator(".cal-axis span", has_text=text).first.evaluate(top) for text in ("09:00", "10:00", "11:00")}
    hour = axis["10:00"] - axis["09:00"]
    for number, text in enumerate(axis):
        box = page.get_by_role("link", name=f"Patient {number}").evaluate(top)
        assert abs(box - axis[text]) < 4
    shared, beside = (page.get_by_role("link", name=name).bounding_box() for name in ("Shared Time", "Patient 2"))
    assert abs(shared["y"] - axis["11:00"] - hour / 4) < 4
    assert beside["x"] + beside["width"] <= shared["x"] + 1


def test_on_a_phone_it_is_a_list_in_the_order_of_time(page, site, clinic):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/calendar/")
    tops = [page.get_by_role("link", name=f"Patient {number}").bounding_box()["y"] for number in range(4)]
    assert tops == sorted(tops)
    assert page.locator(".cal-axis").first.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_caller_is_found_booked_and_the_call_logged_in_six_actions(page, site, clinic):
    page.goto(f"{site}/follow-ups/")
    hand = Hand(page)
    hand.fill(page.get_by_label("Find a patient by name, number or birth date"), "kowal")
    hand.key("Enter")
    hand.press(page.get_by_role("link", name="Kowalczyk, Marta"))
    hand.press(page.get_by_role("main").get_by_role("link", name="Book", exact=True))
    hand.press(page.locator(".times label").first)
    hand.press(page.get_by_role("button", name="Book and log the phone call"))
    expect(page.get_by_text("is booked for")).to_be_visible()
    print(f"\nfound, logged and booked: {hand.actions} actions (at most 6)")
    assert hand.actions <= 6
    assert Appointment.objects.get(follow_up=clinic.follow_up).state == "BOOKED"
    assert ContactAttempt.objects.get().outcome == "REACHED"


def test_the_same_by_keyboard_alone(page, site, clinic):
    page.goto(f"{site}/follow-ups/")
    hand = Hand(page)
    hand.key("Control+k")
    hand.type("kowal")
    hand.key("Enter")
    page.wait_for_url("**q=kowal")
    hand.tab_to(page.get_by_role("link", name="Kowalczyk, Marta"))
    hand.key("Enter")
    hand.tab_to(page.get_by_role("main").get_by_role("link", name="Book", exact=True))
    hand.key("Enter")
    page.wait_for_url("**/book/**")
    hand.tab_to(page.locator("input[name=choice]").first)
    hand.key("Space")
    hand.tab_to(page.get_by_role("button", name="Book and log the phone call"))
    hand.key("Enter")
    expect(page.get_by_text("is booked for")).to_be_visible()
    assert Appointment.objects.filter(follow_up=clinic.follow_up).count() == 1
    assert ContactAttempt.objects.count() == 1


def test_calendar_by_keyboard_alone(page, site, clinic):
    page.goto(f"{site}/calendar/?on={clinic.today + timedelta(days=2)}")
    hand = Hand(page)
    hand.tab_to(page.get_by_role("link", name="The day after"))
    hand.key("Enter")
    page.wait_for_url(f"**on={clinic.today + timedelta(days=3)}")
    hand.tab_to(page.get_by_role("link", name="free: book with Dr Okafor").first)
    hand.key("Enter")
    page.wait_for_url("**/calendar/book/**")
    # The field is ready to be typed into.
    hand.type("kowal")
    hand.key("Enter")
    page.wait_for_url("**q=kowal**")
    hand.tab_to(page.get_by_role("link", name="Hemifacial spasm"))
    hand.key("Enter")
    hand.tab_to(page.get_by_role("button", name="Book this visit"))
    hand.key("Enter")
    page.wait_for_url("**/calendar/?**")
    visit = Appointment.objects.get(follow_up=clinic.follow_up)
    assert visit.practitioner.name == "Dr Okafor"
    assert visit.starts_at.astimezone(clinic.zone).date() == clinic.today + timedelta(days=3)
    expect(page.get_by_role("link", name="Marta Kowalczyk")).to_be_visible()


def test_printed_day_holds_the_visits_and_nothing_to_press(page, site, clinic):
    page.goto(f"{site}/calendar/")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Shared Time")).to_be_visible()
    expect(page.locator(".cal-free").first).to_be_hidden()
    expect(page.get_by_role("button", name="Show")).to_be_hidden()


def test_today_is_always_one_press_away(page, site, clinic):
    page.goto(f"{site}/calendar/?on={date(2031, 5, 5)}&view=week")
    page.get_by_role("navigation", name="Other days").get_by_role("link", name="Today").click()
    expect(page.get_by_role("link", name="Shared Time")).to_be_visible()
