"""Each patient's course, laid out backwards from where it stands today: when treated, with what, how long it worked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from dateutil.relativedelta import relativedelta

from clinic.management.seed import doses, schemes
from clinic.management.seed.doses import Points, Range
from clinic.management.seed.people import Person

HISTORY = timedelta(days=2 * 365)
#: Three calendar months are never longer.
LEAST_INTERVAL = 92
POLICY = relativedelta(months=3)
POLICY_END = relativedelta(months=6)


class Ending(StrEnum):
    """Where a course stands today."""

    WAITING = "WAITING"
    APPROACHING = "APPROACHING"
    OPEN = "OPEN"
    CLOSING = "CLOSING"
    OVERDUE = "OVERDUE"
    BOOKED = "BOOKED"
    HELD = "HELD"
    SNOOZED = "SNOOZED"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"
    DISCHARGED = "DISCHARGED"
    DECEASED = "DECEASED"
    NEW = "NEW"
    #: A letter falls due today: the invitation or the second letter by the clinician's own date, one after a snooze.
    INVITED_TODAY = "INVITED_TODAY"
    REMINDED_TODAY = "REMINDED_TODAY"
    WOKEN_TODAY = "WOKEN_TODAY"


#: How many of 120 patients end where.
ENDINGS = {
    Ending.WAITING: 25,
    Ending.APPROACHING: 13,
    Ending.OPEN: 14,
    Ending.CLOSING: 6,
    Ending.OVERDUE: 6,
    Ending.BOOKED: 22,
    Ending.HELD: 6,
    Ending.SNOOZED: 2,
    Ending.PAUSED: 1,
    Ending.STOPPED: 8,
    Ending.DISCHARGED: 2,
    Ending.DECEASED: 2,
    Ending.NEW: 3,
    Ending.INVITED_TODAY: 5,
    Ending.REMINDED_TODAY: 3,
    Ending.WOKEN_TODAY: 2,
}

#: Days before today on which the last treatment may lie, where nothing else decides.
_LAST_TREATED = {
    Ending.WAITING: (1, 58),
    Ending.BOOKED: (75, 150),
    Ending.HELD: (70, 165),
    Ending.SNOOZED: (95, 140),
    Ending.PAUSED: (80, 150),
    Ending.STOPPED: (100, 260),
    Ending.DISCHARGED: (120, 300),
    Ending.DECEASED: (60, 200),
    Ending.INVITED_TODAY: (82, 90),
    Ending.REMINDED_TODAY: (108, 122),
    Ending.WOKEN_TODAY: (110, 140),
}
#: Days from today to the opening (or, where so named, the closing) of the window.
_OPENS_IN = {Ending.APPROACHING: (5, 27), Ending.OPEN: (-58, -1)}
#: The first of those treated lately have a side effect that is still open, so far along.
OPEN_REACTIONS = ("NEW", "IN_REVIEW", "FOLLOWING", "NEW", "NEW", "IN_REVIEW", "FOLLOWING")
_CLOSES_IN = {Ending.CLOSING: (6, 26), Ending.OVERDUE: (-45, -2)}


@dataclass(frozen=True)
class Treatment:
    """One treatment of a course."""

    on: date
    product: str
    points: Points
    days_of_effect: int


@dataclass(frozen=True)
class Course:
    """Everything about one patient that is decided beforehand."""

    number: int
    #: Which of those with the same ending this is, from 0.
    turn: int
    person: Person
    indication: str
    side: str
    grade: int
    registered_on: date
    onset_on: date
    treatments: tuple[Treatment, ...]
    ending: Ending
    has_email: bool
    #: Stops the invitations after one of them.
    opts_out: bool
    own_next_on: date | None
    seed: str
    #: Had trouble swallowing after the first treatment.
    swallowing: bool = False
    #: A side effect after the last treatment that still stands open, and how far it has come (a side effect's state).
    open_reaction: str = ""
    #: What becomes of the first letter after the last treatment (a message's state), if not the usual.
    trouble: str = ""

    @property
    def rng(self) -> Random:
        """A source of chance that belongs to this patient alone, always from its beginning."""
        return Random(f"{self.seed} life")  # noqa: S311 - a story, no secret


@dataclass(frozen=True)
class Setting:
    """What a course is laid out in: a clinic's today, its working days, its products, the published doses."""

    today: date
    working_day: Callable[[date], date]
    products: Mapping[str, int]
    ranges: Mapping[str, Range]


def lay_out(
    number: int, turn: int, person: Person, ending: Ending, setting: Setting, *, seed: str, has_email: bool, opts_out: bool
) -> Course:
    """Return the course of patient `number`, the same for the same seed and day."""
    rng = Random(f"{seed} {number}")  # noqa: S311 - a story, no secret
    indication, side = _condition(ending, turn, rng)
    grade = rng.choices((1, 2, 3, 4), (15, 45, 30, 10))[0]
    treatments = () if ending is Ending.NEW else _treatments(indication, side, grade, ending, turn, setting, rng)
    first_on = treatments[0].on if treatments else setting.today
    registered_on = setting.working_day(first_on - timedelta(days=rng.randint(7, 28)))
    own_next_on = {Ending.INVITED_TODAY: setting.today + timedelta(days=21), Ending.REMINDED_TODAY: setting.today}.get(ending)
    return Course(
        number=number,
        turn=turn,
        person=person,
        indication=indication,
        side=side,
        grade=grade,
        registered_on=registered_on,
        onset_on=date(registered_on.year - rng.randint(1, 9), rng.randint(1, 12), 1),
        treatments=treatments,
        ending=ending,
        has_email=has_email,
        opts_out=opts_out,
        own_next_on=own_next_on,
        seed=f"{seed} {number}",
        open_reaction=OPEN_REACTIONS[turn] if ending is Ending.WAITING and turn < len(OPEN_REACTIONS) else "",
    )


#: Shares of patients by what they have, added up; everybody else has a hemifacial spasm.
_BLEPHAROSPASM = 0.13
_NOT_OF_THE_FACE = ((0.165, "CM", ("NONE",)), (0.2, "CD", ("NONE",)), (0.215, "ULS", ("RIGHT", "LEFT")), (0.23, "AXH", ("BOTH",)))


def _condition(ending: Ending, turn: int, rng: Random) -> tuple[str, str]:
    if ending is Ending.NEW:
        return rng.choice((("CD", "NONE"), ("CM", "NONE"), ("HFS", "LEFT")))
    drawn = rng.random()
    if drawn < _BLEPHAROSPASM:
        return "BLEPH", "BOTH"
    # Those whose side effect is still open have one of the face.
    if not (ending is Ending.WAITING and turn < len(OPEN_REACTIONS)):
        for share, indication, sides in _NOT_OF_THE_FACE:
            if drawn < share:
                return indication, rng.choice(sides)
    return "HFS", rng.choices(("LEFT", "RIGHT", "BOTH"), (54, 44, 2))[0]


def _treatments(
    indication: str, side: str, grade: int, ending: Ending, turn: int, setting: Setting, rng: Random
) -> tuple[Treatment, ...]:
    """Backwards from the last: each came when the effect of the one before had worn off and a time was free."""
    effect = rng.gauss(0, doses.BETWEEN)
    is_punctual = rng.random() < 0.15
    product = rng.choices(list(setting.products), list(setting.products.values()))[0]
    is_scheme = indication in schemes.INDICATIONS
    if is_scheme:
        product = schemes.PRODUCT
    others = [] if is_scheme else [other for other in setting.products if other != product]
    begins_on = setting.today - HISTORY + timedelta(days=rng.randint(0, 70))
    if rng.random() < 0.8:
        begins_on += timedelta(days=rng.randint(200, 650))
    on = setting.working_day(_last_on(ending, turn, setting, rng))
    days = doses.days_of_effect(product, indication, effect, rng)
    dates = [(on, days)]
    while True:
        days = doses.days_of_effect(product, indication, effect, rng)
        worn_off = LEAST_INTERVAL if is_punctual else max(LEAST_INTERVAL, days)
        on = setting.working_day(on - timedelta(days=worn_off + _wait(rng)))
        if on < begins_on:
            break
        dates.append((on, days))
    dates.reverse()
    # A few have changed their product once.
    changed_at = rng.randrange(1, len(dates)) if others and len(dates) > 2 and rng.random() < 0.1 else 0
    if is_scheme:
        points = schemes.scheme(indication, side, setting.ranges, rng)
        return tuple(Treatment(day, product, points, effect_days) for day, effect_days in dates)
    points = doses.usual_points(product, indication, side, grade, setting.ranges, rng)
    before = rng.choice(others) if changed_at else product
    earlier = doses.usual_points(before, indication, side, grade, setting.ranges, rng)
    treatments = []
    for at, (day, effect_days) in enumerate(dates):
        if at < changed_at:
            earlier = doses.adjusted(earlier, before, setting.ranges, rng)
            treatments.append(Treatment(day, before, earlier, doses.days_of_effect(before, indication, effect, rng)))
        else:
            points = doses.adjusted(points, product, setting.ranges, rng)
            treatments.append(Treatment(day, product, points, effect_days))
    return tuple(treatments)


def _wait(rng: Random) -> int:
    """Days between wearing off and a free time: what the clinic's capacity adds."""
    return 2 + round(rng.gammavariate(2, 9))


def _last_on(ending: Ending, turn: int, setting: Setting, rng: Random) -> date:
    if ending is Ending.WAITING and turn < len(OPEN_REACTIONS):
        return setting.today - timedelta(days=rng.randint(16, 24))
    if ending in _OPENS_IN:
        return setting.today + timedelta(days=rng.randint(*_OPENS_IN[ending])) - POLICY
    if ending in _CLOSES_IN:
        return setting.today + timedelta(days=rng.randint(*_CLOSES_IN[ending])) - POLICY_END
    return setting.today - timedelta(days=rng.randint(*_LAST_TREATED[ending]))
