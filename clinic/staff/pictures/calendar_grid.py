"""Where things stand in a calendar: the rows of its hours, and the lanes of what overlaps. Pure.

A row is five minutes of the wall clock, so that nine o'clock stands on one line through all days. An hour that a day has twice
has rows of its own, which the other days leave empty; of an hour that a day skips, its rows are marked as a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from clinic.scheduling.slots import exists

Span = tuple[datetime, datetime]
#: An hour of the wall clock, and 1 for the one that it shows a second time.
Hour = tuple[int, int]

FIVES = 12
"""Rows of an hour."""
USUAL = (8, 17)
"""The hours of a calendar in which nothing is: from the first, to before the last."""
#: How many lanes a column can be cut into: its twelve parts can be shared out evenly by these.
LANES = (1, 2, 3, 4, 6, 12)


@dataclass(frozen=True, slots=True)
class Place:
    """Rows from the top of the calendar, and which lane of how many. The names of its classes in the style sheet."""

    row: int
    rows: int
    lane: int = 0
    lanes: int = 1

    @property
    def classes(self) -> str:
        """Where it begins in hours and fives, how long it is, and which lane it has where there are several."""
        at, long = divmod(self.row, FIVES), divmod(self.rows, FIVES)
        lane = f" cl{self.lanes}-{self.lane}" if self.lanes > 1 else ""
        return f"ch{at[0]} cf{at[1]} cs{long[0]} ct{long[1]}{lane}"


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours that a calendar shows, from top to bottom."""

    hours: tuple[Hour, ...]
    zone: tzinfo

    @classmethod
    def covering(cls, spans: Iterable[Span], days: Sequence[date], zone: tzinfo) -> Hours:
        """The hours that hold all `spans` on `days`; the usual ones where there is nothing."""
        first, last = 24, 0
        for start, end in spans:
            begins, ends = start.astimezone(zone), (end - timedelta(microseconds=1)).astimezone(zone)
            # What runs past midnight fills the rest of the one day and the beginning of the other.
            first = min(first, begins.hour if begins.date() == ends.date() else 0)
            last = max(last, ends.hour + 1 if begins.date() == ends.date() else 24)
        if first >= last:
            first, last = USUAL
        hours: list[Hour] = []
        for hour in range(first, last):
            hours.append((hour, 0))
            if any(_is_shown_twice(day, hour, zone) for day in days):
                hours.append((hour, 1))
        return cls(tuple(hours), zone)

    @property
    def rows(self) -> int:
        return len(self.hours) * FIVES

    def row(self, moment: datetime, on: date) -> int:
        """The row at whose top `moment` stands in the column of the day `on`; the first or last for what lies before or after."""
        local = moment.astimezone(self.zone)
        if local.date() != on:
            return 0 if local.date() < on else self.rows
        hour = (local.hour, local.fold)
        if hour in self.hours:
            return self.hours.index(hour) * FIVES + local.minute // 5
        return 0 if hour < self.hours[0] else self.rows

    def place(self, span: Span, on: date, *, lane: int = 0, lanes: int = 1) -> Place:
        """Where `span` stands on the day `on`; it is never less than a row high."""
        # The end is asked for from within: at the end of an hour that is shown twice the clock jumps.
        start, end = self.row(span[0], on), min(self.row(span[1] - timedelta(minutes=5), on) + 1, self.rows)
        return Place(start, max(end - start, 1), lane, lanes)

    def gaps(self, on: date) -> list[Place]:
        """The rows that the clock of the day `on` never shows: the hour skipped, and the second one that other days have."""
        missing = [number for number, hour in enumerate(self.hours) if not _is_shown(on, hour, self.zone)]
        return [Place(number * FIVES, FIVES) for number in missing]


def lanes_of(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """For each span, in any order, its lane and how many lanes those share that overlap it, directly or through others."""
    order = sorted(range(len(spans)), key=lambda number: spans[number])
    lanes: list[tuple[int, int]] = [(0, 1)] * len(spans)
    cluster: list[int] = []
    ends: list[datetime] = []
    given: dict[int, int] = {}

    def close() -> None:
        needed = next((count for count in LANES if count >= len(ends)), LANES[-1])
        for number in cluster:
            lanes[number] = (min(given[number], needed - 1), needed)

    for number in order:
        start, end = spans[number]
        if cluster and start >= max(ends):
            close()
            cluster, ends = [], []
        lane = next((one for one, until in enumerate(ends) if until <= start), len(ends))
        ends[lane : lane + 1] = [end]
        given[number] = lane
        cluster.append(number)
    close()
    return lanes


def _is_shown(day: date, hour: Hour, zone: tzinfo) -> bool:
    """Whether the clock of `zone` shows any of `hour` on `day`."""
    if hour[1]:
        return _is_shown_twice(day, hour[0], zone)
    return any(exists(wall, zone) for wall in _quarters(day, hour[0]))


def _is_shown_twice(day: date, hour: int, zone: tzinfo) -> bool:
    """Whether it shows some of it, and then again once it was put back."""
    return any(
        exists(wall, zone) and wall.replace(tzinfo=zone).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()
        for wall in _quarters(day, hour)
    )


def _quarters(day: date, hour: int) -> list[datetime]:
    """No clock has been changed by less than a quarter of an hour in living memory."""
    return [datetime.combine(day, time(hour, minute)) for minute in (0, 15, 30, 45)]
