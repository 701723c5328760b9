"""A visit is moved: the new time is taken and the old one given back together, or neither is."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.audit import Actor, AuditEvent
from clinic.patients.services import set_hold
from clinic.scheduling.booking_overrides import BookingOverride
from clinic.scheduling.calendar_file import calendar_file
from clinic.scheduling.models import Appointment
from clinic.scheduling.services import (
    AlreadyBooked,
    AskTheClinic,
    ChangeRefused,
    NothingToBook,
    OutsideTheWindow,
    TimeNotOffered,
    TimeTaken,
    cancel,
    mark_arrived,
    mark_missed,
    move,
)
from clinic.treatments.services import stop
from tests.factories import NOW, AppointmentChangeFactory, AppointmentFactory
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at, follow_up_of, with_hours

PATIENT = Actor.patient()
BEFORE, AFTER = TUESDAY_9 - timedelta(hours=1), TUESDAY_9 + timedelta(minutes=20)


def moved(agenda, appointment, to=WEDNESDAY_9, **changed):
    """Move by staff unless the test says otherwise."""
    given = {
        "by": agenda.staff,
        "appointment": appointment,
        "practitioner": appointment.practitioner,
        "starts_at": to,
        "now": NOW,
    }
    return move(**given | changed)


def standing():
    """Everything that the table holds of visits and what became of them."""
    return (
        list(Appointment.objects.order_by("pk").values()),
        [list(visit.changes.order_by("pk").values()) for visit in Appointment.objects.order_by("pk")],
        AuditEvent.objects.count(),
    )


@pytest.mark.parametrize("by_patient", [True, False])
def test_moved_visit_takes_its_new_time_and_gives_the_old_one_back(agenda, by_patient):
    appointment = agenda.book(by=PATIENT)
    told = moved(agenda, appointment, by=PATIENT if by_patient else agenda.staff, reason="a family day")

    stored = Appointment.objects.get()
    assert told == stored == appointment
    assert (stored.starts_at, stored.ends_at, stored.state) == (WEDNESDAY_9, WEDNESDAY_9 + timedelta(minutes=30), "BOOKED")
    assert agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up()).pk
    with pytest.raises(TimeTaken):
        agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())


def test_move_is_kept_with_both_times_and_who_made_it(agenda):
    other = with_hours(agenda.clinic, "Dr Other")
    appointment = agenda.book()
    moved(agenda, appointment, practitioner=other, reason=" a family day ", with_letter=False)

    change = appointment.changes.get(kind="MOVED")
    assert (change.from_at, change.from_practitioner, change.starts_at) == (TUESDAY_9, agenda.practitioner, WEDNESDAY_9)
    assert (change.sequence, change.by_user, change.by_patient) == (1, agenda.clerk, False)
    assert (change.with_letter, change.reason, change.at) == (False, "a family day", NOW)
    assert Appointment.objects.get().practitioner == other
    event = AuditEvent.objects.get(what_id=appointment.public_id, action="CHANGED")
    assert (event.fields, event.patient_id_public) == (["practitioner", "starts_at"], agenda.patient.public_id)


def test_calendar_programs_know_a_moved_visit_by_its_old_name(agenda):
    def lines(appointment):
        said = calendar_file(appointment, host="example.org", now=NOW).decode().splitlines()
        return {name: value for name, _, value in (line.partition(":") for line in said)}

    before = lines(appointment := agenda.book())
    after = lines(moved(agenda, appointment))
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == ("0", "1")
    assert (before["DTSTART"], after["DTSTART"]) == ("20261201T080000Z", "20261202T080000Z")


def test_moving_makes_the_engine_look_again(agenda):
    appointment = agenda.book()
    moved(agenda, appointment, now=BEFORE)
    agenda.patient.refresh_from_db()
    assert agenda.patient.next_check_at == BEFORE


def test_moving_to_where_it_stands_changes_nothing(agenda):
    appointment = agenda.book()
    moved(agenda, appointment)
    before = standing()
    moved(agenda, Appointment.objects.get())
    assert standing() == before


def test_visit_may_move_into_its_own_old_time(agenda):
    appointment = agenda.book(by=PATIENT)
    moved(agenda, appointment, TUESDAY_9 + timedelta(minutes=15))
    assert Appointment.objects.get().starts_at == TUESDAY_9 + timedelta(minutes=15)


def test_old_time_stands_where_the_new_one_is_gone(agenda):
    appointment = agenda.book()
    agenda.book(TUESDAY_930, follow_up=agenda.another_follow_up())
    before = standing()
    with pytest.raises(TimeTaken):
        moved(agenda, appointment, TUESDAY_930)
    assert standing() == before
    assert (appointment.starts_at, appointment.sequence) == (TUESDAY_9, 0)


def test_staff_may_move_past_other_visits_with_a_reason_and_the_patient_not(agenda):
    appointment = agenda.book()
    agenda.book(TUESDAY_930, follow_up=agenda.another_follow_up())
    with pytest.raises(ValueError, match="staff"):
        moved(agenda, appointment, TUESDAY_930, by=PATIENT, overbooked_reason="urgent")
    moved(agenda, appointment, TUESDAY_930, overbooked_reason="urgent")
    stored = Appointment.objects.get(pk=appointment.pk)
    assert (stored.starts_at, stored.overbooked_reason) == (TUESDAY_930, "urgent")
    assert stored.changes.get(kind="MOVED").reason == "urgent"


def test_visit_that_shares_its_time_no_more_is_no_longer_overbooked(agenda):
    agenda.book(follow_up=agenda.another_follow_up())
    appointment = agenda.book(overbooked_reason="urgent")
    assert Appointment.objects.get(pk=appointment.pk).overbooked_reason
    moved(agenda, appointment)
    assert Appointment.objects.get(pk=appointment.pk).overbooked_reason == ""


@pytest.mark.parametrize(
    "to",
    [at(1, 14), at(5, 8), NOW - timedelta(days=1), NOW + timedelta(days=800)],
    ids=["after the hours", "on a Saturday", "in the past", "too far ahead"],
)
def test_nobody_moves_a_visit_to_a_time_that_is_not_offered(agenda, to):
    appointment = agenda.book()
    before = standing()
    for by in (agenda.staff, PATIENT):
        with pytest.raises(TimeNotOffered):
            moved(agenda, appointment, to, by=by)
    assert standing() == before


def test_patient_moves_to_nothing_before_the_earliest_date_or_beside_the_times_on_offer(agenda):
    appointment = agenda.book()
    for to in (at(30, 8, month=11), TUESDAY_9 + timedelta(minutes=10)):
        with pytest.raises(TimeNotOffered):
            moved(agenda, appointment, to, by=PATIENT)
    with pytest.raises(OutsideTheWindow):
        moved(agenda, appointment, at(30, 8, month=11))
    assert Appointment.objects.get().starts_at == TUESDAY_9
    moved(agenda, appointment, at(30, 8, month=11), window_reason="the effect has worn off")
    assert Appointment.objects.get().starts_at == at(30, 8, month=11)
    assert BookingOverride.objects.values_list("kind", "reason", "starts_at").get() == (
        "EARLY", "the effect has worn off", at(30, 8, month=11),
    )  # fmt: skip


def test_patient_on_hold_phones_and_staff_move(agenda):
    appointment = agenda.book()
    set_hold(by=agenda.staff, patient=agenda.patient, reason="OTHER", review_on=NOW.date() + timedelta(days=30), now=NOW)
    with pytest.raises(AskTheClinic):
        moved(agenda, appointment, by=PATIENT)
    moved(agenda, appointment)
    assert Appointment.objects.get().starts_at == WEDNESDAY_9


def test_patient_is_not_moved_into_a_second_room(agenda):
    second = follow_up_of(agenda.patient, with_hours(agenda.clinic, "Dr Other"))
    there = agenda.book(WEDNESDAY_9, follow_up=second, practitioner=second.session.practitioner)
    appointment = agenda.book()
    with pytest.raises(AlreadyBooked) as refused:
        moved(agenda, appointment)
    assert refused.value.appointment == there


def test_visit_of_an_ended_follow_up_is_not_moved(agenda):
    appointment = agenda.book()
    stop(by=agenda.staff, follow_up=agenda.follow_up, reason="SURGERY", note="", now=NOW)
    with pytest.raises(NothingToBook):
        moved(agenda, appointment)


def test_visit_without_a_follow_up_moves_too(agenda):
    appointment = AppointmentFactory(patient=agenda.patient, practitioner=agenda.practitioner, starts_at=TUESDAY_9)
    moved(agenda, appointment)
    assert Appointment.objects.get().starts_at == WEDNESDAY_9


def test_only_a_visit_that_is_still_to_come_is_moved(agenda):
    cancelled, arrived, missed = (agenda.book(at(day, 8), follow_up=agenda.another_follow_up()) for day in (1, 2, 3))
    cancel(by=agenda.staff, appointment=cancelled, reason="ill", now=NOW)
    mark_arrived(by=agenda.staff, appointment=arrived, now=at(2, 8))
    mark_missed(by=agenda.staff, appointment=missed, now=at(3, 9))
    before = standing()
    for appointment in (cancelled, arrived, missed):
        with pytest.raises(ChangeRefused):
            moved(agenda, appointment, at(4, 8))
    assert standing() == before


def test_once_it_has_begun_staff_may_still_move_a_visit_and_the_patient_not(agenda):
    appointment = agenda.book(by=PATIENT)
    with pytest.raises(ChangeRefused):
        moved(agenda, appointment, by=PATIENT, now=AFTER)
    moved(agenda, appointment, now=AFTER)
    assert Appointment.objects.get().starts_at == WEDNESDAY_9


def test_table_holds_no_move_without_where_it_came_from(agenda):
    appointment = agenda.book()
    for wrong in ({"kind": "MOVED", "from_at": None}, {"kind": "ARRIVED", "from_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            AppointmentChangeFactory(appointment=appointment, sequence=1, **wrong)


def test_refusal_of_the_database_is_told_as_one_of_ours_and_the_visit_stands(agenda, monkeypatch):
    appointment = agenda.book()
    agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())
    before = standing()
    monkeypatch.setattr("clinic.scheduling.querysets.AppointmentQuerySet.taking", lambda self, start, end: self.none())
    with pytest.raises(TimeTaken):
        moved(agenda, appointment)
    assert (appointment.starts_at, appointment.sequence) == (TUESDAY_9, 0)
    assert standing() == before
