"""What follows from how a dialogue with the mail server ended."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.db import transaction

from clinic.mailer import Outcome, Verdict
from clinic.reminders import states
from clinic.reminders.addresses import domain_hash
from clinic.reminders.claiming import Claim
from clinic.reminders.models import DomainHold, Message
from clinic.reminders.states import State
from clinic.reminders.suppressions import refused
from clinic.reminders.transitions import Move, move

#: A domain that has been quiet for so long begins anew with the shortest hold.
_FORGIVEN_AFTER = timedelta(hours=8)


def record(
    message: Message,
    outcome: Outcome,
    *,
    claimed: Claim,
    origin: State,
    handoff_at: datetime | None,
    duration: timedelta,
    worker: str,
    now: datetime,
) -> bool:
    """Write down how the dialogue about `message` ended, and what follows from it, in one transaction.

    False if the message was taken from this worker meanwhile; a letter that then turns out to be sent is still set right.
    """
    target, ready_at = _leads_to(message, outcome, origin, now)
    change = Move(
        pk=message.pk,
        origin=origin,
        target=target,
        outcome=_said(outcome),
        token=claimed.token,
        ready_at=ready_at,
        phase=outcome.phase.value,
        smtp_code=outcome.code,
        enhanced_code=outcome.enhanced,
        duration=duration,
        worker=worker,
    )
    if outcome.verdict is Verdict.SENT:
        # Nothing else follows from it.
        return move(change, now=now) or _came_late(change, handoff_at, now)
    with transaction.atomic():
        if not move(change, now=now):
            return _came_late(change, handoff_at, now)
        if outcome.domain_asks_to_wait:
            hold_domain(_address(message), now=now)
        if outcome.address_is_bad:
            refused(message, now=now)
    return True


def hold_domain(address: str, *, now: datetime) -> datetime:
    """Leave the domain of this address alone for a while, longer each time it asks; return until when."""
    digest = domain_hash(address)
    with transaction.atomic():
        held = DomainHold.objects.select_for_update().filter(domain_hash=digest).first()
        strikes = held.strikes + 1 if held is not None and held.until > now - _FORGIVEN_AFTER else 1
        until = now + states.domain_hold(strikes)
        DomainHold.objects.update_or_create(domain_hash=digest, defaults={"until": until, "strikes": strikes})
    return until


def _leads_to(message: Message, outcome: Outcome, origin: State, now: datetime) -> tuple[State, datetime | None]:
    if outcome.verdict is Verdict.SENT:
        return State.SENT, None
    if outcome.verdict is Verdict.REFUSED:
        return State.FAILED, None
    if outcome.verdict is Verdict.UNKNOWN:
        return State.UNKNOWN, None
    if origin is State.CLAIMED and message.attempts >= states.MOST_ATTEMPTS:
        return State.DEAD, None
    # Spread, so that letters refused together do not come back together; nothing secret hangs on it.
    return State.READY, now + states.back_off(message.attempts, random.random())  # noqa: S311


def _said(outcome: Outcome) -> str:
    """One code for the row: what came of it, and where it ended if that was not the end."""
    if outcome.verdict is Verdict.SENT:
        return "ACCEPTED"
    return f"{outcome.verdict.value}_{outcome.phase.value}".upper().replace("-", "_")[:24]


def _came_late(change: Move, handoff_at: datetime | None, now: datetime) -> bool:
    """The lease ran out during the dialogue and the message is in doubt: if it was sent, say so."""
    doubtful = Message.objects.filter(pk=change.pk, state=State.UNKNOWN, handoff_at=handoff_at)
    if change.target is not State.SENT or handoff_at is None or not doubtful.exists():
        return False
    late = Move(
        pk=change.pk,
        origin=State.UNKNOWN,
        target=State.SENT,
        outcome="ACCEPTED_LATE",
        phase=change.phase,
        smtp_code=change.smtp_code,
        duration=change.duration,
        worker=change.worker,
    )
    return move(late, now=now)


def _address(message: Message) -> str:
    return message.patient.email if message.patient else ""
