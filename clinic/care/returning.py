"""Whether phoning works, and whether patients come when it was planned: pure. Facts in, counts out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median

from clinic.care.proportions import Proportion

#: A treatment this many days from what was planned counts as planned: a week of the clinic's calendar.
GRACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Contacted:
    """A follow-up about which somebody was contacted. Dates are days in the clinic's zone."""

    first_contact_on: date
    opens_on: date
    closes_on: date
    #: A visit for it was booked at or after the first contact.
    is_booked_after: bool
    #: When the patient was treated again for the condition; None if not yet.
    returned_on: date | None


@dataclass(frozen=True, slots=True)
class Month:
    """What became of those first contacted in one month."""

    begins_on: date
    contacted: int
    booked_after: Proportion
    #: Treated within the window, of those contacted before it closed of whom it is decided.
    within: Proportion
    #: Contacted in time; the window still runs and they have not come yet: in no denominator.
    undecided: int
    #: First contacted when the window had closed: too late for the question, in no denominator.
    too_late: int


def months(contacted: Iterable[Contacted], *, today: date) -> list[Month]:
    """The months of first contact, the newest first."""
    by_month: dict[date, list[Contacted]] = {}
    for one in contacted:
        by_month.setdefault(one.first_contact_on.replace(day=1), []).append(one)
    return [_month(begins_on, some, today) for begins_on, some in sorted(by_month.items(), reverse=True)]


def _month(begins_on: date, some: list[Contacted], today: date) -> Month:
    in_time = [one for one in some if one.first_contact_on <= one.closes_on]
    decided = [one for one in in_time if one.returned_on is not None or one.closes_on < today]
    within = [one for one in decided if one.returned_on is not None and one.opens_on <= one.returned_on <= one.closes_on]
    return Month(
        begins_on=begins_on,
        contacted=len(some),
        booked_after=Proportion(sum(one.is_booked_after for one in some), len(some)),
        within=Proportion(len(within), len(decided)),
        undecided=len(in_time) - len(decided),
        too_late=len(some) - len(in_time),
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """When a patient was to come again: the first and the last day that were planned, and by what."""

    earliest: date
    latest: date


def planned(
    *, opens_on: date, closes_on: date, own_on: date | None, suggested_from: date | None, suggested_until: date | None
) -> Planned:
    """What was planned: the clinician's own date, else the suggested band, else the whole window."""
    if own_on is not None:
        return Planned(own_on, own_on)
    return Planned(suggested_from or opens_on, suggested_until or closes_on)


def days_off(plan: Planned, actual: date) -> int:
    """How many days a treatment came after the last planned day, or (negative) before the first; 0 in between."""
    if actual > plan.latest:
        return (actual - plan.latest).days
    return min((actual - plan.earliest).days, 0)


def is_as_planned(plan: Planned, actual: date) -> bool:
    """Whether a treatment came as planned, give or take a week."""
    return abs(days_off(plan, actual)) <= GRACE_DAYS


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval that a treatment has ended."""

    plan: Planned
    actual_on: date
    #: Why it came at another time (`treatments.IntervalCause`); empty where nobody said.
    cause: str


@dataclass(frozen=True, slots=True)
class Cause:
    """The intervals that one cause explains."""

    code: str
    number: int
    #: Days after what was planned, negative before; the middle one.
    median_days: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Planned against actual."""

    as_planned: Proportion
    later: int
    earlier: int
    median_later: int
    median_earlier: int
    #: By how often; what nobody explained under "".
    causes: tuple[Cause, ...]


def compare(intervals: Iterable[Interval]) -> Intervals:
    """How many came as planned, and what was said of the others."""
    offs = [(days_off(one.plan, one.actual_on), one) for one in intervals]
    other = [(off, one) for off, one in offs if not is_as_planned(one.plan, one.actual_on)]
    later, earlier = [off for off, _one in other if off > 0], [off for off, _one in other if off < 0]
    counted = Counter(one.cause for _off, one in other)
    return Intervals(
        as_planned=Proportion(len(offs) - len(other), len(offs)),
        later=len(later),
        earlier=len(earlier),
        median_later=_middle(later),
        median_earlier=_middle(earlier),
        causes=tuple(
            Cause(code, number, _middle([off for off, one in other if one.cause == code]))
            for code, number in sorted(counted.items(), key=lambda pair: (pair[0] == "", -pair[1], pair[0]))
        ),
    )


def _middle(days: list[int]) -> int:
    return round(median(days)) if days else 0
