"""When a patient may and should come back: the arithmetic of a follow-up's window, pure.

A floor is kept in the unit its source uses and is never converted: twelve weeks are 84 days, three calendar months are
89 to 92, ninety days are ninety. Every floor is evaluated and the latest date wins, because three months can fall short of
ninety days (1 February to 1 May are 89) and always exceed twelve weeks. Calendar months end where the month ends:
30 November and three months is the last day of February. Source: docs/clinical-sources.md, "Re-treatment window".

The rules are written out in words with their dates, because they are kept beside the dates as part of the record and must
read the same for ever: they are English whatever language the screens speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from dateutil.relativedelta import relativedelta

#: Without a known wear-off, the first weeks of the window are suggested.
SUGGESTED_LENGTH = timedelta(days=21)
SUGGESTED_BASIS = "first three weeks of the window; no personal wear-off known"
OWN_DATE = "the clinician's own date"
NOT_VERIFIED = "not verified at this clinic"

DAY, WEEK, MONTH = "DAY", "WEEK", "MONTH"
_UNIT_WORDS = {DAY: ("day", "days"), WEEK: ("week", "weeks"), MONTH: ("calendar month", "calendar months")}


@dataclass(frozen=True)
class Span:
    """A length of time in one unit: DAY, WEEK or MONTH (calendar months)."""

    value: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in _UNIT_WORDS or self.value < 0:
            raise ValueError("A span is a number of days, weeks or calendar months, not below zero.")

    def __str__(self) -> str:
        return f"{self.value} {_UNIT_WORDS[self.unit][self.value != 1]}"


class Floor(Protocol):
    """A label's minimum interval, as the catalogue gives it (`toxins.rules.IntervalFloor`)."""

    @property
    def value(self) -> int: ...
    @property
    def unit(self) -> str: ...
    @property
    def wording(self) -> str: ...
    @property
    def verified(self) -> bool: ...


class Dated(Protocol):
    """What `suggested_date` asks of a follow-up."""

    @property
    def own_on(self) -> date | None: ...
    @property
    def suggested_from(self) -> date | None: ...
    @property
    def opens_on(self) -> date: ...


#: What a clinic without a policy of its own gets: back between three and six calendar months.
DEFAULT_OPENS_AFTER = Span(3, MONTH)
DEFAULT_CLOSES_AFTER = Span(6, MONTH)


@dataclass(frozen=True)
class Window:
    """The window of one follow-up, each edge with the rule that set it. Always `opens_on` ≤ `closes_on`."""

    opens_on: date
    opens_rule: str
    closes_on: date
    closes_rule: str
    suggested_from: date
    suggested_until: date
    suggested_basis: str


def after(day: date, span: Span) -> date:
    """The day `span` after `day`. Days and weeks are exact; a calendar month ends where the month ends."""
    if span.unit == MONTH:
        return day + relativedelta(months=span.value)
    return day + timedelta(days=span.value * (7 if span.unit == WEEK else 1))


def compute(
    *,
    treated_on: date,
    opens_after: Span,
    closes_after: Span,
    floors: Sequence[Floor],
    own_on: date | None = None,
) -> Window:
    """Return the window after a treatment.

    Opens on the latest of the policy's date and every floor's; closes by the policy. Where a floor pushes the opening to or
    past the policy's closing, the window keeps the policy's length, counted from the opening. `own_on`, the clinician's own
    date, wins: the window is stretched to hold it, it alone is suggested, and a floor it undercuts is named.
    Raises ValueError when `own_on` is not after the treatment.
    """
    if own_on is not None and own_on <= treated_on:
        raise ValueError("The next date must be after the treatment.")
    earliest = [_policy(treated_on, opens_after), *(_label(treated_on, floor) for floor in floors)]
    opens_on = max(day for day, _rule in earliest)
    opens_rule = "; same day as ".join(_unique(rule for day, rule in earliest if day == opens_on))
    closes_on, closes_rule = _closing(treated_on, opens_on, opens_after, closes_after)
    if own_on is None:
        return Window(
            opens_on,
            opens_rule,
            closes_on,
            closes_rule,
            suggested_from=opens_on,
            suggested_until=min(opens_on + SUGGESTED_LENGTH, closes_on),
            suggested_basis=SUGGESTED_BASIS,
        )
    if own_on < opens_on:
        undercut = _unique(f"{rule}, which is {in_words(day)}" for day, rule in earliest if own_on < day)
        opens_on, opens_rule = own_on, f"{_own(own_on)}; earlier than {'; earlier than '.join(undercut)}"
    if own_on > closes_on:
        closes_on, closes_rule = own_on, f"{_own(own_on)}; later than {closes_rule}"
    return Window(opens_on, opens_rule, closes_on, closes_rule, own_on, own_on, OWN_DATE)


def suggested_date(follow_up: Dated) -> date:
    """The one day to aim at: the clinician's own, else the first suggested, else the first allowed."""
    return follow_up.own_on or follow_up.suggested_from or follow_up.opens_on


def in_words(day: date) -> str:
    """A date as the record writes it: 3 Dec 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


# Not strftime: the record must not depend on the locale of the process that wrote it.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _policy(treated_on: date, span: Span) -> tuple[date, str]:
    return after(treated_on, span), f"policy: {span} after {in_words(treated_on)}"


def _label(treated_on: date, floor: Floor) -> tuple[date, str]:
    note = "" if floor.verified else f" ({NOT_VERIFIED})"
    return after(treated_on, Span(floor.value, floor.unit)), f"{floor.wording}, from {in_words(treated_on)}{note}"


def _closing(treated_on: date, opens_on: date, opens_after: Span, closes_after: Span) -> tuple[date, str]:
    """The day the window closes, never before `opens_on`.

    The length kept when a floor pushes the opening past the policy's closing is the difference of the policy's two spans
    in their own unit (three calendar months by default), or in days where their units differ.
    """
    by_policy, rule = _policy(treated_on, closes_after)
    if opens_on < by_policy:
        return by_policy, rule
    if opens_after.unit == closes_after.unit:
        length = Span(max(closes_after.value - opens_after.value, 0), closes_after.unit)
    else:
        length = Span(max((by_policy - after(treated_on, opens_after)).days, 0), DAY)
    return (
        after(opens_on, length),
        f"{length} after the opening, because {rule}, which is {in_words(by_policy)}, would end it at once",
    )


def _own(day: date) -> str:
    return f"{OWN_DATE}, {in_words(day)}"


def _unique(rules: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(rules))
