"""The stage of a follow-up on a day: pure, and the same rule as the worklist's SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

#: How long before its window opens a follow-up is approaching, and before it closes, closing. Four weeks: time for a letter,
#: an answer and a free appointment.
NEAR = timedelta(days=28)


class Stage(StrEnum):
    """Where a follow-up stands. In the order in which a clinic works through them."""

    OVERDUE = "OVERDUE"
    CLOSING = "CLOSING"
    OPEN = "OPEN"
    APPROACHING = "APPROACHING"
    BOOKED = "BOOKED"
    WAITING = "WAITING"
    ON_HOLD = "ON_HOLD"
    STOPPED = "STOPPED"


#: What a worklist shows unless somebody asks for what was stopped.
LISTED_STAGES = tuple(stage for stage in Stage if stage is not Stage.STOPPED)


@dataclass(frozen=True, slots=True)
class StageFacts:
    """All that decides over a stage."""

    is_stopped: bool
    is_booked: bool
    #: A hold of the patient stands on the day, or the patient is not under care (paused, discharged, deceased).
    is_held: bool
    snoozed_until: date | None
    opens_on: date
    closes_on: date


def stage_of(facts: StageFacts, as_of: date) -> Stage:
    """Return the stage on the day `as_of`, which is a day in the clinic's zone.

    A booking counts before a hold: the visit stands until somebody cancels it. A snooze ends on its own day. A window counts
    as closing only once it is open, however short it is.
    """
    if facts.is_stopped:
        return Stage.STOPPED
    if facts.is_booked:
        return Stage.BOOKED
    if facts.is_held or (facts.snoozed_until is not None and facts.snoozed_until > as_of):
        return Stage.ON_HOLD
    return _by_window(facts.opens_on, facts.closes_on, as_of)


def _by_window(opens_on: date, closes_on: date, as_of: date) -> Stage:
    if closes_on < as_of:
        return Stage.OVERDUE
    if opens_on <= as_of:
        return Stage.CLOSING if closes_on <= as_of + NEAR else Stage.OPEN
    return Stage.APPROACHING if opens_on <= as_of + NEAR else Stage.WAITING
