"""Choosing a time by a link: what a patient sees, what is written, what is refused."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.audit import AuditEvent
from clinic.links import PatientLink
from clinic.patients.models import PatientStatus
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import cancel, value_of
from tests.factories import NOW, ClinicFactory, HoldFactory
from tests.portal.conftest import reader
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at, follow_up_of, make_agenda, with_hours


def value(agenda, starts_at, practitioner=None):
    return value_of((practitioner or agenda.practitioner).public_id, starts_at)


def test_page_offers_times_by_day_with_whom_where_and_how_long(booker):
    page = booker.get()
    assert page.status_code == 200
    assert "Choose a time, Ines" in page.text
    for shown in ("Tuesday 1 December", "Wednesday 2 December", "09:00", "Dr Lindqvist", "1 Quay Road", "30 minutes"):
        assert shown in page.text
    assert booker.choices(page)[0] == value(booker.agenda, TUESDAY_9)


def test_no_time_is_chosen_beforehand(booker):
    page = booker.get()
    assert len(booker.choices(page)) == 12
    assert "checked" not in page.text


def test_chosen_time_is_booked_for_the_follow_up_by_the_patient(booker):
    answer = booker.post("book/", time=value(booker.agenda, TUESDAY_930))

    assert (answer.status_code, answer["Location"]) == (302, f"{booker.address}?done=booked")
    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.follow_up, visit.patient) == (TUESDAY_930, booker.agenda.follow_up, booker.agenda.patient)
    assert visit.changes.get().by_patient
    assert AuditEvent.objects.get(action="BOOKED").address == "127.0.0.1"
    assert PatientLink.objects.get().used_at == NOW


def test_booked_visit_is_shown_in_the_clinics_time(booker):
    booker.book()
    page = booker.get(done="booked")
    for shown in ("Your visit is booked", "Tuesday 1 December 2026", "09:00", "Dr Lindqvist", "calendar", "Cancel this visit"):
        assert shown in page.text
    assert booker.choices(page) == []


def test_used_link_shows_what_was_done(booker):
    booker.book()
    page = booker.get()
    assert "Your next visit" in page.text
    assert "Tuesday 1 December 2026" in page.text


def test_second_press_changes_nothing(booker):
    answers = [booker.post("book/", time=value(booker.agenda, TUESDAY_9)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [302] * 3
    assert Appointment.objects.count() == 1
    assert "Tuesday 1 December" in booker.get().text


def test_second_press_on_another_time_shows_the_first(booker):
    booker.post("book/", time=value(booker.agenda, TUESDAY_9))
    assert booker.post("book/", time=value(booker.agenda, WEDNESDAY_9)).status_code == 302
    assert Appointment.objects.get().starts_at == TUESDAY_9


def test_time_that_somebody_else_took_meanwhile_leaves_the_rest_to_choose_from(booker):
    shown = booker.choices(booker.get())
    booker.agenda.book(TUESDAY_9, follow_up=booker.agenda.another_follow_up())

    answer = booker.post("book/", time=shown[0])
    assert answer.status_code == 409
    assert "has just been taken" in answer.text
    assert shown[0] not in booker.choices(answer)
    assert value(booker.agenda, TUESDAY_930) in booker.choices(answer)
    assert booker.post("book/", time=booker.choices(answer)[0]).status_code == 302


def test_press_without_a_choice_is_told_so_beside_the_choice(booker):
    answer = booker.post("book/")
    assert answer.status_code == 400
    assert "Please choose a time." in answer.text
    assert 'aria-describedby="time-problem"' in answer.text
    assert len(booker.choices(answer)) == 12
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        "",
        " ",
        "nonsense",
        "\x00",
        "\ud83d",
        "x" * 100_000,
        "8a0c1c2e-0000-4000-8000-000000000000@20261201T0800Z",
        "8a0c1c2e-0000-4000-8000-000000000000@99999999T9999Z",
        "8a0c1c2e-0000-4000-8000-000000000000@99991231T2359Z",
        "1@20261201T0800Z",
        "'; DROP TABLE clinic_appointment; --",
        "<script>alert(1)</script>",
    ],
)
def test_whatever_is_sent_instead_of_a_time_is_refused_kindly(booker, sent):
    body = urlencode({"time": sent.encode("utf-8", "surrogatepass")})
    answer = booker.client.post(booker.address + "book/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
    assert "lease choose" in answer.text
    assert "<script>alert" not in answer.text
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    "starts_at",
    [at(30, 8, month=11), at(1, 8, 7), at(1, 16), at(5, 8), at(1, 8, year=2030), at(1, 8, year=2025)],
    ids=["before the earliest date", "off the grid", "evening", "Saturday", "years ahead", "past"],
)
def test_time_outside_the_offer_is_refused(booker, starts_at):
    answer = booker.post("book/", time=value(booker.agenda, starts_at))
    assert answer.status_code == 400
    assert "not on offer" in answer.text
    assert not Appointment.objects.exists()


def test_practitioner_of_another_clinic_is_refused(booker):
    elsewhere = with_hours(ClinicFactory(), "Dr Elsewhere")
    answer = booker.post("book/", time=value(booker.agenda, TUESDAY_9, elsewhere))
    assert answer.status_code == 400
    assert "Dr Elsewhere" not in answer.text
    assert not Appointment.objects.exists()


def test_offer_is_with_the_practitioner_who_knows_the_patient(booker):
    other = with_hours(booker.agenda.clinic, "Dr Other")
    page = booker.get()
    assert "Dr Other" not in page.text
    assert "Times with somebody else too" in page.text
    page = booker.get(**{"with": "anyone"})
    assert "Dr Other" in page.text
    assert "Dr Lindqvist" in page.text
    assert booker.post("book/", time=value(booker.agenda, TUESDAY_9, other)).status_code == 302


def test_where_that_practitioner_has_no_time_anybody_is_offered(booker):
    booker.agenda.practitioner.is_active = False
    booker.agenda.practitioner.save()
    with_hours(booker.agenda.clinic, "Dr Other")
    assert "Dr Other" in booker.get().text


def test_full_clinic_offers_a_call(booker):
    booker.agenda.practitioner.is_active = False
    booker.agenda.practitioner.save()
    page = booker.get()
    assert page.status_code == 200
    assert "no free times" in page.text
    assert "Please call me" in page.text


# -- other days -----------------------------------------------------------------------------------------------------------


def test_other_days_are_shown_from_the_day_asked_for(booker):
    page = booker.get(on="2027-01-20")
    assert "Wednesday 20 January 2027" in page.text
    assert value(booker.agenda, at(20, 8, month=1, year=2027)) in booker.choices(page)
    assert "1 December" not in page.text


def test_days_before_the_earliest_date_are_not_among_them(booker):
    assert booker.choices(booker.get(on="2026-11-24"))[0] == value(booker.agenda, TUESDAY_9)


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "0000-00-00", "\x00", "9" * 5000, "2026-02-30"])
def test_day_that_is_none_is_told_beside_the_field(booker, day):
    page = booker.get(on=day)
    assert page.status_code == 400
    assert "Please give a date" in page.text
    assert len(booker.choices(page)) == 12


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_absurd_days_are_answered(booker, day):
    assert booker.get(on=day).status_code == 200


def test_refused_choice_comes_back_among_the_days_it_was_made_from(booker):
    page = booker.get(on="2027-01-20")
    assert f'action="{booker.address}book/?on=2027-01-20"' in page.text
    answer = booker.client.post(booker.address + "book/?on=2027-01-20", {})
    assert answer.status_code == 400
    assert "20 January" in answer.text


# -- when nothing is to be chosen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["TREATED", "STOPPED"])
def test_follow_up_that_has_ended_needs_no_booking(booker, state):
    follow_up = booker.agenda.follow_up
    follow_up.state, follow_up.ended_at, follow_up.stop_reason = state, NOW, "MOVED_AWAY" if state == "STOPPED" else ""
    follow_up.save()

    page = booker.get()
    assert page.status_code == 200
    assert "Nothing needs booking" in page.text
    assert booker.agenda.clinic.phone in page.text
    assert booker.post("book/", time=value(booker.agenda, TUESDAY_9)).status_code == 302
    assert not Appointment.objects.exists()


@pytest.mark.parametrize("why", ["hold", "paused"])
def test_patient_with_whom_something_must_be_talked_over_is_asked_to_phone(booker, why):
    if why == "hold":
        HoldFactory(patient=booker.agenda.patient, reason="SIDE_EFFECT")
    else:
        booker.agenda.patient.status = PatientStatus.PAUSED
        booker.agenda.patient.save()

    page = booker.get()
    assert "find a time together" in page.text
    assert booker.agenda.clinic.phone in page.text
    assert "side effect" not in page.text.lower()
    assert booker.post("book/", time=value(booker.agenda, TUESDAY_9)).status_code == 302
    assert not Appointment.objects.exists()


def test_visit_that_staff_booked_is_shown_to_who_opens_an_older_invitation(booker):
    booker.agenda.book(WEDNESDAY_9)
    assert "Wednesday 2 December 2026" in booker.get().text


def test_missed_visit_is_owed_again(booker):
    visit = booker.agenda.book()
    Appointment.objects.filter(pk=visit.pk).update(state="MISSED")
    assert booker.choices(booker.get())


def test_visit_for_another_follow_up_does_not_hide_the_choice(booker):
    other = follow_up_of(booker.agenda.patient, booker.agenda.practitioner)
    booker.agenda.book(WEDNESDAY_9, follow_up=other)
    assert booker.choices(booker.get())
    answer = booker.post("book/", time=value(booker.agenda, WEDNESDAY_9))
    assert answer.status_code == 409
    assert "already another visit" in answer.text


# -- cost ----------------------------------------------------------------------------------------------------------------


def test_number_of_queries_is_the_same_for_few_and_many_bookings(booker):
    def booked_and_cancelled(starts_at):
        visit = booker.agenda.book(starts_at)
        cancel(by=booker.agenda.staff, appointment=visit, reason="a test", now=NOW)

    with CaptureQueriesContext(connection) as fresh:
        booker.get()
    booked_and_cancelled(at(1, 9))
    with CaptureQueriesContext(connection) as few:
        booker.get()
    for number in range(5):
        other = with_hours(booker.agenda.clinic, f"Dr Other {number}")
        for day in (1, 2, 3, 4, 7, 8):
            booker.agenda.book(at(day, 8), follow_up=booker.agenda.another_follow_up(), practitioner=other)
        booked_and_cancelled(at(1, 9) + timedelta(hours=number / 4))
    with CaptureQueriesContext(connection) as many:
        booker.get()
    assert len(fresh) == 11
    assert len(few) == len(many) == 13


def test_page_of_a_clinic_in_another_zone_shows_its_own_time(db):
    agenda = make_agenda(time_zone="America/New_York")
    page = reader(agenda).get()
    assert value(agenda, at(1, 14)) in reader(agenda).choices(page)
    assert 'datetime="2026-12-01T09:00:00-05:00"' in page.text
