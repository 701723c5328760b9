"""Moving a visit: its new time is taken and its old one given back together, or neither is."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinic import audit
from clinic.practice.models import Practitioner
from clinic.scheduling.models import Appointment, AppointmentChange, AppointmentState, ChangeKind
from clinic.scheduling.services.booking import check_elsewhere, check_hours, check_person, lock_practitioner, refusal_for
from clinic.scheduling.services.changing import lock_visit
from clinic.scheduling.services.offering import HORIZON
from clinic.scheduling.services.overriding import check_window, keep_overrides, past_the_hours, past_the_window
from clinic.scheduling.services.refusals import ChangeRefused, NothingToBook, TimeNotOffered, TimeTaken
from clinic.treatments.models import FollowUp, FollowUpState

_CANCELLED = _("This visit has been cancelled: please book another.")
_ARRIVED = _("The patient is already in the house: this visit cannot be moved any more.")
_OVER = _("This visit is over: it cannot be moved any more.")


def move(
    *,
    by: audit.Actor,
    appointment: Appointment,
    practitioner: Practitioner,
    starts_at: datetime,
    overbooked_reason: str = "",
    window_reason: str = "",
    reason: str = "",
    with_letter: bool = True,
    now: datetime,
) -> Appointment:
    """Give the visit the time from `starts_at` with `practitioner`, give its old one back, and return it.

    It stays the same visit: what points at it goes on doing so, calendar programs know it by the same name, and its sequence
    rises. The rules are those of `book`, for a patient as for staff; its own old time is in nobody's way. Moving it to where it
    stands already changes nothing. `reason` (or why it is overbooked) is kept with the change, beside the old time.

    Whatever is raised, the visit stands as it stood. ChangeRefused: it is not still to come, or the patient moves it after its
    beginning. OutsideTheWindow; TimeTaken; TimeNotOffered; AlreadyBooked, with the patient's other visit at that time;
    NothingToBook; AskTheClinic.
    """
    if overbooked_reason and by.kind != audit.ActorKind.USER:
        raise ValueError("Only a member of staff overbooks.")
    with transaction.atomic():
        # In the order of `book`: the patient's row (with it the visit's), then that of the practitioner who is to see them.
        lock_visit(appointment, now)
        _refuse_unless_to_come(by, appointment, now)
        if (appointment.practitioner_id, appointment.starts_at) == (practitioner.pk, starts_at):
            return appointment
        if not now < starts_at <= now + HORIZON:
            raise TimeNotOffered
        lock_practitioner(practitioner)
        clinic, kind = appointment.clinic, appointment.kind
        ends_at = starts_at + timedelta(minutes=kind.minutes + kind.buffer_minutes)
        check_person(by, appointment.patient, now.astimezone(clinic.zone).date())
        on = starts_at.astimezone(clinic.zone).date()
        fresh = _check_follow_up(by, appointment, on)
        outside = check_window(by=by, follow_up=fresh, on=on, reason=window_reason)
        check_elsewhere(appointment.patient, starts_at, ends_at, besides=appointment.pk)
        if not overbooked_reason:
            check_hours(by, practitioner, clinic, kind, starts_at, now)
        others = Appointment.objects.filter(practitioner=practitioner).exclude(pk=appointment.pk)
        is_taken = others.taking(starts_at, ends_at).exists()
        if is_taken and not overbooked_reason:
            raise TimeTaken
        before = {"from_at": appointment.starts_at, "from_practitioner_id": appointment.practitioner_id}
        _write(appointment, practitioner, starts_at, ends_at, overbooked_reason if is_taken else "")
        AppointmentChange.objects.create(
            appointment=appointment,
            kind=ChangeKind.MOVED,
            sequence=appointment.sequence,
            starts_at=starts_at,
            by_patient=by.kind == audit.ActorKind.PATIENT,
            by_user=by.user,
            with_letter=with_letter,
            reason=reason.strip() or overbooked_reason,
            at=now,
            **before,
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
            action=audit.Action.CHANGED,
            what=appointment,
            patient_public_id=appointment.patient.public_id,
            clinic_id=appointment.clinic_id,
            fields=["starts_at", "practitioner"],
            now=now,
        )
    return appointment


def _refuse_unless_to_come(by: audit.Actor, appointment: Appointment, now: datetime) -> None:
    if appointment.state == AppointmentState.CANCELLED:
        raise ChangeRefused(_CANCELLED)
    if appointment.state == AppointmentState.ARRIVED:
        raise ChangeRefused(_ARRIVED)
    has_begun = by.kind == audit.ActorKind.PATIENT and appointment.starts_at <= now
    if appointment.state != AppointmentState.BOOKED or has_begun:
        raise ChangeRefused(_OVER)


def _check_follow_up(by: audit.Actor, appointment: Appointment, on: date) -> FollowUp | None:
    """The follow-up as it stands now."""
    if appointment.follow_up_id is None:
        return None
    fresh = FollowUp.objects.get(pk=appointment.follow_up_id)
    if fresh.state != FollowUpState.ACTIVE:
        raise NothingToBook
    if by.kind == audit.ActorKind.PATIENT and on < fresh.opens_on:
        raise TimeNotOffered
    return fresh


def _write(
    appointment: Appointment, practitioner: Practitioner, starts_at: datetime, ends_at: datetime, overbooked_reason: str
) -> None:
    appointment.practitioner = practitioner
    appointment.starts_at, appointment.ends_at = starts_at, ends_at
    appointment.overbooked_reason = overbooked_reason
    appointment.sequence += 1
    try:
        with transaction.atomic():
            appointment.save(update_fields=["practitioner", "starts_at", "ends_at", "overbooked_reason", "sequence"])
    except IntegrityError as error:
        refusal = refusal_for(error, appointment)
        appointment.refresh_from_db()
        if refusal is None:
            raise
        raise refusal from error
