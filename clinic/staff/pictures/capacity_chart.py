"""The forecast as a picture: for each week a column of free times and, before it, one of those who want to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from clinic.care.capacity import Week

WIDTH, HEIGHT = 780.0, 220.0
"""The size of the picture, in its own units."""
LEFT, TOP, BOTTOM = 34.0, 10.0, 24.0
"""What is kept for the numbers on the left, above the highest column, and for the names of the months."""


@dataclass(frozen=True, slots=True)
class Column:
    """One week. `x` is where it begins; heights are measured up from the ground."""

    week: Week
    x: float
    free_y: float
    free_height: float
    wanted_y: float
    wanted_height: float
    #: More want to come in this week than it has free times.
    is_short: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line across the picture at a round number."""

    number: int
    y: float


@dataclass(frozen=True, slots=True)
class Month:
    """Where a month begins."""

    first: date
    x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """The picture, ready to draw."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    months: tuple[Month, ...]
    step: float
    wide: float
    narrow: float
    ground: float


def lay_out(weeks: Sequence[Week]) -> Chart:
    """Where everything stands. The highest column just fits; without any number the ground is empty."""
    ground = HEIGHT - BOTTOM
    step = (WIDTH - LEFT) / max(len(weeks), 1)
    spacing = _round_number(max((max(week.free, week.wanted) for week in weeks), default=0))
    most = spacing * 4
    scale = (ground - TOP) / most

    def height(number: int) -> float:
        return round(number * scale, 1)

    columns = tuple(
        Column(
            week,
            round(LEFT + at * step, 1),
            round(ground - height(week.free), 1),
            height(week.free),
            round(ground - height(week.wanted), 1),
            height(week.wanted),
            week.wanted > week.free,
        )
        for at, week in enumerate(weeks)
    )
    lines = tuple(Line(number, round(ground - height(number), 1)) for number in range(0, most + 1, spacing))
    months = [
        Month(column.week.begins_on, column.x)
        for before, column in zip((None, *columns), columns, strict=False)
        if before is None or before.week.begins_on.month != column.week.begins_on.month
    ]
    # A month of which only a last week is left has no room for its name.
    if len(months) > 1 and months[1].x - months[0].x < 2 * step:
        del months[0]
    return Chart(columns, lines, tuple(months), round(step, 1), round(step * 0.76, 1), round(step * 0.34, 1), ground)


def _round_number(most: int) -> int:
    """The least of 1, 2, 3, 5, 10, 20 … of which four reach `most`."""
    size = 1
    while True:
        for factor in (1, 2, 3, 5):
            if factor * size * 4 >= most:
                return factor * size
        size *= 10
