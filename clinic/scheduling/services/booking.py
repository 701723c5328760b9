"""Keeping a time for a patient. Who was first is settled by the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinic import audit, guards
from clinic.patients.models import Hold, Patient, PatientStatus
from clinic.patients.services import look_again
from clinic.practice.models import Clinic, Practitioner
from clinic.scheduling.models import Appointment, AppointmentChange, ChangeKind, VisitKind
from clinic.scheduling.services.offering import HORIZON, could_be_offered, is_within_hours
from clinic.scheduling.services.overriding import check_window, keep_overrides, past_the_hours, past_the_window
from clinic.scheduling.services.refusals import (
    AlreadyBooked,
    AskTheClinic,
    BookingRefused,
    NothingToBook,
    TimeNotOffered,
    TimeTaken,
)
from clinic.treatments.models import FollowUp, FollowUpState

_ONE_PER_FOLLOW_UP = ("appointment_one_coming_per_follow_up", "clinic_appointment.follow_up_id")
_ELSEWHERE = _("There is already another visit booked at this time.")


def book(
    *,
    by: audit.Actor,
    patient: Patient,
    practitioner: Practitioner,
    clinic: Clinic,
    kind: VisitKind,
    starts_at: datetime,
    follow_up: FollowUp | None = None,
    overbooked_reason: str = "",
    window_reason: str = "",
    with_letter: bool = True,
    now: datetime,
) -> Appointment:
    """Keep the time from `starts_at` for the patient and return the appointment; it counts for `follow_up` alone.

    A patient may choose what the practitioner's hours offer, from the earliest date on, and nothing while on hold or paused.
    Staff may choose any time within the hours, and with `overbooked_reason` also one outside them or already taken; the
    appointment itself is marked as overbooked only if it shares its time. Before the earliest date and after the window they
    need a `window_reason`. Each of these is kept as an override. With `with_letter=False` no letter tells of it.

    Of several who want the same time at once exactly one gets it. Raises, having written nothing: TimeTaken; TimeNotOffered;
    OutsideTheWindow;
    AlreadyBooked, with the appointment that the follow-up or the patient already has then; NothingToBook for an ended
    follow-up and for somebody who is not under care; AskTheClinic where only staff may book.
    """
    if overbooked_reason and by.kind != audit.ActorKind.USER:
        raise ValueError("Only a member of staff overbooks.")
    if follow_up is not None and follow_up.patient_id != patient.pk:
        raise ValueError("The follow-up is another patient's.")
    if kind.clinic_id != clinic.pk or patient.clinic_id != clinic.pk:
        raise ValueError("The visit's kind and the patient belong to the clinic of the visit.")
    if not now < starts_at <= now + HORIZON:
        raise TimeNotOffered
    ends_at = starts_at + timedelta(minutes=kind.minutes + kind.buffer_minutes)
    with transaction.atomic():
        # The patient's row, then the practitioner's: whoever else books for either waits here and then sees this booking.
        look_again([patient.pk], now=now)
        lock_practitioner(practitioner)
        check_person(by, patient, now.astimezone(clinic.zone).date())
        on = starts_at.astimezone(clinic.zone).date()
        fresh = _check_follow_up(by, follow_up, on)
        outside = check_window(by=by, follow_up=fresh, on=on, reason=window_reason)
        check_elsewhere(patient, starts_at, ends_at)
        if not overbooked_reason:
            check_hours(by, practitioner, clinic, kind, starts_at, now)
        is_taken = Appointment.objects.filter(practitioner=practitioner).taking(starts_at, ends_at).exists()
        if is_taken and not overbooked_reason:
            raise TimeTaken
        appointment = _write(
            Appointment(
                patient=patient,
                practitioner=practitioner,
                clinic=clinic,
                kind=kind,
                follow_up=follow_up,
                starts_at=starts_at,
                ends_at=ends_at,
                overbooked_reason=overbooked_reason if is_taken else "",
                created_at=now,
            )
        )
        AppointmentChange.objects.create(
            appointment=appointment,
            kind=ChangeKind.BOOKED,
            sequence=appointment.sequence,
            starts_at=starts_at,
            by_patient=by.kind == audit.ActorKind.PATIENT,
            by_user=by.user,
            with_letter=with_letter,
            reason=overbooked_reason,
            at=now,
        )
        gone_past = past_the_window(outside, fresh, reason=window_reason)
        if overbooked_reason:
            gone_past |= past_the_hours(
                practitioner=practitioner,
                clinic=clinic,
                kind=kind,
                starts_at=starts_at,
                is_taken=is_taken,
                reason=overbooked_reason,
            )
        keep_overrides(by=by, appointment=appointment, gone_past=gone_past, now=now)
        audit.record(
            by=by,
            action=audit.Action.BOOKED,
            what=appointment,
            patient_public_id=patient.public_id,
            clinic_id=clinic.pk,
            fields=["starts_at", "practitioner"],
            now=now,
        )
    return appointment


def refusal_for(error: IntegrityError, appointment: Appointment) -> BookingRefused | None:
    """Say in words which of the database's guards refused to let `appointment` stand; None if it was none of them."""
    said = str(error)
    if guards.PRACTITIONER_OVERLAP in said:
        return TimeTaken()
    if guards.PATIENT_OVERLAP in said:
        other = Appointment.objects.filter(patient=appointment.patient_id).taking(appointment.starts_at, appointment.ends_at)
        found = other.exclude(pk=appointment.pk).first()
        return AlreadyBooked(found, _ELSEWHERE) if found else TimeTaken()
    if any(name in said for name in _ONE_PER_FOLLOW_UP):
        found = Appointment.objects.coming().filter(follow_up=appointment.follow_up_id).exclude(pk=appointment.pk).first()
        return AlreadyBooked(found) if found else TimeTaken()
    return None


def _write(appointment: Appointment) -> Appointment:
    try:
        with transaction.atomic():
            appointment.save(force_insert=True)
    except IntegrityError as error:
        refusal = refusal_for(error, appointment)
        if refusal is None:
            raise
        raise refusal from error
    return appointment


def lock_practitioner(practitioner: Practitioner) -> None:
    """Let nobody else book for the practitioner until this transaction ends (SQLite has one writer anyway)."""
    Practitioner.objects.select_for_update(no_key=True).get(pk=practitioner.pk)


def check_person(by: audit.Actor, patient: Patient, today: date) -> None:
    """Refuse a visit of somebody who has died, and let a patient who is paused or on hold phone instead."""
    status = Patient.objects.values_list("status", flat=True).get(pk=patient.pk)
    if status == PatientStatus.DECEASED:
        raise NothingToBook
    if by.kind != audit.ActorKind.PATIENT:
        return
    held = Hold.objects.filter(patient=patient, cleared_at__isnull=True, from_on__lte=today)
    if status != PatientStatus.ACTIVE or held.exists():
        raise AskTheClinic


def _check_follow_up(by: audit.Actor, follow_up: FollowUp | None, on: date) -> FollowUp | None:
    """The follow-up as it stands now."""
    if follow_up is None:
        return None
    fresh = FollowUp.objects.get(pk=follow_up.pk)
    if fresh.state != FollowUpState.ACTIVE:
        raise NothingToBook
    booked = Appointment.objects.coming().filter(follow_up=fresh).first()
    if booked is not None:
        raise AlreadyBooked(booked)
    if by.kind == audit.ActorKind.PATIENT and on < fresh.opens_on:
        raise TimeNotOffered
    return fresh


def check_elsewhere(patient: Patient, starts_at: datetime, ends_at: datetime, *, besides: int | None = None) -> None:
    """Refuse a time at which the patient is expected already, but for the visit with the key `besides`, which is on the move."""
    others = Appointment.objects.filter(patient=patient).taking(starts_at, ends_at)
    other = next((other for other in others.order_by("pk") if other.pk != besides), None)
    if other is not None:
        raise AlreadyBooked(other, _ELSEWHERE)


def check_hours(
    by: audit.Actor, practitioner: Practitioner, clinic: Clinic, kind: VisitKind, starts_at: datetime, now: datetime
) -> None:
    """Refuse a time that the practitioner's hours do not hold; a patient also one that no page offered."""
    if by.kind == audit.ActorKind.PATIENT:
        offered = could_be_offered(practitioner=practitioner, clinic=clinic, kind=kind, starts_at=starts_at, now=now)
    else:
        offered = is_within_hours(practitioner=practitioner, clinic=clinic, kind=kind, starts_at=starts_at)
    if not offered:
        raise TimeNotOffered
