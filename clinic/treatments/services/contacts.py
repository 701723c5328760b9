"""A try to reach a patient about a follow-up, and what follows from how it went."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import StaffTask, TaskKind
from clinic.patients.services import look_again, raise_task
from clinic.treatments.models import ContactAttempt, ContactChannel, ContactOutcome, DeclineReason, FollowUp, StopReason
from clinic.treatments.services.follow_ups import FollowUpRefused, snooze, stop


@transaction.atomic
def log_contact(
    *,
    by: audit.Actor,
    follow_up: FollowUp,
    channel: str,
    outcome: str,
    note: str,
    call_back_on: date | None = None,
    declined_why: str = "",
    ends: bool = False,
    now: datetime,
) -> ContactAttempt:
    """Write down one try to reach the patient, with what follows from it. It may be about a follow-up that has ended meanwhile.

    Who will call back does so on a day (clinic's zone, today at the earliest): until then a follow-up that runs is snoozed, and a
    task for that day keeps the promise from being forgotten. A wrong number raises a task to find the right one, unless one is
    open. Who declines says why; with `ends` the follow-up stops for that reason, else it stays on the list.

    Raises FollowUpRefused for an unknown channel or outcome, a day or a reason that is missing, and a day further off than a
    snooze may last; ValueError when no person made the contact.
    """
    if by.user is None:
        raise ValueError("A contact is made by a person.")
    note = " ".join(note.split())[:250]
    if channel not in ContactChannel.values:
        raise FollowUpRefused("channel", _("Choose how the patient was contacted."))
    if outcome not in ContactOutcome.values:
        raise FollowUpRefused("outcome", _("Choose how it went."))
    today = now.astimezone(follow_up.patient.clinic.zone).date()
    calls_back, declines = outcome == ContactOutcome.WILL_CALL_BACK, outcome == ContactOutcome.DECLINED
    if calls_back and (call_back_on is None or call_back_on < today):
        raise FollowUpRefused("call_back_on", _("Choose the day on which they call back, today at the earliest."))
    if declines and declined_why not in DeclineReason.values:
        raise FollowUpRefused("declined_why", _("Say why the patient declined."))
    if declines and declined_why == DeclineReason.OTHER and not note:
        raise FollowUpRefused("note", _("Say what the reason is."))
    look_again([follow_up.patient_id], now=now)
    attempt = ContactAttempt.objects.create(
        follow_up=follow_up,
        channel=channel,
        outcome=outcome,
        note=note,
        call_back_on=call_back_on if calls_back else None,
        declined_why=declined_why if declines else "",
        by=by.user,
        at=now,
    )
    audit.record(
        by=by,
        action=audit.Action.CONTACTED,
        what=follow_up,
        patient_public_id=follow_up.patient.public_id,
        clinic_id=follow_up.patient.clinic_id,
        now=now,
    )
    stands = FollowUp.objects.get(pk=follow_up.pk)
    if attempt.call_back_on is not None:
        _wait_for_call(by, stands, attempt, attempt.call_back_on, today, now)
    elif outcome == ContactOutcome.WRONG_NUMBER:
        _have_number_found(attempt, today, now)
    elif declines and ends and stands.is_active:
        why = DeclineReason(declined_why).label
        stop(by=by, follow_up=stands, reason=StopReason.PATIENT_DECLINED, note=f"{why}: {note}" if note else str(why), now=now)
    return attempt


def _wait_for_call(by: audit.Actor, follow_up: FollowUp, attempt: ContactAttempt, day: date, today: date, now: datetime) -> None:
    raise_task(
        patient=follow_up.patient,
        kind=TaskKind.PHONE_BACK,
        cause_key=f"call-back:{attempt.public_id}",
        due_on=day,
        note=_("They said they would call on this day: if they have not, call them."),
        now=now,
    )
    # One that rests for longer does so for a reason of its own.
    rests_until = follow_up.snoozed_until
    if not follow_up.is_active or day <= today or (rests_until is not None and rests_until >= day):
        return
    try:
        snooze(by=by, follow_up=follow_up, until=day, note=_("The patient said they would call back."), now=now)
    except FollowUpRefused as refused:
        raise FollowUpRefused("call_back_on", refused.message) from refused


def _have_number_found(attempt: ContactAttempt, today: date, now: datetime) -> None:
    patient = attempt.follow_up.patient
    if StaffTask.objects.filter(patient=patient, kind=TaskKind.FIND_NUMBER, done_at__isnull=True).exists():
        return
    raise_task(
        patient=patient,
        kind=TaskKind.FIND_NUMBER,
        cause_key=f"wrong-number:{attempt.public_id}",
        due_on=today,
        note=_("The number on file is not theirs: ask their carer, their doctor or by letter."),
        now=now,
    )
