"""What another plan, or other hours, would change about one patient's letters. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from clinic.reminders.hours import SendingHours
from clinic.reminders.outlooks import outlook_of
from clinic.reminders.policy import Decision
from clinic.reminders.situation import PlanBook, Situation
from clinic.reminders.steps import Step


class Change(StrEnum):
    """What becomes of a letter or task."""

    ADDED = "ADDED"
    DROPPED = "DROPPED"
    MOVED = "MOVED"


@dataclass(frozen=True, slots=True)
class Difference:
    """One letter or task that would go, or go at another time, or no longer go."""

    change: Change
    patient_id: int
    step: Step
    #: When it goes as things stand; None for one that is added.
    before: datetime | None
    #: When it would go; None for one that is dropped.
    after: datetime | None

    @property
    def first_at(self) -> datetime:
        """The earlier of the two moments: by it the differences are put in order."""
        return min(moment for moment in (self.before, self.after) if moment is not None)


def differences(
    facts: Situation,
    *,
    before: PlanBook,
    after: PlanBook,
    at: datetime,
    starts_at: datetime,
    hours: SendingHours | None = None,
) -> Iterator[Difference]:
    """Yield what is different under `after` (and `hours`, if they change too) from `starts_at` on.

    Both plans are asked about the same facts by the engine's own `decide`. What still goes before `starts_at` is the same
    either way. A patient about whom either plan allows no decision has no differences; the log says for whom.
    """
    going = _going(facts, before, starts_at)
    would_go = _going(facts if hours is None else replace(facts, hours=hours), after, starts_at)
    if going is None or would_go is None:
        return
    gone_by_then: set[str] = set()
    if starts_at > at:
        gone_by_then = {key for key, when in (_going(facts, before, at) or {}).items() if when < starts_at}
    for key in sorted((going.keys() | would_go.keys()) - gone_by_then):
        old, new = going.get(key), would_go.get(key)
        if old != new:
            change = Change.ADDED if old is None else Change.DROPPED if new is None else Change.MOVED
            yield Difference(change, facts.patient_id, Step(key.partition(":")[0]), old, new)


def _going(facts: Situation, plans: PlanBook, at: datetime) -> dict[str, datetime] | None:
    """By key, when each thing goes of which something will come; None if no decision can be made."""
    outlook = outlook_of(facts, plans, at)
    return None if outlook.has_failed else {one.key: _when(one, at) for one in outlook.decisions if one.will_go}


def _when(decision: Decision, at: datetime) -> datetime:
    return decision.when or at
