"""The calendar: what a clerk sees of a day and of a week."""

import re
from datetime import date, time, timedelta

import pytest
import time_machine
from django.test import Client

from clinic.audit import AuditEvent
from clinic.scheduling.hours_exceptions import HoursException
from clinic.scheduling.services import cancel, mark_arrived, mark_missed, mark_treated, value_of
from tests.factories import (
    NOW,
    AppointmentFactory,
    ClinicFactory,
    ClosureFactory,
    MembershipFactory,
    PatientFactory,
    member,
)
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, at, make_agenda, with_hours

pytestmark = pytest.mark.django_db
TUESDAY = {"on": "2026-12-01"}


@pytest.fixture
def agenda(db):
    return make_agenda()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def desk(agenda):
    client = Client()
    client.force_login(agenda.clerk)
    return client


def text_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def test_day_shows_every_practitioner_s_visits_hours_and_free_times(agenda, desk):
    other = with_hours(agenda.clinic, "Dr Other", starts=time(13), ends=time(15))
    agenda.book()
    page = desk.get("/calendar/", TUESDAY)
    assert page.status_code == 200
    told = text_of(page)
    for shown in ("Tuesday 1 December 2026", "1 visit", "Dr Lindqvist", "09:00 – 12:00", "Dr Other", "13:00 – 15:00", "Ines"):
        assert shown in told
    assert value_of(agenda.practitioner.public_id, TUESDAY_9) not in page.text
    assert value_of(agenda.practitioner.public_id, TUESDAY_930).replace("@", "%40") in page.text
    assert value_of(other.public_id, at(1, 12)).replace("@", "%40") in page.text


def test_today_comes_first_and_the_arrows_lead_on(agenda, desk):
    page = desk.get("/calendar/")
    assert "Monday 23 November 2026" in page.text
    for day in ("on=2026-11-22", "on=2026-11-24"):
        assert day in page.text
    week = desk.get("/calendar/", {"view": "week"})
    for day in ("on=2026-11-16", "on=2026-11-30"):
        assert day in week.text


def test_week_has_a_column_for_each_working_day_and_the_weekend_only_if_somebody_comes(agenda, desk):
    assert re.findall(r">(\w{3} \d+ \w{3})</a>", desk.get("/calendar/", {"view": "week", **TUESDAY}).text) == [
        "Mon 30 Nov", "Tue 1 Dec", "Wed 2 Dec", "Thu 3 Dec", "Fri 4 Dec",
    ]  # fmt: skip
    agenda.book(at(5, 9), overbooked_reason="only then")
    assert ">Sat 5 Dec</a>" in desk.get("/calendar/", {"view": "week", **TUESDAY}).text


def test_every_state_has_its_word_and_its_shape(agenda, desk, clock):
    for hour, mark in ((8, mark_missed), (9, mark_arrived), (10, mark_treated)):
        visit = agenda.book(at(1, hour), follow_up=agenda.another_follow_up())
        mark(by=agenda.staff, appointment=visit, now=at(1, hour, 20))
    agenda.book(at(1, 10, 30))
    gone = agenda.book(at(1, 9, 30), follow_up=agenda.another_follow_up(given_name="Gone"))
    cancel(by=agenda.staff, appointment=gone, reason="ill", now=NOW)
    board = desk.get("/calendar/", TUESDAY).text.partition('<ul class="cal-key"')[0]
    for word in ("missed", "arrived", "treated", "booked"):
        assert re.search(rf"cal-{word}.*?pill.*?<svg.*?<span>{word}</span>", board, re.DOTALL)
    assert "Gone" not in board


def test_time_of_a_missed_visit_is_free_beside_it(agenda, desk, clock):
    clock.move_to(at(1, 8, 5))
    desk.force_login(agenda.clerk)
    visit = agenda.book(at(1, 8, 30), now=NOW)
    mark_missed(by=agenda.staff, appointment=visit, now=at(1, 8, 30))
    page = desk.get("/calendar/", TUESDAY).text
    assert re.search(r"cal-visit cal-missed[^\"]*cl2-", page)
    assert re.search(r"cal-free[^\"]*cl2-", page)


def test_overbooked_visits_stand_side_by_side_and_say_so(agenda, desk):
    agenda.book()
    agenda.book(TUESDAY_9 + timedelta(minutes=15), follow_up=agenda.another_follow_up(), overbooked_reason="came in pain")
    page = desk.get("/calendar/", TUESDAY).text
    assert re.findall(r"cal-visit cal-booked (ch\d+ cf\d+ cs\d+ ct\d+ cl2-\d)", page) == [
        "ch0 cf0 cs0 ct6 cl2-0", "ch0 cf3 cs0 ct6 cl2-1",
    ]  # fmt: skip
    assert page.count(">overbooked<") == 1


def test_closed_day_says_why_and_offers_nothing(agenda, desk):
    ClosureFactory(clinic=agenda.clinic, practitioner=agenda.practitioner, from_on=date(2026, 12, 1), until_on=date(2026, 12, 1))
    page = desk.get("/calendar/", TUESDAY).text
    assert "Closed: Winter break" in page
    assert "cal-free" not in page
    assert "cal-hours" not in page


def test_part_of_a_day_away_says_why_and_offers_nothing_then(agenda, desk):
    HoursException.objects.create(
        clinic=agenda.clinic, practitioner=agenda.practitioner, kind="AWAY", on=date(2026, 12, 1), starts=time(10), ends=time(11),
        reason="Teaching",
        changed_at=NOW,
    )  # fmt: skip
    page = desk.get("/calendar/", TUESDAY)
    assert "10:00 – 11:00 Teaching" in text_of(page)
    free = re.findall(r'href="[^"]*time=[^"]*">(\d\d:\d\d)<', page.text)
    assert free == ["09:00", "09:30", "11:00", "11:30"]


def test_time_taken_elsewhere_is_shown_without_a_word_about_whose_it_is(agenda, desk):
    hill = ClinicFactory(name="Hill clinic")
    agenda.practitioner.clinics.add(hill)
    AppointmentFactory(
        patient=PatientFactory(clinic=hill, given_name="Zzyzx"), practitioner=agenda.practitioner, starts_at=TUESDAY_9
    )
    page = desk.get("/calendar/", TUESDAY)
    assert "taken elsewhere" in page.text
    assert "Zzyzx" not in page.text
    assert value_of(agenda.practitioner.public_id, TUESDAY_9).replace("@", "%40") not in page.text
    MembershipFactory(user=agenda.clerk, clinic=hill, role="FRONT_DESK")
    assert "Zzyzx" not in desk.get("/calendar/", TUESDAY | {"clinic": str(agenda.clinic.public_id)}).text
    assert "Zzyzx" in desk.get("/calendar/", TUESDAY | {"clinic": str(hill.public_id)}).text


def test_visit_with_somebody_who_has_left_is_not_left_out(agenda, desk):
    agenda.book()
    agenda.practitioner.is_active = False
    agenda.practitioner.save()
    page = desk.get("/calendar/", TUESDAY).text
    assert "Ines" in page
    assert "cal-free" not in page


def test_some_practitioners_are_chosen_in_the_address(agenda, desk):
    other = with_hours(agenda.clinic, "Dr Other")
    agenda.book()
    page = desk.get("/calendar/", TUESDAY | {"with": str(other.public_id)}).text
    assert "Ines" not in page
    assert page.count('class="cal-column') == 1
    assert f"with={other.public_id}&amp;view=day&amp;on=2026-12-02" in page


@pytest.mark.parametrize(
    "query", [{"on": "soon"}, {"clinic": "1"}, {"with": "1"}, {"view": "year"}, {"with": "\x00"}, {"on": "9999-12-31"}]
)
def test_address_that_asks_for_nonsense_is_told_beside_the_field(agenda, desk, query):
    page = desk.get("/calendar/", query)
    assert page.status_code == 422
    assert "The calendar cannot be shown like this." in page.text


def test_who_may_not_book_sees_free_times_without_links(agenda, desk):
    desk.force_login(member("REVIEWER", agenda.clinic))
    page = desk.get("/calendar/", TUESDAY)
    assert page.status_code == 200
    assert "/calendar/book/" not in page.text
    assert "cal-free" in page.text


def test_looking_is_written_down_with_how_many_were_seen(agenda, desk):
    agenda.book()
    desk.get("/calendar/", TUESDAY)
    event = AuditEvent.objects.get(action="LISTED")
    assert (event.what, event.count) == ("Appointment", 1)


@pytest.mark.parametrize("view", ["day", "week"])
def test_number_of_queries_is_the_same_for_one_visit_and_for_many(agenda, desk, view, count_queries):
    def ask():
        assert desk.get("/calendar/", TUESDAY | {"view": view}).status_code == 200

    agenda.book()
    few = count_queries(ask)
    for number in range(3):
        other = with_hours(agenda.clinic, f"Dr Other {number}")
        ClosureFactory(clinic=agenda.clinic, practitioner=other, from_on=date(2026, 12, 3), until_on=date(2026, 12, 4))
        for hour in (8, 9, 10):
            agenda.book(at(1, hour), follow_up=agenda.another_follow_up(), practitioner=other)
    assert count_queries(ask) == few <= 15


# -- the clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2027-03-29", "2026-10-26", "2026-12-01"])
def test_nine_o_clock_stays_at_nine_o_clock_on_its_line(agenda, desk, day):
    page = desk.get("/calendar/", {"on": day, "view": "week"}).text
    assert page.count('<span class="ch0 cf0 cs1 ct0">09:00</span>') == 1
    assert page.count('class="cal-hours ch0 cf0 cs3 ct0"') == 5


def test_day_on_which_the_clocks_go_back_shows_the_doubled_hour_twice(agenda, desk):
    night = with_hours(agenda.clinic, "Dr Night", weekdays=[6], starts=time(1), ends=time(4))
    for hour, name in ((0, "First"), (1, "Second")):
        patient = PatientFactory(clinic=agenda.clinic, given_name=name)
        AppointmentFactory(patient=patient, practitioner=night, starts_at=at(25, hour, 30, month=10, year=2026))
    told = text_of(desk.get("/calendar/", {"on": "2026-10-25", "with": str(night.public_id)}))
    assert "01:00 02:00 02:00 second 03:00" in told
    assert told.index("02:30 – 02:00 (second) First") < told.index("02:30 (second) – 03:00 Second")


def test_day_on_which_the_clocks_go_forward_marks_the_hour_that_is_not(agenda, desk):
    night = with_hours(agenda.clinic, "Dr Night", weekdays=[6], starts=time(1), ends=time(4))
    page = desk.get("/calendar/", {"on": "2027-03-28", "with": str(night.public_id)})
    assert 'class="cal-gap ch1 cf0 cs1 ct0"' in page.text
    free = re.findall(r'href="[^"]*time=[^"]*">(\d\d:\d\d)<', page.text)
    assert free == ["01:00", "01:30", "03:00", "03:30"]
