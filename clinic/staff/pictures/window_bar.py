"""The window bar: one follow-up on a time axis that all rows share, and the same facts as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, ngettext

WIDTH = 330.0
"""Width of every bar and of the axis above them, in units of the picture (one unit is one pixel on a desk)."""
MONTH_LABEL_ROOM = 22.0
"""A month narrower than this has no room for its name, which then stands only at every other month."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The span of days a list of bars shows; `as_of` is the day that counts as today."""

    from_on: date
    until_on: date
    as_of: date

    def __post_init__(self) -> None:
        if self.until_on <= self.from_on:
            raise ValueError("An axis ends after it starts.")

    @classmethod
    def around(cls, as_of: date) -> Axis:
        """Twelve whole months: five before the month of `as_of`, that month, and six after it."""
        return cls(from_on=_first_of_month(as_of, -5), until_on=_first_of_month(as_of, 7), as_of=as_of)

    @classmethod
    def covering(cls, as_of: date, days: Sequence[date]) -> Axis:
        """Whole months that hold `as_of` and every one of `days`: for the picture of a single follow-up."""
        every_day = [as_of, *days]
        return cls(from_on=_first_of_month(min(every_day), 0), until_on=_first_of_month(max(every_day), 1), as_of=as_of)

    def x(self, on: date) -> float:
        """Where the start of the day `on` stands, in units of the picture; may lie outside 0 to WIDTH."""
        return round((on - self.from_on).days / (self.until_on - self.from_on).days * WIDTH, 1)

    def months(self) -> list[date]:
        """The first days of the months on this axis."""
        first = _first_of_month(self.from_on, 0)
        starts = [first] if first >= self.from_on else []
        while (first := _first_of_month(first, 1)) < self.until_on:
            starts.append(first)
        return starts


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is known about one follow-up. Dates are days in the clinic's zone."""

    treated_on: date
    opens_on: date
    closes_on: date
    suggested_from: date | None = None
    suggested_until: date | None = None
    worn_off_on: date | None = None
    letters_on: Sequence[date] = ()
    appointment_on: date | None = None

    def days(self) -> list[date]:
        """Every day that the picture should show."""
        optional = [self.suggested_from, self.suggested_until, self.worn_off_on, self.appointment_on]
        return [self.treated_on, self.opens_on, self.closes_on, *self.letters_on, *(day for day in optional if day)]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the bar from `x` on, `width` units wide."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, ready to draw. None means that the thing is not there or lies wholly outside the axis."""

    lead: Span | None
    window: Span | None
    suggested: Span | None
    late: Span | None
    treated: float | None
    worn_off: float | None
    letters: tuple[float, ...]
    appointment: float | None
    today: float | None
    earlier: bool
    """Something happened before the axis begins: drawn as an arrow at the left edge."""
    later: bool
    """Something is still to come after the axis ends: drawn as an arrow at the right edge."""


def lay_out(facts: WindowFacts, axis: Axis) -> Bar:
    """Where everything stands on the bar. Nothing is drawn outside the axis; what lies beyond is told by an arrow."""
    past_the_window = axis.as_of > facts.closes_on and facts.appointment_on is None
    suggested_until = facts.suggested_until or facts.suggested_from
    return Bar(
        lead=_span(facts.treated_on, facts.opens_on, axis),
        # The closing day itself belongs to the window, so does the last suggested day.
        window=_span(facts.opens_on, facts.closes_on + timedelta(days=1), axis),
        suggested=(
            _span(facts.suggested_from, suggested_until + timedelta(days=1), axis, at_least=4.0)
            if facts.suggested_from and suggested_until
            else None
        ),
        late=_span(facts.closes_on + timedelta(days=1), axis.as_of, axis) if past_the_window else None,
        treated=_point(facts.treated_on, axis),
        worn_off=_point(facts.worn_off_on, axis),
        letters=tuple(x for x in (_point(day, axis) for day in facts.letters_on) if x is not None),
        appointment=_point(facts.appointment_on, axis),
        today=_point(axis.as_of, axis),
        earlier=min(facts.days()) < axis.from_on,
        later=max(facts.days()) >= axis.until_on,
    )


def describe(facts: WindowFacts, as_of: date) -> str:
    """The bar in words, for whoever does not see it: the same facts, in the same order, on the day `as_of`."""
    year = as_of.year
    window = [gettext("Opens %(day)s") % {"day": _day(facts.opens_on, year)}]
    if facts.suggested_from:
        window.append(_suggested(facts.suggested_from, facts.suggested_until, year))
    window.append(gettext("closes %(day)s") % {"day": _day(facts.closes_on, None)})
    clauses = [", ".join(window)]
    if facts.appointment_on:
        clauses.append(gettext("booked for %(day)s") % {"day": _day(facts.appointment_on, year)})
    else:
        clauses.append(gettext("not booked"))
    if facts.worn_off_on:
        clauses.append(gettext("worn off by %(day)s") % {"day": _day(facts.worn_off_on, year)})
    if facts.letters_on:
        days = ", ".join(_day(day, year) for day in sorted(facts.letters_on))
        clauses.append(ngettext("letter on %(days)s", "letters on %(days)s", len(facts.letters_on)) % {"days": days})
    sentences = [gettext("Treated %(day)s.") % {"day": _day(facts.treated_on, None)}, "; ".join(clauses) + "."]
    days_past = (as_of - facts.closes_on).days
    if days_past > 0 and facts.appointment_on is None:
        past = ngettext("%(days)d day past the window.", "%(days)d days past the window.", days_past)
        sentences.append(past % {"days": days_past})
    return " ".join(sentences)


def caption(facts: WindowFacts, as_of: date) -> str:
    """The window in a few words, where there is no axis above the bar to read it from."""
    return gettext("%(opens)s to %(closes)s") % {
        "opens": _day(facts.opens_on, as_of.year),
        "closes": _day(facts.closes_on, as_of.year),
    }


def month_name(first: date) -> str:
    """The short name of a month."""
    return _written(first, "M", get_language())


def today_label(as_of: date) -> str:
    """The words at the line of today."""
    return gettext("today %(day)s") % {"day": _written(as_of, "j M", get_language())}


def _suggested(first: date, last: date | None, year: int) -> str:
    if last is None or last == first:
        return gettext("suggested %(day)s") % {"day": _day(first, year)}
    return gettext("suggested %(first)s to %(last)s") % {"first": _day(first, year), "last": _day(last, year)}


def _span(start: date, end: date, axis: Axis, at_least: float = 0.0) -> Span | None:
    left, right = max(axis.x(start), 0.0), min(axis.x(end), WIDTH)
    if right <= left:
        return None
    if right - left < at_least:
        left = min(left, WIDTH - at_least)
        right = left + at_least
    return Span(x=left, width=round(right - left, 1))


def _point(on: date | None, axis: Axis) -> float | None:
    if on is None or not axis.from_on <= on < axis.until_on:
        return None
    return axis.x(on)


def _first_of_month(day: date, months_later: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 + months_later, 12)
    return date(years, month + 1, 1)


def _day(on: date, in_year: int | None) -> str:
    """A date as the screens write it; without its year when that is `in_year`."""
    return _written(on, "j M" if on.year == in_year else "j M Y", get_language())


@lru_cache(maxsize=4096)
def _written(on: date, pattern: str, language: str | None) -> str:
    # `language` is part of the key only: fifty rows write the same few hundred days over and over.
    return date_format(on, pattern)
