"""Notes a hand-over outside the database, after the intent is committed and before the letter leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from clinic.reminders import safeguards
from clinic.reminders.claiming import Claim
from clinic.reminders.in_hand import InHand
from clinic.reminders.mark import Mark, MarkUnusable
from clinic.reminders.states import State
from clinic.reminders.transitions import Move, move

#: Whether it can be noted again is found out after this.
_AGAIN = timedelta(seconds=60)


def note(
    mark: Mark, in_hand: InHand, claimed: Claim, *, handoff_at: datetime, worker: str, clock: Callable[[], datetime]
) -> bool:
    """Note that this letter is about to leave; False, and it is ready again, if that cannot be done: then it may not leave."""
    try:
        mark.handed_over(in_hand.message.public_id, handoff_at)
    except MarkUnusable as unusable:
        now = clock()
        safeguards.not_remembered(unusable, now=now)
        back = Move(
            pk=in_hand.message.pk,
            origin=State.HANDOFF,
            target=State.READY,
            outcome="NOT_REMEMBERED",
            token=claimed.token,
            ready_at=now + _AGAIN,
            unburned=True,
            worker=worker,
        )
        move(back, now=now)
        return False
    return True
