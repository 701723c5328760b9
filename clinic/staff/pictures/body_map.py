"""The body map: points of the catalogue and doses given, on a picture of one view of the body.

Right and left are the patient's, so from the front the patient's right stands on the left of the picture, and from behind on
its right. Doses stand in a column on either side of the picture, joined to their points by thin straight lines that never cross.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import hypot

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from clinic.staff.pictures.drawings import VIEW_TITLES, Layer, drawing
from clinic.toxins.body import View

WIDTH, HEIGHT = 400.0, 500.0
"""The picture's own units; a point's x and y are percent of these."""
FIRST_COLUMN_X, LAST_COLUMN_X = 44.0, 356.0
"""Where the doses on the left of the picture end, and those on its right begin."""
DOSE_TOP, DOSE_BOTTOM = 30.0, 492.0
DOSE_GAP, DOSE_GAP_READING = 15.0, 19.0
"""Smallest distance between two doses under each other. A map for reading has fewer of them and may be shown small."""
LEAD_END = 5.0
"""Room between a dose and its line."""
DOT = 6.5
HIT = 12.6
"""Half the size of the area that takes a click or a tap: 24 pixels across when the map is 380 pixels wide."""
BESIDE = 10.0
"""How far from a free point its dose stands while a treatment is recorded."""


class Side(StrEnum):
    """The patient's side, spelled as in the record."""

    RIGHT = "RIGHT"
    LEFT = "LEFT"
    MIDLINE = "MIDLINE"

    @property
    def word(self) -> Promise:
        return _SIDE_WORDS[self]

    def place(self, x: float | Decimal) -> float:
        """The x on this side of a point whose catalogue x, in percent, is given for the patient's right."""
        return 100 - float(x) if self is Side.LEFT else float(x)


_SIDE_WORDS: dict[Side, Promise] = {Side.RIGHT: _("right"), Side.LEFT: _("left"), Side.MIDLINE: _("midline")}


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A catalogue point of one side, or a dose given there. `x` and `y` are percent of the picture as it is seen."""

    code: str
    label: str
    side: Side
    x: float
    y: float
    avoided: bool = False
    """Best avoided: marked as a risk, dose or no dose."""
    warning: str = ""
    units: Decimal | None = None
    previous: Decimal | None = None
    """Units given here at the last treatment with the same product."""
    view: View = View.FACE_FRONT
    is_free: bool = False
    """Not a point of the catalogue; its label is the name that somebody gave it."""


@dataclass(frozen=True, slots=True)
class PlacedPoint:
    """A point with everything that is needed to draw it, in the picture's own units."""

    code: str
    label: str
    side: Side
    x: float
    y: float
    avoided: bool
    warning: str
    dose: str
    previous: str
    given: bool
    dose_x: float
    dose_y: float
    dose_anchor: str
    lead: tuple[float, float, float, float]
    """From the edge of the dot to the dose."""
    name: str
    """The point in words: label, side, dose, last dose, warning."""
    is_free: bool


@dataclass(frozen=True, slots=True)
class BodyMap:
    """A map of one view, ready to draw."""

    view: View
    points: tuple[PlacedPoint, ...]
    selectable: bool
    summary: str

    @property
    def given(self) -> tuple[PlacedPoint, ...]:
        """The points that have a dose, top to bottom, those on the left of the picture first."""
        return tuple(point for point in self.points if point.given)

    @property
    def title(self) -> Promise:
        return VIEW_TITLES[self.view]

    @property
    def layers(self) -> tuple[Layer, ...]:
        return drawing(self.view)


def lay_out_views(points: Iterable[MapPoint], *, selectable: bool = False) -> tuple[BodyMap, ...]:
    """A map for each view that has a point to draw, in the order of the views; the face from the front where none has."""
    by_view: dict[View, list[MapPoint]] = {}
    for point in points:
        if selectable or point.units is not None:
            by_view.setdefault(point.view, []).append(point)
    shown = [view for view in View if view in by_view] or [View.FACE_FRONT]
    return tuple(lay_out(by_view.get(view, []), view=view, selectable=selectable) for view in shown)


def lay_out(points: Iterable[MapPoint], *, view: View = View.FACE_FRONT, selectable: bool = False) -> BodyMap:
    """Place every point of one view and its dose.

    Selectable (for recording): every point is drawn, and each has a place for its dose that stays the same whatever else
    is given; free points come and go, so their doses stand close to them. Otherwise (for reading): only points with a dose,
    each dose as near to its point as it can be. Doses at the same place are shown together, see `dose_text`.
    """
    groups: dict[tuple[str, Side, str, float, float], list[MapPoint]] = {}
    for point in points:
        if selectable or point.units is not None:
            name = point.label if point.is_free else ""
            groups.setdefault((point.code, point.side, name, point.x, point.y), []).append(point)
    free = [group for group in groups.values() if selectable and group[0].is_free]
    fixed = [group for group in groups.values() if not (selectable and group[0].is_free)]
    # A midline dose stands on the left of the picture: one place for it, always the same.
    first = [group for group in fixed if group[0].x <= 50]
    last = [group for group in fixed if group[0].x > 50]
    gap = DOSE_GAP if selectable else DOSE_GAP_READING
    placed = (
        *_column(first, FIRST_COLUMN_X, gap),
        *_column(last, LAST_COLUMN_X, gap),
        *(_beside(group) for group in free),
    )
    count = sum(point.given for point in placed)
    summary = ngettext(
        "%(view)s with %(count)d dose; right and left are the patient's.",
        "%(view)s with %(count)d doses; right and left are the patient's.",
        count,
    )
    return BodyMap(view=view, points=placed, selectable=selectable, summary=summary % {"view": VIEW_TITLES[view], "count": count})


def dose_text(doses: Sequence[Decimal]) -> str:
    """The doses at one place, short enough for the margin: "2.5", "2×2.5", "2.5+1", and from three unlike ones on their sum."""
    if len(doses) > 1 and len(set(doses)) == 1:
        return f"{len(doses)}×{units_text(doses[0])}"
    if len(doses) > 2:
        return f"Σ{units_text(sum(doses, Decimal(0)))}"
    return "+".join(units_text(one) for one in doses)


def units_text(units: Decimal) -> str:
    """Units without needless zeros: 2.50 is "2.5", 5.00 is "5"."""
    plain = units.normalize()
    return number_format(Decimal(f"{plain:f}"))


def spread(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places at least `gap` apart between `top` and `bottom`, in the order of `wanted` and together as near to it as can be.

    `wanted` is ascending. When there are too many for the room, they are spread over it evenly.
    """
    count = len(wanted)
    if count == 0:
        return []
    if (count - 1) * gap > bottom - top:
        gap = (bottom - top) / max(count - 1, 1)
    # Without the gaps the places only have to ascend: neighbours in the wrong order meet at their mean.
    blocks: list[tuple[float, int]] = []
    for index, place in enumerate(wanted):
        total, size = place - index * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
            before, before_size = blocks.pop()
            total, size = total + before, size + before_size
        blocks.append((total, size))
    highest = bottom - (count - 1) * gap
    flat = [min(max(total / size, top), highest) for total, size in blocks for _ in range(size)]
    return [round(place + index * gap, 1) for index, place in enumerate(flat)]


def untangle(points: Sequence[tuple[float, float]], column_x: float, rows: Sequence[float]) -> list[float]:
    """Give each point one of `rows` on the line x = `column_x`, so that no two straight lines to them cross.

    Both are given from top to bottom. While two lines cross, their rows are exchanged: that shortens the sum of all
    lines, so it comes to an end.
    """
    given = list(rows)
    tangled = True
    while tangled:
        tangled = False
        for one in range(len(points)):
            for other in range(one + 1, len(points)):
                kept = _distance(points[one], column_x, given[one]) + _distance(points[other], column_x, given[other])
                swapped = _distance(points[one], column_x, given[other]) + _distance(points[other], column_x, given[one])
                if swapped < kept - 1e-9:
                    given[one], given[other] = given[other], given[one]
                    tangled = True
    return given


def lead_to(spot: tuple[float, float], column_x: float, row: float, *, dot: float = DOT) -> tuple[float, float, float, float]:
    """The line from the edge of a dot at `spot` to a dose in the column at `column_x`."""
    x, y = spot
    end_x = column_x + LEAD_END if column_x < WIDTH / 2 else column_x - LEAD_END
    length = hypot(end_x - x, row - y) or 1.0
    return round(x + (end_x - x) / length * dot, 1), round(y + (row - y) / length * dot, 1), end_x, row


def anchor_at(column_x: float) -> str:
    """Which end of a dose stands at the column at `column_x`: doses grow away from the picture."""
    return "end" if column_x < WIDTH / 2 else "start"


def _column(groups: list[list[MapPoint]], column_x: float, gap: float) -> list[PlacedPoint]:
    groups = sorted(groups, key=lambda group: (group[0].y, group[0].x))
    spots = [(group[0].x / 100 * WIDTH, group[0].y / 100 * HEIGHT) for group in groups]
    rows = spread([y for _x, y in spots], gap, DOSE_TOP, DOSE_BOTTOM)
    rows = untangle(spots, column_x, rows)
    return [_placed(group, spot, column_x, row) for group, spot, row in zip(groups, spots, rows, strict=True)]


def _beside(group: list[MapPoint]) -> PlacedPoint:
    """A free point with its dose next to it, on the side that has room."""
    spot = (group[0].x / 100 * WIDTH, group[0].y / 100 * HEIGHT)
    outward = 1 if spot[0] < WIDTH * 0.85 else -1
    placed = _placed(group, spot, LAST_COLUMN_X if outward > 0 else FIRST_COLUMN_X, spot[1])
    return replace(placed, dose_x=round(spot[0] + outward * BESIDE, 1))


def _placed(group: list[MapPoint], spot: tuple[float, float], column_x: float, row: float) -> PlacedPoint:
    point, (x, y) = group[0], spot
    units = [one.units for one in group if one.units is not None]
    previous = next((one.previous for one in group if one.previous is not None), None)
    warning = next((one.warning for one in group if one.warning), "")
    return PlacedPoint(
        code=point.code,
        label=point.label,
        side=point.side,
        x=round(x, 1),
        y=round(y, 1),
        avoided=point.avoided,
        warning=warning,
        dose=dose_text(units),
        previous=units_text(previous) if previous is not None else "",
        given=bool(units),
        dose_x=column_x,
        dose_y=row,
        dose_anchor=anchor_at(column_x),
        lead=lead_to(spot, column_x, row),
        name=_name(point, units, previous, warning),
        is_free=point.is_free,
    )


def _name(point: MapPoint, units: list[Decimal], previous: Decimal | None, warning: str) -> str:
    words = [gettext("%(point)s, %(side)s") % {"point": point.label, "side": point.side.word}]
    if units:
        words.append(gettext("%(units)s U") % {"units": " + ".join(units_text(one) for one in units)})
    if previous is not None:
        words.append(gettext("last time %(units)s U") % {"units": units_text(previous)})
    if point.avoided:
        words.append(gettext("best avoided"))
    if warning:
        words.append(warning)
    return "; ".join(words)


def _distance(spot: tuple[float, float], column_x: float, row: float) -> float:
    return hypot(column_x - spot[0], row - spot[1])
