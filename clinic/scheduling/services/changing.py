"""What becomes of a visit: cancelled, arrived, treated, missed. Doing one of these twice changes nothing the second time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from clinic import audit
from clinic.patients.models import Patient, StaffTask, TaskKind
from clinic.patients.services import look_again, raise_task
from clinic.practice.models import Practitioner
from clinic.scheduling.models import COMING_STATES, LIVE_STATES, Appointment, AppointmentChange, AppointmentState, ChangeKind
from clinic.scheduling.services.booking import refusal_for
from clinic.scheduling.services.refusals import ChangeRefused

_OVER = _("This visit is over: it cannot be cancelled any more.")
_NOT_YET = _("This visit is still to come.")
_CANCELLED = _("This visit has been cancelled.")
#: Written where somebody who was thought to have missed a visit was treated after all, at a time given away since.
CAME_AFTER_ALL = "came after all"
#: Why a visit was cancelled, where the patient did it.
BY_THE_PATIENT = "by the patient"


def cancel(*, by: audit.Actor, appointment: Appointment, reason: str, with_letter: bool = True, now: datetime) -> Appointment:
    """Cancel a visit that is still to come, give its time back and return it; the follow-up is owed again.

    `reason` is kept with it. Raises ChangeRefused if the visit is over, or if the patient cancels after its beginning.
    """
    if not reason.strip():
        raise ValueError("A visit is cancelled with a reason.")
    with transaction.atomic():
        lock_visit(appointment, now)
        if appointment.state == AppointmentState.CANCELLED:
            return appointment
        if appointment.state not in COMING_STATES or (by.kind == audit.ActorKind.PATIENT and appointment.starts_at <= now):
            raise ChangeRefused(_OVER)
        appointment.cancel_reason = reason.strip()
        _change(by, appointment, AppointmentState.CANCELLED, now, reason=reason.strip(), with_letter=with_letter)
    return appointment


def mark_arrived(*, by: audit.Actor, appointment: Appointment, now: datetime) -> Appointment:
    """Record that the patient is in the house, on the day of the visit; one thought missed may still arrive.

    Raises ChangeRefused before that day and for a cancelled or finished visit; TimeTaken or AlreadyBooked if a missed visit's
    time, or its follow-up, has been booked anew since.
    """
    with transaction.atomic():
        lock_visit(appointment, now)
        if appointment.state == AppointmentState.ARRIVED:
            return appointment
        _refuse_unless(appointment, (AppointmentState.BOOKED, AppointmentState.MISSED))
        zone = appointment.clinic.zone
        if now.astimezone(zone).date() < appointment.starts_at.astimezone(zone).date():
            raise ChangeRefused(_NOT_YET)
        _change(by, appointment, AppointmentState.ARRIVED, now)
    return appointment


def mark_missed(*, by: audit.Actor, appointment: Appointment, now: datetime) -> Appointment:
    """Record that the patient did not come; the follow-up is owed again. Raises ChangeRefused before the visit's beginning."""
    with transaction.atomic():
        lock_visit(appointment, now)
        if appointment.state == AppointmentState.MISSED:
            return appointment
        _refuse_unless(appointment, COMING_STATES)
        if now < appointment.starts_at:
            raise ChangeRefused(_NOT_YET)
        _change(by, appointment, AppointmentState.MISSED, now)
    return appointment


def mark_treated(*, by: audit.Actor, appointment: Appointment, now: datetime) -> Appointment:
    """Record that the visit led to a treatment. Raises ChangeRefused for a cancelled one.

    One thought missed becomes treated too; if its time was given away since, it is marked as overbooked.
    """
    with transaction.atomic():
        lock_visit(appointment, now)
        mark_locked_treated(by=by, appointment=appointment, now=now)
    return appointment


def mark_locked_treated(*, by: audit.Actor, appointment: Appointment, now: datetime) -> None:
    """`mark_treated` for a caller whose transaction has locked the patient's row and this visit, as it stands."""
    if appointment.state == AppointmentState.TREATED:
        return
    _refuse_unless(appointment, (*COMING_STATES, AppointmentState.MISSED))
    if appointment.state == AppointmentState.MISSED and _is_given_away(appointment):
        appointment.overbooked_reason = CAME_AFTER_ALL
    _change(by, appointment, AppointmentState.TREATED, now)


def take_back_mark(*, by: audit.Actor, appointment: Appointment, now: datetime) -> Appointment:
    """Undo a wrong “arrived” or “missed”: the visit is booked again, with no letter about it; both stay in its history.

    Changes nothing for a visit that is booked. Raises ChangeRefused for one that is cancelled or treated; TimeTaken or
    AlreadyBooked if a missed visit's time, or its follow-up, has been booked anew since.
    """
    with transaction.atomic():
        lock_visit(appointment, now)
        if appointment.state == AppointmentState.BOOKED:
            return appointment
        _refuse_unless(appointment, (AppointmentState.ARRIVED, AppointmentState.MISSED))
        said = _("“%(state)s” was noted by mistake") % {"state": appointment.get_state_display()}
        _change(by, appointment, AppointmentState.BOOKED, now, reason=said, with_letter=False)
    return appointment


def take_back_treated(*, by: audit.Actor, appointment: Appointment, reason: str, now: datetime) -> Appointment:
    """Put a visit back to what it was before it was marked as treated, because no treatment came of it. No letter tells of it.

    Changes nothing for a visit that is not marked as treated. Raises BookingRefused where its follow-up has been booked anew
    since.
    """
    with transaction.atomic():
        lock_visit(appointment, now)
        if appointment.state == AppointmentState.TREATED:
            before = appointment.changes.exclude(kind=ChangeKind.TREATED).order_by("-id").first()
            known = {ChangeKind.ARRIVED: AppointmentState.ARRIVED, ChangeKind.MISSED: AppointmentState.MISSED}
            state = known.get(ChangeKind(before.kind), AppointmentState.BOOKED) if before else AppointmentState.BOOKED
            _change(by, appointment, state, now, reason=reason, with_letter=False)
    return appointment


def ask_to_be_called(*, patient: Patient, note: str = "", now: datetime) -> StaffTask | None:
    """Have somebody phone the patient; None, and nothing written, while an earlier wish of theirs is still open."""
    with transaction.atomic():
        look_again([patient.pk], now=now)
        asked = StaffTask.objects.filter(patient=patient, kind=TaskKind.PHONE_ASKED)
        if asked.filter(done_at__isnull=True).exists():
            return None
        return raise_task(
            patient=patient,
            kind=TaskKind.PHONE_ASKED,
            cause_key=f"asked:{patient.public_id}:{asked.count() + 1}",
            due_on=now.astimezone(patient.clinic.zone).date(),
            note=note,
            now=now,
        )


def lock_visit(appointment: Appointment, now: datetime) -> None:
    """Take the patient's row and the appointment's, in this order, and read again what decides."""
    look_again([appointment.patient_id], now=now)
    appointment.refresh_from_db(
        fields=["state", "sequence", "practitioner", "starts_at", "ends_at", "cancel_reason", "overbooked_reason"],
        from_queryset=Appointment.objects.select_for_update(),
    )


def _refuse_unless(appointment: Appointment, states: Iterable[str]) -> None:
    if appointment.state not in states:
        raise ChangeRefused(_CANCELLED if appointment.state == AppointmentState.CANCELLED else _OVER)


def _is_given_away(appointment: Appointment) -> bool:
    taken = Appointment.objects.taking(appointment.starts_at, appointment.ends_at).exclude(pk=appointment.pk)
    return (
        taken.filter(practitioner=appointment.practitioner_id).exists() or taken.filter(patient=appointment.patient_id).exists()
    )


def _change(
    by: audit.Actor,
    appointment: Appointment,
    state: AppointmentState,
    now: datetime,
    *,
    reason: str = "",
    with_letter: bool = True,
) -> None:
    """Write the new state with its row of history and its row in the audit log."""
    if appointment.state not in LIVE_STATES and state in LIVE_STATES:
        # It takes time again: as for a booking, whoever books for the practitioner waits.
        Practitioner.objects.select_for_update(no_key=True).get(pk=appointment.practitioner_id)
    appointment.state = state
    appointment.sequence += 1
    try:
        with transaction.atomic():
            appointment.save(update_fields=["state", "sequence", "cancel_reason", "overbooked_reason"])
    except IntegrityError as error:
        refusal = refusal_for(error, appointment)
        if refusal is None:
            raise
        raise refusal from error
    AppointmentChange.objects.create(
        appointment=appointment,
        kind=ChangeKind[state.name],
        sequence=appointment.sequence,
        starts_at=appointment.starts_at,
        by_patient=by.kind == audit.ActorKind.PATIENT,
        by_user=by.user,
        with_letter=with_letter,
        reason=reason,
        at=now,
    )
    audit.record(
        by=by,
        action=audit.Action.CANCELLED if state == AppointmentState.CANCELLED else audit.Action.CHANGED,
        what=appointment,
        patient_public_id=appointment.patient.public_id,
        clinic_id=appointment.clinic_id,
        fields=["state"],
        now=now,
    )
