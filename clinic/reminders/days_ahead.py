"""What will go to one patient until a later moment if nothing changes: the policy, played forward. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from clinic.reminders.outlooks import outlook_of
from clinic.reminders.policy import Decision
from clinic.reminders.rules import TASK_PREFIX
from clinic.reminders.situation import FollowUpFacts, Letter, PlanBook, Situation
from clinic.reminders.steps import Reason, Step, Verdict

#: A patient is looked at so many times on the way; nobody's plan asks for more in two years.
MOST_LOOKS = 200


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A letter or task that goes at its moment, with the reason why it did not go before."""

    at: datetime
    decision: Decision


def foresee(facts: Situation, plans: Callable[[datetime], PlanBook], *, at: datetime, until: datetime) -> Iterator[Foreseen]:
    """Yield what goes from `at` on and before `until`, in its order, as if nothing happened but what goes by itself.

    Nobody books, answers or is put on hold, no record changes, every letter goes the moment it may, and every task stays open.
    `plans` tells which plans are in force at a moment.
    """
    waited: dict[str, Reason] = {}
    for _look in range(MOST_LOOKS):
        if at >= until:
            return
        outlook = outlook_of(as_of(facts, at), plans(at), at)
        waited |= {one.key: one.reason for one in outlook.decisions if one.verdict is Verdict.WAIT}
        going = [one for one in outlook.decisions if one.verdict in (Verdict.SEND, Verdict.TASK)]
        for decision in going:
            yield Foreseen(at, replace(decision, reason=waited.get(decision.key, decision.reason)))
            facts = gone(facts, decision, at)
        if not going:
            if outlook.look_again_at is None or outlook.has_failed:
                return
            at = outlook.look_again_at


def as_of(facts: Situation, at: datetime) -> Situation:
    """Return the situation as it will be at `at` by time alone: visits are over, and nobody has said what became of them."""
    return replace(
        facts,
        follow_ups=tuple(_as_of(one, at) for one in facts.follow_ups),
        visits=tuple(one for one in facts.visits if one.starts_at > at),
    )


def gone(facts: Situation, decision: Decision, at: datetime) -> Situation:
    """Return the situation after this letter went, or this task was raised."""
    if decision.verdict is Verdict.TASK:
        task = TASK_PREFIX + decision.key
        return replace(facts, tasks=facts.tasks | {task}, open_tasks=facts.open_tasks | {task})
    occasion = decision.occasion
    follow_up_id = None
    if occasion is not None and occasion.follow_up is not None:
        follow_up_id = occasion.follow_up.pk
    elif occasion is not None and occasion.visit is not None:
        follow_up_id = occasion.visit.follow_up_id
    step = Step(decision.key.partition(":")[0])
    letter = Letter(decision.key, step, "SENT", "", follow_up_id, at, decision.also_about)
    return replace(facts, letters={**facts.letters, decision.key: letter})


def _as_of(follow_up: FollowUpFacts, at: datetime) -> FollowUpFacts:
    if follow_up.booked_until is None:
        return follow_up
    is_booked = follow_up.booked_until > at
    return replace(follow_up, is_booked=is_booked, is_visit_unclear=not is_booked)
