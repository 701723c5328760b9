"""Free times. Pure: hours, their exceptions, closures and what is taken in, times out.

Times on offer stand one behind the other, so that no choice leaves a hole too short for anybody: they begin with the
hours and go on in steps of the visit's length and the time kept free after it; after something already booked they go on
from its end, rounded up to five minutes. A visit ends within the hours; the time kept free after it may run past them.

Hours of a single day stand in place of that day's weekly hours, and what somebody is away for is cut out of whichever hold.

All of these are wall-clock times of the clinic: nine o'clock stays nine o'clock when the clocks change. An hour that a
day does not have offers nothing; of an hour that it has twice, only the first is offered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import TypeVar

Busy = tuple[datetime, datetime]
Closed = tuple[date, date]
T = TypeVar("T")

_FULL = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WeeklyHours:
    """Hours of one weekday (0 is Monday) in local time, from `valid_from` to `valid_until`, both days included."""

    weekday: int
    starts: time
    ends: time
    valid_from: date = date.min
    valid_until: date | None = None

    def hold_on(self, day: date) -> bool:
        """Whether these hours apply on `day`."""
        return day.weekday() == self.weekday and self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True)
class SpecialHours:
    """Hours of the one local day `on`. All of a day's together stand in place of its weekly hours."""

    on: date
    starts: time
    ends: time

    def hold_on(self, day: date) -> bool:
        """Whether these hours apply on `day`."""
        return day == self.on


@dataclass(frozen=True)
class Away:
    """Nobody is seen on the local day `on` from `starts` to `ends`, whatever hours hold then."""

    on: date
    starts: time
    ends: time

    def hold_on(self, day: date) -> bool:
        """Whether it is this day that is cut."""
        return day == self.on


#: What says when somebody sees patients: their weekly hours and the exceptions, in any order.
Hours = WeeklyHours | SpecialHours | Away


def free_times(
    hours: Sequence[Hours],
    busy: Iterable[Busy],
    closures: Sequence[Closed],
    *,
    minutes: int,
    buffer: int,
    from_on: date,
    until_on: date,
    zone: tzinfo,
    now: datetime,
) -> list[datetime]:
    """Return the beginnings (aware, UTC, rising) of the visits that one practitioner could take.

    `busy` are spans [from, until) that are taken, in any order and overlapping or not; `closures` are ranges of local
    days, both ends included; `minutes` is the visit's length and `buffer` the minutes kept free after it; the local days
    looked at run from `from_on` to `until_on`, both included. Guaranteed: each time lies after `now`, is free for
    `minutes + buffer` from there, and its visit lies within the hours.
    """
    taken = _merged(busy)
    starts = [start for start, _ in taken]
    length, kept = timedelta(minutes=minutes), timedelta(minutes=minutes + buffer)
    found: list[datetime] = []
    for day in _days(from_on, until_on):
        if any(first <= day <= last for first, last in closures):
            continue
        for opens, closes in day_hours(hours, day, zone):
            at = opens
            while at + length <= closes:
                clash = _clash(taken, starts, at, at + kept)
                if clash is not None:
                    at = max(_rounded_up(clash), at + _MINUTE)
                    continue
                if at > now and not at.astimezone(zone).fold:
                    found.append(at)
                at += kept
    return sorted(set(found))


def is_within_hours(
    hours: Sequence[Hours], closures: Sequence[Closed], *, starts_at: datetime, minutes: int, zone: tzinfo
) -> bool:
    """Whether a visit of `minutes` beginning at `starts_at` lies within the hours of a day that is not closed."""
    day = starts_at.astimezone(zone).date()
    if any(first <= day <= last for first, last in closures):
        return False
    ends_at = starts_at + timedelta(minutes=minutes)
    return any(opens <= starts_at and ends_at <= closes for opens, closes in day_hours(hours, day, zone))


def day_hours(hours: Sequence[Hours], day: date, zone: tzinfo) -> list[Busy]:
    """The spans (UTC) in which patients are seen on the local `day`; touching and overlapping ones are joined.

    Hours of that day alone stand in place of its weekly ones; what somebody is away for is cut out.
    """
    holding = [row for row in hours if row.hold_on(day)]
    special: list[Hours] = [row for row in holding if isinstance(row, SpecialHours)]
    seeing = special or [row for row in holding if isinstance(row, WeeklyHours)]
    spans = _merged(_span(day, row, zone) for row in seeing)
    for away in holding:
        if isinstance(away, Away):
            spans = _without(spans, _span(day, away, zone))
    return spans


def changed_hours(
    hours: Iterable[WeeklyHours], new: Iterable[WeeklyHours], *, from_on: date, until_on: date | None = None
) -> list[WeeklyHours]:
    """Return `hours` with `new` in their place from `from_on` to `until_on`, both included (None: for good).

    What held before `from_on` ends the day before it; what was to hold after `until_on` goes on the day after it. Nothing is
    changed on any other day. `new` says its weekday and times; its dates are set here.
    """
    kept: list[WeeklyHours] = []
    for row in hours:
        if row.valid_from < from_on:
            last = from_on - _DAY
            kept.append(row if row.valid_until is not None and row.valid_until < from_on else replace(row, valid_until=last))
        if until_on is not None and (row.valid_until is None or row.valid_until > until_on):
            kept.append(replace(row, valid_from=max(row.valid_from, until_on + _DAY)))
    return kept + [replace(row, valid_from=from_on, valid_until=until_on) for row in new]


def first_instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The moment (UTC) at which the wall clock of `zone` first shows `at` or later on `day`.

    A time that the day has twice is its first occurrence, whatever `at.fold` says; one that it skips is the end of the gap.
    """
    wall = datetime.combine(day, at.replace(fold=0))
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(moment, zone) == wall:
        return moment
    # In a gap. Read with the offset after it, the time lies before the change of the clocks: go on to the change.
    moment = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while _wall(moment, zone) < wall:
        moment += _MINUTE
    return moment


def exists(wall: datetime, zone: tzinfo) -> bool:
    """Whether the naive local time `wall` ever stands on the clock of `zone`."""
    return _wall(wall.replace(tzinfo=zone).astimezone(UTC), zone) == wall


def nearest(
    times: Iterable[T],
    target_on: date,
    limit: int,
    *,
    day: Callable[[T], date],
    order: Callable[[T], datetime],
) -> list[T]:
    """Return at most `limit` of `times`: those on the days nearest to `target_on`, in the order of time.

    Of two days equally far the earlier one comes first. A day is shown whole or not at all, so that nobody takes a day that
    was cut off for a full one; only the nearest day is cut where it alone has more. `day` tells the local day of a time,
    `order` when it is.
    """
    days: dict[date, list[T]] = defaultdict(list)
    for found in sorted(times, key=order):
        days[day(found)].append(found)
    chosen: list[T] = []
    for on in sorted(days, key=lambda on: (abs((on - target_on).days), on)):
        if chosen and len(chosen) + len(days[on]) > limit:
            break
        chosen += days[on][:limit]
    return sorted(chosen, key=order)


def spread(times: Sequence[T], count: int) -> list[T]:
    """Return at most `count` of `times`, evenly from first to last, so that morning and afternoon are both there."""
    if len(times) <= count:
        return list(times)
    if count <= 1:
        return list(times[:count])
    return [times[round(position * (len(times) - 1) / (count - 1))] for position in range(count)]


def by_day(times: Iterable[T], day: Callable[[T], date]) -> list[tuple[date, list[T]]]:
    """Group `times`, which come in the order of time, by their local day."""
    return [(shared, list(group)) for shared, group in groupby(times, key=day)]


def thin_out(times: Iterable[T], per_day: int, *, group: Callable[[T], object]) -> list[T]:
    """Keep at most `per_day` times of each `group` (a practitioner's day), spread over it."""
    groups: dict[object, list[T]] = defaultdict(list)
    for found in times:
        groups[group(found)].append(found)
    return [kept for members in groups.values() for kept in spread(members, per_day)]


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _rounded_up(moment: datetime) -> datetime:
    beyond = (moment - datetime.min.replace(tzinfo=UTC)) % _FULL
    return moment + (_FULL - beyond) if beyond else moment


def _span(day: date, row: Hours, zone: tzinfo) -> Busy:
    return first_instant(day, row.starts, zone), first_instant(day, row.ends, zone)


def _without(spans: Iterable[Busy], cut: Busy) -> list[Busy]:
    """What is left of `spans`, apart and rising, once the time of `cut` is taken out."""
    starts, ends = cut
    if starts >= ends:
        return list(spans)
    pieces = [piece for start, end in spans for piece in ((start, min(end, starts)), (max(start, ends), end))]
    return [(start, end) for start, end in pieces if start < end]


def _merged(spans: Iterable[Busy]) -> list[Busy]:
    """Join spans that touch or overlap; drop empty ones; in UTC and in order."""
    joined: list[Busy] = []
    for start, end in sorted((start.astimezone(UTC), end.astimezone(UTC)) for start, end in spans if start < end):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _clash(taken: Sequence[Busy], starts: Sequence[datetime], start: datetime, end: datetime) -> datetime | None:
    """The end of the first of `taken` (joined, in order) that overlaps [start, end), or None."""
    position = bisect_right(starts, start) - 1
    if position >= 0 and taken[position][1] > start:
        return taken[position][1]
    if position + 1 < len(taken) and taken[position + 1][0] < end:
        return taken[position + 1][1]
    return None
