"""From a free time in the calendar to a booked visit: for a follow-up, or for none."""

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.test import Client

from clinic.audit import AuditEvent
from clinic.scheduling.booking_overrides import BookingOverride
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import value_of
from clinic.treatments.models import ContactAttempt
from tests.factories import NOW, ClinicFactory, PatientFactory, VisitKindFactory
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, at, make_agenda, with_hours

pytestmark = pytest.mark.django_db


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


def start(agenda, starts_at=TUESDAY_9, **more):
    return {"clinic": str(agenda.clinic.public_id), "time": value_of(agenda.practitioner.public_id, starts_at), **more}


# -- for whom -------------------------------------------------------------------------------------------------------------


def test_patient_is_found_and_each_open_follow_up_leads_on_with_the_time(agenda, desk):
    page = desk.get("/calendar/book/", start(agenda, q="ines", next="/calendar/?view=week"))
    assert page.status_code == 200
    for shown in (
        "Tuesday 1 December 2026, 09:00 with Dr Lindqvist",
        "Hemifacial spasm, right",
        "window 1 Dec 2026 to 1 Mar 2027",
    ):
        assert shown in page.text
    assert (
        f"/follow-ups/{agenda.follow_up.public_id}/book/?time={value_of(agenda.practitioner.public_id, TUESDAY_9)}".replace(
            "@", "%40"
        )
        in page.text
    )
    assert f"/patients/{agenda.patient.public_id}/book/?time=" in page.text
    assert "next=%2Fcalendar%2F%3Fview%3Dweek" in page.text
    assert AuditEvent.objects.get(action="LISTED").what == "Patient"


def test_nobody_is_listed_before_somebody_is_looked_for(agenda, desk):
    page = desk.get("/calendar/book/", start(agenda))
    assert "Ines" not in page.text
    assert not AuditEvent.objects.filter(action="LISTED").exists()


def test_follow_up_that_is_booked_leads_to_its_visit_and_one_out_of_its_window_says_so(agenda, desk):
    visit = agenda.book()
    page = desk.get("/calendar/book/", start(agenda, at(24, 9, month=11), q="ines"))
    assert "booked already: 1 Dec 2026, 09:00" in page.text
    assert f"/appointments/{visit.public_id}/" in page.text
    assert "before the earliest date" in page.text


def test_patients_of_another_clinic_are_not_found(agenda, desk):
    PatientFactory(clinic=ClinicFactory(), given_name="Ines", family_name="Zzyzx")
    assert "Zzyzx" not in desk.get("/calendar/book/", start(agenda, q="ines")).text


@pytest.mark.parametrize("wrong", [{"time": "soon"}, {"time": "\x00"}, {"clinic": "1"}, {"q": "a\x00b"}])
def test_address_that_names_no_time_says_so(agenda, desk, wrong):
    page = desk.get("/calendar/book/", start(agenda, **wrong))
    assert page.status_code == 422


def test_practitioner_of_another_clinic_does_not_exist(agenda, desk):
    elsewhere = with_hours(ClinicFactory(), "Dr Elsewhere")
    assert desk.get("/calendar/book/", start(agenda, time=value_of(elsewhere.public_id, TUESDAY_9))).status_code == 404


def test_number_of_queries_does_not_grow_with_who_is_found(agenda, desk, count_queries):
    few = count_queries(lambda: desk.get("/calendar/book/", start(agenda, q="ines")))
    for _ in range(5):
        agenda.another_follow_up(given_name="Ines")
    assert count_queries(lambda: desk.get("/calendar/book/", start(agenda, q="ines"))) == few <= 13


# -- for a follow-up ------------------------------------------------------------------------------------------------------


def booking(agenda):
    return f"/follow-ups/{agenda.follow_up.public_id}/book/"


def test_chosen_time_is_ticked_among_those_of_its_day(agenda, desk):
    value = value_of(agenda.practitioner.public_id, TUESDAY_930)
    page = desk.get(booking(agenda), {"time": value})
    assert f'value="{value}" autocomplete="off" checked' in page.text
    assert "Free times from 1 Dec 2026" in page.text


def test_chosen_time_that_is_gone_stands_under_another_time(agenda, desk):
    agenda.book(TUESDAY_930, follow_up=agenda.another_follow_up())
    page = desk.get(booking(agenda), {"time": value_of(agenda.practitioner.public_id, TUESDAY_930)}).text
    for kept in ('value="2026-12-01"', 'value="09:30"', 'id="time-other" value="other" autocomplete="off" checked'):
        assert kept in page


def test_warning_stands_there_before_anything_is_sent(agenda, desk):
    value = value_of(agenda.practitioner.public_id, at(24, 9, month=11))
    page = desk.get(booking(agenda), {"time": value}).text
    assert "This is before the earliest date, 1 Dec 2026" in page
    assert 'name="window_reason"' in page
    assert 'name="window_reason"' not in desk.get(booking(agenda)).text


def test_reason_for_a_day_outside_the_window_is_kept_as_an_override(agenda, desk):
    value = value_of(agenda.practitioner.public_id, at(24, 9, month=11))
    answer = desk.post(booking(agenda), {"choice": value})
    assert answer.status_code == 422
    assert "To book this day all the same, say why." in answer.text
    desk.post(booking(agenda), {"choice": value, "window_reason": "the effect has worn off"})
    override = BookingOverride.objects.get()
    assert (override.kind, override.reason, override.by) == ("EARLY", "the effect has worn off", agenda.clerk)
    assert "1 Dec 2026" in override.shown
    assert override.appointment == Appointment.objects.get()


def test_reason_that_is_not_needed_is_no_override(agenda, desk):
    value = value_of(agenda.practitioner.public_id, TUESDAY_9)
    desk.post(booking(agenda), {"choice": value, "window_reason": "whatever", "overbooked_reason": "whatever"})
    assert Appointment.objects.exists()
    assert not BookingOverride.objects.exists()


def test_taken_time_and_time_outside_the_hours_are_overrides_too(agenda, desk):
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    for follow_up, clock, kind in (
        (agenda.follow_up, "09:00", "TAKEN"),
        (agenda.another_follow_up(), "18:00", "OUTSIDE_HOURS"),
    ):
        sent = {"choice": "other", "practitioner": str(agenda.practitioner.public_id), "day": "2026-12-01", "at": clock}
        desk.post(f"/follow-ups/{follow_up.public_id}/book/", sent | {"overbooked_reason": "in pain"})
        assert list(BookingOverride.objects.filter(appointment__follow_up=follow_up).values_list("kind", "reason")) == [
            (kind, "in pain")
        ]


def test_call_is_logged_with_the_booking_or_not_at_all(agenda, desk):
    value = value_of(agenda.practitioner.public_id, TUESDAY_9)
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    assert desk.post(booking(agenda), {"choice": value, "on_the_phone": "1"}).status_code == 409
    assert not ContactAttempt.objects.exists()
    desk.post(booking(agenda), {"choice": value_of(agenda.practitioner.public_id, TUESDAY_930), "on_the_phone": "1"})
    call = ContactAttempt.objects.get()
    assert (call.follow_up, call.channel, call.outcome, call.by) == (agenda.follow_up, "PHONE", "REACHED", agenda.clerk)


# -- for none -------------------------------------------------------------------------------------------------------------


def plain(agenda):
    return f"/patients/{agenda.patient.public_id}/book/"


def test_visit_for_no_follow_up_is_booked_with_its_kind(agenda, desk):
    VisitKindFactory(clinic=agenda.clinic, code="CHECK", name="Check", minutes=15)
    value = value_of(agenda.practitioner.public_id, TUESDAY_9)
    page = desk.get(plain(agenda), {"time": value, "next": "/calendar/"})
    assert f'value="{value}" autocomplete="off" checked' in page.text
    assert "Free on Tuesday 1 December 2026" in page.text
    answer = desk.post(plain(agenda) + "?next=/calendar/", {"choice": value, "kind": "CHECK"})
    assert answer["Location"] == "/calendar/"
    visit = Appointment.objects.get()
    assert (visit.follow_up, visit.kind.code, visit.starts_at) == (None, "CHECK", TUESDAY_9)
    assert "09:00 with Dr Lindqvist" in str(next(iter(get_messages(answer.wsgi_request))))


def test_loser_sees_what_is_left_of_the_day(agenda, desk):
    agenda.book(TUESDAY_9)
    other = PatientFactory(clinic=agenda.clinic)
    value = value_of(agenda.practitioner.public_id, TUESDAY_9)
    answer = desk.post(f"/patients/{other.public_id}/book/", {"choice": value, "kind": "TREATMENT"})
    assert answer.status_code == 409
    assert "has just been taken" in answer.text
    assert value_of(agenda.practitioner.public_id, TUESDAY_930) in answer.text
    assert Appointment.objects.count() == 1


def test_patient_is_not_in_two_rooms_at_once(agenda, desk):
    agenda.book(TUESDAY_9)
    other = with_hours(agenda.clinic, "Dr Other")
    sent = {"choice": value_of(other.public_id, TUESDAY_9), "kind": "TREATMENT", "overbooked_reason": "both"}
    answer = desk.post(plain(agenda), sent)
    assert answer.status_code == 422
    assert "already another visit" in answer.text
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"choice": "nonsense"},
        {"kind": "NONE"},
        {"choice": "other", "day": "2027-03-28", "at": "02:30"},
        {"choice": "x" * 36 + "@99991231T2359Z"},
        {"choice": "00000000-0000-0000-0000-000000000000@99991231T2359Z"},
        {"choice": "00000000-0000-0000-0000-000000000000@20261201T0800Z"},
    ],
)
def test_bad_input_books_nothing(agenda, desk, sent):
    answer = desk.post(plain(agenda), {"kind": "TREATMENT", "practitioner": str(agenda.practitioner.public_id)} | sent)
    assert answer.status_code == 422
    assert not Appointment.objects.exists()
