"""Status pills: a word, a shape and a colour. Each pair of shape and colour means one thing in the whole product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Shape(Enum):
    """A shape inside a box of 12 by 12, told from every other at the size of a letter, in one colour.

    The value is (path, filled): a shape that is not filled is drawn as a line.
    """

    RING = ("M6 1.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8z", False)
    HALF = ("M6 .8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 6 .8zm0 1.5v7.4a3.7 3.7 0 0 1 0-7.4z", True)
    SQUARE = ("M2.4 1.2h7.2l1.2 1.2v7.2l-1.2 1.2H2.4l-1.2-1.2V2.4z", True)
    DOWN = ("M.8 1.5h10.4L6 11.2z", True)
    UP = ("M6 .8l5.2 9.7H.8z", True)
    DIAMOND = ("M6 .2L11.8 6 6 11.8.2 6z", True)
    BARS = ("M2.2 1.2h2.6v9.6H2.2zM7.2 1.2h2.6v9.6H7.2z", True)
    CROSS = ("M2 2l8 8M10 2l-8 8", False)
    CHECK = ("M1.2 6.4l3.4 3.8L10.8 2", False)
    MINUS = ("M1.5 6h9", False)
    QUESTION = ("M3.2 4.2c0-3.6 5.6-3.6 5.6-.4C8.8 6 6 5.8 6 8M6 10.3v.5", False)
    DISC = ("M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z", True)
    ARROW = ("M1 6h9M6.6 2.4L10.2 6l-3.6 3.6", False)
    BOUNCE = ("M10.5 9.5V7a2.5 2.5 0 0 0-2.5-2.5H2M5 1.4L1.8 4.5 5 7.6", False)


@dataclass(frozen=True, slots=True)
class Look:
    """How one state is shown: its shape, and the name its colour has in the style sheet."""

    shape: Shape
    colour: str


# The stages of a follow-up, each with its word.
STAGES: dict[str, tuple[Look, Promise]] = {
    "waiting": (Look(Shape.RING, "wait"), _("waiting")),
    "approaching": (Look(Shape.HALF, "open"), _("approaching")),
    "open": (Look(Shape.SQUARE, "open"), _("open")),
    "closing": (Look(Shape.DOWN, "closing"), _("closing")),
    "overdue": (Look(Shape.UP, "overdue"), _("overdue")),
    "booked": (Look(Shape.DIAMOND, "booked"), _("booked")),
    "on_hold": (Look(Shape.BARS, "hold"), _("on hold")),
    "stopped": (Look(Shape.CROSS, "wait"), _("stopped")),
    "treated": (Look(Shape.CHECK, "booked"), _("treated again")),
}

# Everything else that has a state; its word is the label of the record's choice. A shape keeps its meaning across all of
# them: ring not yet, half at work, arrow on its way, check done, minus no longer wanted, cross refused, up trouble,
# bars held, ? in doubt.
STATES: dict[str, dict[str, Look]] = {
    "letter": {
        "READY": Look(Shape.RING, "wait"),
        "CLAIMED": Look(Shape.HALF, "open"),
        "HANDOFF": Look(Shape.ARROW, "open"),
        "SENT": Look(Shape.CHECK, "booked"),
        "UNKNOWN": Look(Shape.QUESTION, "closing"),
        "FAILED": Look(Shape.UP, "overdue"),
        "DEAD": Look(Shape.UP, "overdue"),
        "BOUNCED": Look(Shape.BOUNCE, "overdue"),
        "COMPLAINED": Look(Shape.CROSS, "overdue"),
        "HELD": Look(Shape.BARS, "hold"),
        "SUPPRESSED": Look(Shape.CROSS, "wait"),
        "CANCELLED": Look(Shape.MINUS, "wait"),
        "SUPERSEDED": Look(Shape.MINUS, "wait"),
        "EXPIRED": Look(Shape.MINUS, "wait"),
    },
    "side-effect": {
        "NEW": Look(Shape.DISC, "overdue"),
        "IN_REVIEW": Look(Shape.HALF, "open"),
        "FOLLOWING": Look(Shape.ARROW, "open"),
        "REVIEWED": Look(Shape.CHECK, "booked"),
    },
    "urgency": {
        "GREEN": Look(Shape.RING, "wait"),
        "YELLOW": Look(Shape.DOWN, "closing"),
        "RED": Look(Shape.UP, "overdue"),
    },
    "check": {
        "NOTE": Look(Shape.RING, "wait"),
        "WARNING": Look(Shape.DOWN, "closing"),
        "STOP": Look(Shape.UP, "overdue"),
    },
    "rule": {
        "VERIFIED": Look(Shape.CHECK, "booked"),
        "UNVERIFIED": Look(Shape.RING, "wait"),
        "ENDED": Look(Shape.MINUS, "wait"),
    },
    "appointment": {
        "BOOKED": Look(Shape.DIAMOND, "booked"),
        "ARRIVED": Look(Shape.ARROW, "open"),
        "TREATED": Look(Shape.CHECK, "booked"),
        "MISSED": Look(Shape.UP, "overdue"),
        "CANCELLED": Look(Shape.MINUS, "wait"),
    },
    "treatment": {
        "DRAFT": Look(Shape.HALF, "open"),
        "SIGNED": Look(Shape.CHECK, "booked"),
        "VOID": Look(Shape.MINUS, "wait"),
    },
    "lot": {
        "IN_USE": Look(Shape.SQUARE, "open"),
        "QUARANTINED": Look(Shape.BARS, "hold"),
        "RECALLED": Look(Shape.UP, "overdue"),
        "SPENT": Look(Shape.MINUS, "wait"),
    },
    "vial": {
        "UNOPENED": Look(Shape.RING, "wait"),
        "OPEN": Look(Shape.SQUARE, "open"),
        "CLOSED": Look(Shape.MINUS, "wait"),
    },
    "patient": {
        "ACTIVE": Look(Shape.SQUARE, "open"),
        "PAUSED": Look(Shape.BARS, "hold"),
        "DISCHARGED": Look(Shape.MINUS, "wait"),
        "DECEASED": Look(Shape.CROSS, "wait"),
    },
}


def stage_look(stage: str) -> tuple[Look, Promise]:
    """The look and the word of a follow-up's stage; "ON_HOLD", "on hold" and "on_hold" are one. KeyError if there is none."""
    return STAGES[stage.lower().replace(" ", "_").replace("-", "_")]


def state_look(kind: str, state: str) -> Look:
    """The look of a state of a `kind` of thing, such as ("letter", "SENT"). KeyError if there is none."""
    return STATES[kind][state]
