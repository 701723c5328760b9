"""What may become of a message: every transition as data, and where each reason leads. Pure."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from clinic.reminders.steps import Reason


class State(StrEnum):
    """Where a message stands (`models.MessageState` gives the words)."""

    READY = "READY"
    CLAIMED = "CLAIMED"
    HANDOFF = "HANDOFF"
    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    FAILED = "FAILED"
    DEAD = "DEAD"
    HELD = "HELD"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    SUPPRESSED = "SUPPRESSED"
    BOUNCED = "BOUNCED"
    COMPLAINED = "COMPLAINED"


_SETTLED = frozenset({State.CANCELLED, State.SUPERSEDED, State.EXPIRED, State.SUPPRESSED, State.HELD})

#: From each state, the states that may follow it. What is not here is refused.
TRANSITIONS: dict[State, frozenset[State]] = {
    # In doubt without a dialogue: the database is older than what was done, and cannot know whether it has gone.
    State.READY: frozenset({State.CLAIMED, State.READY, State.UNKNOWN}) | _SETTLED,
    State.CLAIMED: frozenset({State.READY, State.HANDOFF, State.FAILED, State.DEAD, State.UNKNOWN}) | _SETTLED,
    # Once it may have been given away, only what the server said or a person decides.
    State.HANDOFF: frozenset({State.SENT, State.READY, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.SENT, State.READY, State.CANCELLED}),
    State.DEAD: frozenset({State.READY, State.CANCELLED}),
    State.FAILED: frozenset({State.READY, State.CANCELLED}),
    State.HELD: frozenset({State.READY, State.CANCELLED, State.UNKNOWN}),
    State.SENT: frozenset({State.BOUNCED, State.COMPLAINED}),
    State.CANCELLED: frozenset(),
    State.SUPERSEDED: frozenset(),
    State.EXPIRED: frozenset(),
    State.SUPPRESSED: frozenset(),
    State.BOUNCED: frozenset(),
    State.COMPLAINED: frozenset(),
}

#: States in which a worker has the message in hand, under a lease and a token.
IN_HAND = frozenset({State.CLAIMED, State.HANDOFF})
#: States that wait for a person's decision.
PROBLEMS = frozenset({State.UNKNOWN, State.FAILED, State.DEAD, State.HELD})

#: A worker has a message for so long; then it is taken from it.
LEASE = timedelta(minutes=5)
#: A message claimed so often without an end is given up.
MOST_ATTEMPTS = 5
#: How long after each attempt the next may come; give or take a fifth, and never under `LEAST_BACK_OFF`.
BACK_OFF = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
)
LEAST_BACK_OFF = timedelta(seconds=60)
#: A recipient domain that asks us to wait is left alone for this long, doubling to the most.
DOMAIN_HOLD = timedelta(minutes=15)
MOST_DOMAIN_HOLD = timedelta(hours=4)

#: A person's own hold, which no change of facts lifts.
HELD_BY_PERSON = "HELD_BY_PERSON"

_SUPPRESSED_BY = frozenset({Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.ADDRESS_SUPPRESSED})
_WAITS_FOR = frozenset(
    {
        Reason.NOT_YET,
        Reason.TOO_SOON,
        Reason.OTHER_FIRST,
        Reason.QUIET_HOURS,
        Reason.DOMAIN_HELD,
        Reason.ENGINE_PAUSED,
        Reason.CLINIC_PAUSED,
    }
)
_HELD_BY = frozenset({Reason.ON_HOLD, Reason.PATIENT_PAUSED, Reason.ASKED_TO_BE_CALLED, Reason.SNOOZED})


class TransitionRefused(Exception):
    """No message may go from the one state to the other. A mistake in the program, never of a person."""


def check(origin: str, target: str) -> None:
    """Raise TransitionRefused unless the table allows it."""
    if State(target) not in TRANSITIONS[State(origin)]:
        raise TransitionRefused(f"{origin} to {target}")


def settled_as(reason: Reason) -> State:
    """Return the state of a message that may not go now for this reason; READY where it merely has to wait."""
    if reason in _WAITS_FOR:
        return State.READY
    if reason in _HELD_BY:
        return State.HELD
    if reason in _SUPPRESSED_BY:
        return State.SUPPRESSED
    if reason in (Reason.OVERTAKEN, Reason.TOLD_TOGETHER):
        return State.SUPERSEDED
    return State.EXPIRED if reason is Reason.EXPIRED else State.CANCELLED


def back_off(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after so many attempts; `chance` from 0 to 1 spreads it by a fifth either way."""
    base = BACK_OFF[min(max(attempts, 1), len(BACK_OFF)) - 1]
    return max(base * (0.8 + 0.4 * chance), LEAST_BACK_OFF)


def domain_hold(strikes: int) -> timedelta:
    """Return how long a domain is left alone after it asked so many times in a row."""
    doublings = min(max(strikes, 1) - 1, 10)
    return min(DOMAIN_HOLD * (1 << doublings), MOST_DOMAIN_HOLD)
