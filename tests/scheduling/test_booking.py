"""Keeping a time for a patient: what is written, and what is refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.audit import Actor, AuditEvent
from clinic.patients.models import PatientStatus
from clinic.scheduling.models import Appointment, AppointmentChange
from clinic.scheduling.services import (
    AlreadyBooked,
    AskTheClinic,
    NothingToBook,
    TimeNotOffered,
    TimeTaken,
    cancel,
)
from tests.factories import (
    NOW,
    AppointmentFactory,
    AvailabilityFactory,
    ClinicFactory,
    ClosureFactory,
    HoldFactory,
    PractitionerFactory,
)
from tests.scheduling.agenda import TUESDAY_9, TUESDAY_930, WEDNESDAY_9, at, follow_up_of, make_agenda, with_hours

PATIENT = Actor.patient(address="192.0.2.7")


def nothing_was_written(appointments=0):
    return Appointment.objects.count() == appointments and AuditEvent.objects.filter(action="BOOKED").count() == appointments


def test_booking_keeps_the_time_and_says_who_did_it(agenda):
    appointment = agenda.book(TUESDAY_9)

    stored = Appointment.objects.get()
    assert stored == appointment
    assert (stored.starts_at, stored.ends_at, stored.state) == (TUESDAY_9, TUESDAY_930, "BOOKED")
    assert (stored.patient, stored.follow_up, stored.practitioner) == (agenda.patient, agenda.follow_up, agenda.practitioner)
    change = stored.changes.get()
    assert (change.kind, change.by_user, change.by_patient, change.with_letter) == ("BOOKED", agenda.clerk, False, True)
    assert (change.sequence, change.starts_at, change.at) == (0, TUESDAY_9, NOW)
    event = AuditEvent.objects.get(action="BOOKED")
    assert (event.what_id, event.patient_id_public, event.actor) == (stored.public_id, agenda.patient.public_id, agenda.clerk)


def test_booking_makes_the_engine_look_at_the_patient_again(agenda):
    agenda.book()
    agenda.patient.refresh_from_db()
    assert agenda.patient.next_check_at == NOW


def test_patients_own_booking_names_nobody_of_the_staff(agenda):
    appointment = agenda.book(by=PATIENT)
    change = appointment.changes.get()
    assert (change.by_patient, change.by_user) == (True, None)
    event = AuditEvent.objects.get(action="BOOKED")
    assert (event.actor_kind, event.address) == ("PATIENT", "192.0.2.7")


def test_staff_may_book_without_a_letter(agenda):
    assert agenda.book(with_letter=False).changes.get().with_letter is False


def test_time_kept_free_after_the_visit_belongs_to_the_appointment(db):
    agenda = make_agenda(buffer_minutes=10)
    appointment = agenda.book(TUESDAY_9)
    assert appointment.ends_at == TUESDAY_9 + timedelta(minutes=40)
    assert appointment.visit_ends_at == TUESDAY_9 + timedelta(minutes=30)
    with pytest.raises(TimeTaken):
        agenda.book(TUESDAY_930, follow_up=agenda.another_follow_up())


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_time_that_overlaps_another_visit_is_taken(agenda, minutes):
    agenda.book(TUESDAY_930)
    with pytest.raises(TimeTaken):
        agenda.book(TUESDAY_930 + timedelta(minutes=minutes), follow_up=agenda.another_follow_up())
    assert nothing_was_written(appointments=1)


def test_visits_may_touch(agenda):
    agenda.book(TUESDAY_9)
    assert agenda.book(TUESDAY_930, follow_up=agenda.another_follow_up()).pk


def test_practitioner_is_not_in_two_clinics_at_once(agenda):
    other = make_agenda()
    other.practitioner.clinics.add(agenda.clinic)
    AvailabilityFactory(clinic=agenda.clinic, practitioner=other.practitioner, weekday=1)
    other.book(TUESDAY_9)
    with pytest.raises(TimeTaken):
        agenda.book(TUESDAY_9, practitioner=other.practitioner)
    assert nothing_was_written(appointments=1)


def test_follow_up_that_is_booked_is_not_booked_again(agenda):
    first = agenda.book(TUESDAY_9)
    with pytest.raises(AlreadyBooked) as refused:
        agenda.book(WEDNESDAY_9)
    assert refused.value.appointment == first


def test_patient_is_not_in_two_places_at_once(agenda):
    first = agenda.book(TUESDAY_9)
    other = follow_up_of(agenda.patient, with_hours(agenda.clinic, "Dr Other"))
    with pytest.raises(AlreadyBooked) as refused:
        agenda.book(TUESDAY_9, follow_up=other, practitioner=other.session.practitioner)
    assert refused.value.appointment == first


def test_booking_for_one_follow_up_leaves_the_other_of_the_same_patient_owed(agenda):
    other = follow_up_of(agenda.patient, agenda.practitioner)
    agenda.book(TUESDAY_9)
    assert not other.appointments.exists()
    assert agenda.book(WEDNESDAY_9, follow_up=other).follow_up == other


@pytest.mark.parametrize("state", ["TREATED", "STOPPED"])
def test_follow_up_that_has_ended_needs_no_booking(agenda, state):
    ended = follow_up_of(agenda.patient, agenda.practitioner, state=state)
    with pytest.raises(NothingToBook):
        agenda.book(follow_up=ended)
    assert nothing_was_written()


def test_follow_up_of_somebody_else_is_refused(agenda):
    with pytest.raises(ValueError, match="another patient"):
        agenda.book(follow_up=agenda.another_follow_up(), patient=agenda.patient)


def test_kind_of_visit_of_another_clinic_is_refused(agenda):
    with pytest.raises(ValueError, match="belong to the clinic"):
        agenda.book(kind=make_agenda().kind)


@pytest.mark.parametrize(
    "starts_at",
    [
        at(23, 8, month=11),
        at(1, 7, 30),
        at(1, 10, 45),
        at(5, 8),
        at(1, 8, year=2030),
        at(31, 23, year=9999),
        at(1, 0, month=1, year=1),
    ],
    ids=["past", "before the hours", "past their end", "Saturday", "years ahead", "end of time", "beginning of time"],
)
def test_time_that_is_not_worked_is_not_booked(agenda, starts_at):
    with pytest.raises(TimeNotOffered):
        agenda.book(starts_at)
    assert nothing_was_written()


def test_closed_day_is_not_booked(agenda):
    ClosureFactory(clinic=agenda.clinic, practitioner=agenda.practitioner, from_on=TUESDAY_9.date(), until_on=TUESDAY_9.date())
    with pytest.raises(TimeNotOffered):
        agenda.book(TUESDAY_9)


def test_practitioner_who_no_longer_treats_or_works_elsewhere_is_not_booked(agenda):
    elsewhere = with_hours(ClinicFactory(), "Dr Elsewhere")
    gone = with_hours(agenda.clinic, "Dr Gone")
    gone.is_active = False
    gone.save()
    for practitioner in (elsewhere, gone, PractitionerFactory(clinics=[agenda.clinic])):
        with pytest.raises(TimeNotOffered):
            agenda.book(practitioner=practitioner)


# -- what only patients are kept from -----------------------------------------------------------------------------------


def test_staff_may_book_before_the_earliest_date_and_patients_may_not(agenda):
    early = at(30, 8, month=11)
    with pytest.raises(TimeNotOffered):
        agenda.book(early, by=PATIENT)
    assert agenda.book(early).starts_at == early


def test_staff_may_book_off_the_grid_and_patients_may_not(agenda):
    odd = TUESDAY_9 + timedelta(minutes=7)
    with pytest.raises(TimeNotOffered):
        agenda.book(odd, by=PATIENT)
    assert agenda.book(odd).starts_at == odd


def test_time_shown_before_another_booking_moved_the_grid_may_still_be_chosen(agenda):
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    agenda.book(at(1, 9, 15), follow_up=agenda.another_follow_up())
    assert agenda.book(at(1, 10, 30), by=PATIENT).starts_at == at(1, 10, 30)


def test_time_that_follows_a_booking_off_the_grid_may_be_chosen(agenda):
    agenda.book(at(1, 8, 10), follow_up=agenda.another_follow_up())
    assert agenda.book(at(1, 8, 40), by=PATIENT).starts_at == at(1, 8, 40)


@pytest.mark.parametrize("status", [PatientStatus.PAUSED, PatientStatus.DISCHARGED])
def test_patient_who_is_not_active_is_asked_to_phone(agenda, status):
    agenda.patient.status = status
    agenda.patient.save()
    with pytest.raises(AskTheClinic):
        agenda.book(by=PATIENT)
    assert agenda.book().pk


def test_patient_on_hold_is_asked_to_phone_while_staff_may_book(agenda):
    HoldFactory(patient=agenda.patient)
    with pytest.raises(AskTheClinic):
        agenda.book(by=PATIENT)
    assert agenda.book().pk


def test_hold_that_was_cleared_or_begins_later_keeps_nobody_from_booking(agenda):
    HoldFactory(patient=agenda.patient, cleared_at=NOW, cleared_by=agenda.clerk)
    HoldFactory(patient=agenda.patient, from_on=NOW.date() + timedelta(days=1))
    assert agenda.book(by=PATIENT).pk


def test_nothing_is_booked_for_somebody_who_has_died(agenda):
    agenda.patient.status = PatientStatus.DECEASED
    agenda.patient.save()
    for by in (PATIENT, agenda.staff):
        with pytest.raises(NothingToBook):
            agenda.book(by=by)


# -- overbooking ----------------------------------------------------------------------------------------------------------


def test_staff_may_overbook_a_taken_time_with_a_reason(agenda):
    agenda.book(TUESDAY_9)
    second = agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up(), overbooked_reason="came in pain")
    assert second.overbooked_reason == "came in pain"
    assert second.changes.get().reason == "came in pain"


def test_patient_may_not_overbook(agenda):
    with pytest.raises(ValueError, match="member of staff"):
        agenda.book(by=PATIENT, overbooked_reason="please")


def test_time_outside_the_hours_booked_with_a_reason_is_taken_for_everybody_else(agenda):
    evening = at(1, 16)
    first = agenda.book(evening, overbooked_reason="comes from far away")
    assert first.overbooked_reason == ""
    assert first.changes.get().reason == "comes from far away"
    with pytest.raises(IntegrityError), transaction.atomic():
        AppointmentFactory(clinic=agenda.clinic, practitioner=agenda.practitioner, kind=agenda.kind, starts_at=evening)


def test_overbooked_visit_still_takes_the_practitioners_time(agenda):
    first = agenda.book(TUESDAY_9)
    agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up(), overbooked_reason="came in pain")
    cancel(by=agenda.staff, appointment=first, reason="the patient asked", now=NOW)
    with pytest.raises(TimeTaken):
        agenda.book(TUESDAY_9)


def test_overbooking_does_not_put_a_patient_in_two_places(agenda):
    agenda.book(TUESDAY_9)
    other = follow_up_of(agenda.patient, with_hours(agenda.clinic, "Dr Other"))
    with pytest.raises(AlreadyBooked):
        agenda.book(TUESDAY_9, follow_up=other, practitioner=other.session.practitioner, overbooked_reason="urgent")


def test_overbooking_the_past_is_refused(agenda):
    with pytest.raises(TimeNotOffered):
        agenda.book(at(20, 8, month=11), overbooked_reason="was here on Friday")


# -- the database itself ------------------------------------------------------------------------------------------------


def test_database_refuses_an_overlap_written_past_the_services(agenda):
    agenda.book(TUESDAY_9)
    with pytest.raises(IntegrityError, match="appointment_practitioner_no_overlap"), transaction.atomic():
        AppointmentFactory(
            clinic=agenda.clinic,
            practitioner=agenda.practitioner,
            kind=agenda.kind,
            starts_at=TUESDAY_9 + timedelta(minutes=15),
        )


def test_database_refuses_a_patient_in_two_places(agenda):
    agenda.book(TUESDAY_9)
    with pytest.raises(IntegrityError, match="appointment_patient_no_overlap"), transaction.atomic():
        AppointmentFactory(clinic=agenda.clinic, patient=agenda.patient, kind=agenda.kind, starts_at=TUESDAY_9)


def test_database_refuses_an_overlap_by_raw_sql(agenda):
    agenda.book(TUESDAY_9)
    later = agenda.book(WEDNESDAY_9, follow_up=agenda.another_follow_up())
    columns = [field.column for field in Appointment._meta.concrete_fields if not field.primary_key]
    listed = ", ".join(columns)
    changed = {"public_id": "%s", "starts_at": "%s", "ends_at": "%s", "follow_up_id": "NULL"}
    copied = ", ".join(changed.get(name, name) for name in columns)
    start, end = (connection.ops.adapt_datetimefield_value(moment) for moment in (TUESDAY_9, TUESDAY_930))
    values = [uuid4().hex, start, end]

    with pytest.raises(IntegrityError, match="no_overlap"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO clinic_appointment ({listed}) SELECT {copied} FROM clinic_appointment WHERE id = %s",
            [*values, later.pk],
        )
    with pytest.raises(IntegrityError, match="no_overlap"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE clinic_appointment SET starts_at = %s, ends_at = %s WHERE id = %s", [start, end, later.pk])
    assert set(Appointment.objects.values_list("starts_at", flat=True)) == {TUESDAY_9, WEDNESDAY_9}


def test_refusal_of_the_database_is_told_as_one_of_ours(agenda, monkeypatch):
    """The checks before writing are for the message; without them the database decides and says the same."""
    from clinic.scheduling.services import booking

    first = agenda.book(TUESDAY_9)
    monkeypatch.setattr("clinic.scheduling.querysets.AppointmentQuerySet.taking", lambda self, start, end: self.none())
    with pytest.raises(TimeTaken):
        agenda.book(TUESDAY_9, follow_up=agenda.another_follow_up())
    monkeypatch.undo()
    monkeypatch.setattr(booking, "_check_follow_up", lambda *given: None)
    with pytest.raises(AlreadyBooked) as refused:
        agenda.book(WEDNESDAY_9)
    assert refused.value.appointment == first
    monkeypatch.setattr(booking, "check_elsewhere", lambda *given: None)
    other = with_hours(agenda.clinic, "Dr Other")
    with pytest.raises(AlreadyBooked) as refused:
        agenda.book(TUESDAY_9, practitioner=other)
    assert refused.value.appointment == first


def test_history_of_a_visit_cannot_be_rewritten(agenda):
    agenda.book()
    with pytest.raises(IntegrityError), transaction.atomic():
        AppointmentChange.objects.update(kind="MISSED")
    with pytest.raises(IntegrityError), transaction.atomic():
        AppointmentChange.objects.all().delete()
