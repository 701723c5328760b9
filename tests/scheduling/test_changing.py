"""What becomes of a visit, and that doing it twice changes nothing."""

from datetime import timedelta

import pytest

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import StaffTask
from clinic.scheduling.models import Appointment, AppointmentState
from clinic.scheduling.services import (
    AlreadyBooked,
    ChangeRefused,
    TimeTaken,
    ask_to_be_called,
    cancel,
    mark_arrived,
    mark_missed,
    mark_treated,
)
from tests.factories import NOW
from tests.scheduling.agenda import TUESDAY_9, WEDNESDAY_9

PATIENT = Actor.patient()
BEFORE, AFTER = TUESDAY_9 - timedelta(hours=1), TUESDAY_9 + timedelta(minutes=20)


def history(appointment):
    return list(appointment.changes.order_by("id").values_list("kind", "sequence"))


def test_cancelling_gives_the_time_back_and_keeps_the_visit(agenda):
    appointment = agenda.book()
    cancel(by=agenda.staff, appointment=appointment, reason="ill", now=NOW)

    stored = Appointment.objects.get()
    assert (stored.state, stored.cancel_reason, stored.sequence) == ("CANCELLED", "ill", 1)
    assert history(stored) == [("BOOKED", 0), ("CANCELLED", 1)]
    assert stored.changes.get(kind="CANCELLED").reason == "ill"
    event = AuditEvent.objects.get(action="CANCELLED")
    assert (event.what_id, event.patient_id_public) == (stored.public_id, agenda.patient.public_id)
    assert agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up()).pk


def test_cancelled_visit_can_be_booked_again_for_the_same_time(agenda):
    first = agenda.book(by=PATIENT)
    cancel(by=PATIENT, appointment=first, reason="by the patient", now=NOW)
    second = agenda.book(by=PATIENT)
    assert second != first
    assert set(Appointment.objects.values_list("state", flat=True)) == {"BOOKED", "CANCELLED"}


def test_cancelling_makes_the_engine_look_again(agenda):
    appointment = agenda.book()
    cancel(by=PATIENT, appointment=appointment, reason="by the patient", now=AFTER - timedelta(days=2))
    agenda.patient.refresh_from_db()
    assert agenda.patient.next_check_at == AFTER - timedelta(days=2)


def test_cancelling_without_a_letter_is_kept_with_the_change(agenda):
    appointment = agenda.book()
    cancel(by=agenda.staff, appointment=appointment, reason="told by phone", with_letter=False, now=NOW)
    assert appointment.changes.get(kind="CANCELLED").with_letter is False


def test_cancelling_needs_a_reason(agenda):
    appointment = agenda.book()
    with pytest.raises(ValueError, match="reason"):
        cancel(by=agenda.staff, appointment=appointment, reason="  ", now=NOW)


def test_cancelling_twice_changes_nothing_the_second_time(agenda):
    appointment = agenda.book()
    for reason in ("ill", "still ill"):
        cancel(by=PATIENT, appointment=Appointment.objects.get(), reason=reason, now=NOW)
    appointment.refresh_from_db()
    assert appointment.cancel_reason == "ill"
    assert history(appointment) == [("BOOKED", 0), ("CANCELLED", 1)]


def test_patient_cannot_cancel_once_the_visit_has_begun_and_staff_can(agenda):
    appointment = agenda.book()
    with pytest.raises(ChangeRefused):
        cancel(by=PATIENT, appointment=appointment, reason="by the patient", now=TUESDAY_9)
    cancel(by=agenda.staff, appointment=appointment, reason="never here", now=AFTER)
    assert Appointment.objects.get().state == "CANCELLED"


def test_patient_arrives_on_the_day_of_the_visit(agenda):
    appointment = agenda.book()
    with pytest.raises(ChangeRefused):
        mark_arrived(by=agenda.staff, appointment=appointment, now=TUESDAY_9 - timedelta(days=1))
    for _ in range(2):
        mark_arrived(by=agenda.staff, appointment=appointment, now=BEFORE)
    assert history(appointment) == [("BOOKED", 0), ("ARRIVED", 1)]
    assert Appointment.objects.coming().get(follow_up=agenda.follow_up) == appointment


def test_visit_is_missed_only_after_it_began(agenda):
    appointment = agenda.book()
    with pytest.raises(ChangeRefused):
        mark_missed(by=agenda.staff, appointment=appointment, now=BEFORE)
    for _ in range(2):
        mark_missed(by=agenda.staff, appointment=appointment, now=AFTER)
    assert history(appointment) == [("BOOKED", 0), ("MISSED", 1)]
    assert not Appointment.objects.coming().filter(follow_up=agenda.follow_up).exists()


def test_visit_becomes_treated(agenda):
    appointment = agenda.book()
    for _ in range(2):
        mark_treated(by=agenda.staff, appointment=appointment, now=AFTER)
    assert history(appointment) == [("BOOKED", 0), ("TREATED", 1)]
    with pytest.raises(ChangeRefused):
        cancel(by=agenda.staff, appointment=appointment, reason="a slip", now=AFTER)


@pytest.mark.parametrize("act", [mark_arrived, mark_missed, mark_treated])
def test_cancelled_visit_stays_cancelled(agenda, act):
    appointment = agenda.book()
    cancel(by=agenda.staff, appointment=appointment, reason="ill", now=NOW)
    with pytest.raises(ChangeRefused):
        act(by=agenda.staff, appointment=appointment, now=AFTER)
    assert Appointment.objects.get().state == AppointmentState.CANCELLED


def test_patient_thought_missing_may_still_arrive(agenda):
    appointment = agenda.book()
    mark_missed(by=agenda.staff, appointment=appointment, now=AFTER)
    mark_arrived(by=agenda.staff, appointment=appointment, now=AFTER)
    assert history(appointment) == [("BOOKED", 0), ("MISSED", 1), ("ARRIVED", 2)]


def test_time_of_a_missed_visit_that_was_given_away_is_not_taken_back(agenda):
    appointment = agenda.book(at_time := TUESDAY_9)
    mark_missed(by=agenda.staff, appointment=appointment, now=at_time + timedelta(minutes=1))
    agenda.book(at_time, follow_up=agenda.another_follow_up(), now=at_time - timedelta(minutes=1))
    with pytest.raises(TimeTaken):
        mark_arrived(by=agenda.staff, appointment=appointment, now=AFTER)
    assert Appointment.objects.get(pk=appointment.pk).state == "MISSED"


def test_missed_visit_whose_follow_up_is_booked_anew_does_not_come_back(agenda):
    appointment = agenda.book()
    mark_missed(by=agenda.staff, appointment=appointment, now=AFTER)
    second = agenda.book(WEDNESDAY_9, now=AFTER)
    with pytest.raises(AlreadyBooked) as refused:
        mark_arrived(by=agenda.staff, appointment=appointment, now=AFTER)
    assert refused.value.appointment == second


def test_treatment_of_somebody_thought_missing_is_never_refused(agenda):
    appointment = agenda.book()
    mark_missed(by=agenda.staff, appointment=appointment, now=AFTER)
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up(), now=BEFORE)
    mark_treated(by=agenda.staff, appointment=appointment, now=AFTER)
    stored = Appointment.objects.get(pk=appointment.pk)
    assert (stored.state, stored.overbooked_reason) == ("TREATED", "came after all")


# -- please call me -----------------------------------------------------------------------------------------------------


def test_wish_to_be_called_becomes_one_task(agenda):
    for _ in range(2):
        ask_to_be_called(patient=agenda.patient, note="in the morning", now=NOW)
    task = StaffTask.objects.get()
    assert (task.kind, task.note, task.due_on, task.patient) == ("PHONE_ASKED", "in the morning", NOW.date(), agenda.patient)


def test_wish_that_was_met_may_be_told_again(agenda):
    ask_to_be_called(patient=agenda.patient, now=NOW)
    StaffTask.objects.update(done_at=NOW, done_by=agenda.clerk, outcome="reached")
    assert ask_to_be_called(patient=agenda.patient, now=NOW) is not None
    assert StaffTask.objects.filter(done_at__isnull=True).count() == 1
