"""The words of the reminder policy: steps, anchors, gates, reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Step(str):
    """One letter or task that a plan knows, by its code of at most 12 characters. `rules.RULES` says what it is.

    Not an enumeration: a step comes with its entry in that table, and nothing else has to know of it.
    """

    __slots__ = ()

    INVITE: ClassVar[Step]
    REMIND: ClassVar[Step]
    LAST_CALL: ClassVar[Step]
    OVERDUE: ClassVar[Step]
    BOOKED: ClassVar[Step]
    MOVED: ClassVar[Step]
    CANCELLED: ClassVar[Step]
    MISSED: ClassVar[Step]
    VISIT: ClassVar[Step]
    CORRECTION: ClassVar[Step]


for _code in ("INVITE", "REMIND", "LAST_CALL", "OVERDUE", "BOOKED", "MOVED", "CANCELLED", "MISSED", "VISIT", "CORRECTION"):
    setattr(Step, _code, Step(_code))


class Anchor(StrEnum):
    """What a step is counted from."""

    SUGGESTED = "SUGGESTED"
    OPENS = "OPENS"
    CLOSES = "CLOSES"
    APPOINTMENT = "APPOINTMENT"
    CHANGE = "CHANGE"


class Unit(StrEnum):
    """Days are civil days in the clinic's zone; hours are elapsed hours."""

    DAY = "DAY"
    HOUR = "HOUR"


class Audience(StrEnum):
    """Who a step speaks to."""

    PATIENT = "PATIENT"
    STAFF = "STAFF"


class Gate(StrEnum):
    """What may keep an earned letter back. A step names those it ignores."""

    HOLD = "HOLD"  # a hold, a paused patient, a snooze, a wish to be phoned
    GAP = "GAP"  # one letter a patient in 72 hours
    QUIET = "QUIET"  # civil hours in the clinic's zone


class Verdict(StrEnum):
    """What is to be done about one thing that a patient may have earned."""

    SEND = "SEND"
    TASK = "TASK"
    WAIT = "WAIT"
    NEVER = "NEVER"


class Reason(StrEnum):
    """Why. One code each, at most 24 characters; the words for people are in `wording`."""

    DUE = "DUE"
    # waits
    NOT_YET = "NOT_YET"
    SNOOZED = "SNOOZED"
    TOO_SOON = "TOO_SOON"
    OTHER_FIRST = "OTHER_FIRST"
    QUIET_HOURS = "QUIET_HOURS"
    DOMAIN_HELD = "DOMAIN_HELD"
    ENGINE_PAUSED = "ENGINE_PAUSED"
    CLINIC_PAUSED = "CLINIC_PAUSED"
    ON_HOLD = "ON_HOLD"
    PATIENT_PAUSED = "PATIENT_PAUSED"
    ASKED_TO_BE_CALLED = "ASKED_TO_BE_CALLED"
    # never, as things stand
    ALREADY_SENT = "ALREADY_SENT"
    ALREADY_A_TASK = "ALREADY_A_TASK"
    ALREADY_SETTLED = "ALREADY_SETTLED"
    DECEASED = "DECEASED"
    DISCHARGED = "DISCHARGED"
    HISTORY = "HISTORY"
    ENDED = "ENDED"
    BOOKED_AHEAD = "BOOKED_AHEAD"
    VISIT_UNCLEAR = "VISIT_UNCLEAR"
    NOT_BOOKED = "NOT_BOOKED"
    ANSWERED = "ANSWERED"
    DECLINED = "DECLINED"
    REPLACED = "REPLACED"
    TOLD_TOGETHER = "TOLD_TOGETHER"
    THREE_UNANSWERED = "THREE_UNANSWERED"
    NO_CONSENT = "NO_CONSENT"
    NO_ADDRESS = "NO_ADDRESS"
    ADDRESS_SUPPRESSED = "ADDRESS_SUPPRESSED"
    WITHOUT_LETTER = "WITHOUT_LETTER"
    JUST_BOOKED = "JUST_BOOKED"
    OVERTAKEN = "OVERTAKEN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a clinic's plan: so long after an anchor (negative: before it), never before the floor."""

    step: Step
    anchor: Anchor
    offset: int = 0
    ordinal: int = 1
    unit: Unit = Unit.DAY
    floor: Anchor | None = None
    floor_days: int = 0
    audience: Audience = Audience.PATIENT


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step as a plan names it: when it goes, or that it does not."""

    step: PlanStep
    is_active: bool = True
