"""What a person decides about a letter. Each decision is asked for by name, checked, written down and audited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic import audit
from clinic.patients.models import Patient
from clinic.reminders import facts
from clinic.reminders.models import Message
from clinic.reminders.plans import load_book
from clinic.reminders.policy import decide
from clinic.reminders.states import HELD_BY_PERSON, State
from clinic.reminders.steps import Reason, Verdict
from clinic.reminders.transitions import Move, move
from clinic.reminders.wording import REASONS


class DecisionRefused(Exception):
    """The decision cannot be made any more; nothing was written. The text is fit for a person."""


def send_again(*, by: audit.Actor, message: Message, now: datetime) -> None:
    """Send a letter that is in doubt, refused or given up once more, under the same Message-ID.

    It is asked about again like any other before it leaves. Raises DecisionRefused if it is elsewhere by now or no longer owed.
    """
    with transaction.atomic():
        state = _locked(message, State.UNKNOWN, State.FAILED, State.DEAD)
        _check_still_owed(message, now)
        _move(message, state, State.READY, "SENT_AGAIN", by=by, now=now)
        _record(message, audit.Action.RELEASED, by=by, now=now)


def mark_as_sent(*, by: audit.Actor, message: Message, now: datetime) -> None:
    """Settle a letter in doubt as sent: somebody knows that it arrived. Raises DecisionRefused if it is elsewhere by now."""
    with transaction.atomic():
        state = _locked(message, State.UNKNOWN)
        _move(message, state, State.SENT, "MARKED_AS_SENT", by=by, now=now)
        _record(message, audit.Action.SENT, by=by, now=now)


def let_be(*, by: audit.Actor, message: Message, now: datetime) -> None:
    """Let a letter that is in doubt, refused, given up or held back rest for good. Raises DecisionRefused as above."""
    with transaction.atomic():
        state = _locked(message, State.UNKNOWN, State.FAILED, State.DEAD, State.HELD)
        _move(message, state, State.CANCELLED, "LET_BE", by=by, now=now)
        _record(message, audit.Action.CANCELLED, by=by, now=now)


def hold(*, by: audit.Actor, message: Message, now: datetime) -> None:
    """Keep a ready letter back until a person releases it. Raises DecisionRefused if it is on its way already."""
    with transaction.atomic():
        state = _locked(message, State.READY)
        _move(message, state, State.HELD, HELD_BY_PERSON, by=by, now=now)
        _record(message, audit.Action.CHANGED, by=by, now=now)


def release(*, by: audit.Actor, message: Message, now: datetime) -> None:
    """Let a letter go that a person held back. What the patient's facts hold back stays: it goes when they change.

    Raises DecisionRefused if it is elsewhere by now or held for another reason.
    """
    with transaction.atomic():
        state = _locked(message, State.HELD)
        if message.reason != HELD_BY_PERSON:
            raise DecisionRefused(_("This letter waits for something else: it goes by itself when that changes."))
        _move(message, state, State.READY, "RELEASED", by=by, now=now)
        _record(message, audit.Action.RELEASED, by=by, now=now)


def _locked(message: Message, *allowed: State) -> State:
    """Lock the patient and the message and return the state it is in now; DecisionRefused unless it is one of `allowed`."""
    if message.patient_id is not None:
        Patient.objects.select_for_update(no_key=True).only("pk").get(pk=message.patient_id)
    message.refresh_from_db(from_queryset=Message.objects.select_for_update(of=("self",)))
    state = State(message.state)
    if state not in allowed:
        raise DecisionRefused(
            _("This letter has moved on meanwhile: it is “%(state)s” now.") % {"state": message.get_state_display()}
        )
    return state


def _check_still_owed(message: Message, now: datetime) -> None:
    """Raise DecisionRefused unless the policy, asked as if the letter had not gone, would still have it go."""
    situation = facts.load([message.patient_id or 0], at=now).get(message.patient_id or 0)
    if situation is None:
        return
    letters = dict(situation.letters)
    if message.dedupe_key in letters:
        letters[message.dedupe_key] = replace(letters[message.dedupe_key], state=State.READY, gone_at=None)
    decision = decide(replace(situation, letters=letters), load_book(now), now).about(message.dedupe_key)
    if decision.verdict is Verdict.NEVER or decision.reason is Reason.NO_CONSENT:
        raise DecisionRefused(_("This letter is no longer owed: %(reason)s.") % {"reason": REASONS[decision.reason]})
    if decision.verdict is Verdict.TASK:
        raise DecisionRefused(_("No letter can reach this patient: correct the e-mail address first."))


def _move(message: Message, origin: State, target: State, outcome: str, *, by: audit.Actor, now: datetime) -> None:
    change = Move(
        pk=message.pk,
        origin=origin,
        target=target,
        outcome=outcome,
        ready_at=now if target is State.READY else None,
        sent_at=message.handoff_at if target is State.SENT else None,
        anew=target is State.READY,
        by_user=by.user,
    )
    if not move(change, now=now):
        raise DecisionRefused(_("This letter has moved on meanwhile."))
    message.refresh_from_db()


def _record(message: Message, action: audit.Action, *, by: audit.Actor, now: datetime) -> None:
    patient = Patient.objects.filter(pk=message.patient_id or 0).values_list("public_id", flat=True).first()
    audit.record(
        by=by,
        action=action,
        what=message,
        patient_public_id=patient,
        clinic_id=message.clinic_id,
        fields=["state"],
        now=now,
    )
