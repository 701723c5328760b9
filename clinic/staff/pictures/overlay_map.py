"""Two treatments laid over one another on one picture: at every point both doses, told apart by shape and by text.

A ring is the earlier treatment, a disc the later one, a disc in a ring both. The doses stand in the margins as on any body map,
the earlier before the later: "2.5 → 5", "5 = 5", "– → 5" where a point was added, "5 → –" where it was left out. Units of two
products are told beside each other, "2.5 | 50", without a sign that would relate them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext

from clinic.staff.pictures.body_map import (
    DOSE_BOTTOM,
    DOSE_GAP_READING,
    DOSE_TOP,
    DOT,
    FIRST_COLUMN_X,
    HEIGHT,
    LAST_COLUMN_X,
    WIDTH,
    Side,
    anchor_at,
    dose_text,
    lead_to,
    spread,
    units_text,
    untangle,
)
from clinic.staff.pictures.drawings import VIEW_TITLES, Layer, drawing
from clinic.toxins.body import View

MARGIN = 52
"""How far the picture reaches out on either side, in its own units: two doses need more room than one."""
RING = 9.5
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class BothDoses:
    """A place with what each treatment gave there; `x` and `y` are percent of the picture.

    `was_at` is where the earlier treatment gave it, if one can see that it was another spot.
    """

    label: str
    side: Side
    x: float
    y: float
    view: View
    earlier: tuple[Decimal, ...]
    later: tuple[Decimal, ...]
    products: tuple[str, str]
    """What each was given in."""
    is_same_product: bool = True
    was_at: tuple[float, float] | None = None
    avoided: bool = False
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class OverlaidPoint:
    """A place with everything that is needed to draw it, in the picture's own units."""

    x: float
    y: float
    was_at: tuple[float, float] | None
    earlier: str
    later: str
    sign: str
    is_same: bool
    has_earlier: bool
    has_later: bool
    avoided: bool
    is_free: bool
    dose_x: float
    dose_y: float
    dose_anchor: str
    lead: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, slots=True)
class OverlayMap:
    """One view with the points of both treatments, ready to draw."""

    view: View
    points: tuple[OverlaidPoint, ...]
    summary: str

    @property
    def title(self) -> Promise:
        return VIEW_TITLES[self.view]

    @property
    def layers(self) -> tuple[Layer, ...]:
        return drawing(self.view)


def lay_over(places: Iterable[BothDoses]) -> tuple[OverlayMap, ...]:
    """A map for each view in which either treatment has a point, in the order of the views."""
    by_view: dict[View, list[BothDoses]] = {}
    for place in places:
        by_view.setdefault(place.view, []).append(place)
    return tuple(_lay_over(view, by_view[view]) for view in View if view in by_view)


def doses_in_words(place: BothDoses) -> str:
    """The place for whoever does not see the picture: label, side, both doses."""
    words = [gettext("%(point)s, %(side)s") % {"point": place.label, "side": place.side.word}]
    earlier_in, later_in = place.products
    words.append(
        gettext("earlier %(units)s U of %(product)s") % {"units": _summed(place.earlier), "product": earlier_in}
        if place.earlier
        else gettext("earlier nothing")
    )
    words.append(
        gettext("later %(units)s U of %(product)s") % {"units": _summed(place.later), "product": later_in}
        if place.later
        else gettext("later nothing")
    )
    if place.was_at:
        words.append(gettext("at another spot than before"))
    if place.avoided:
        words.append(gettext("best avoided"))
    return "; ".join(words)


def _lay_over(view: View, places: Sequence[BothDoses]) -> OverlayMap:
    points = (
        *_column([one for one in places if one.x <= 50], FIRST_COLUMN_X),
        *_column([one for one in places if one.x > 50], LAST_COLUMN_X),
    )
    summary = ngettext(
        "%(view)s with the doses of two treatments at %(count)d place; right and left are the patient's.",
        "%(view)s with the doses of two treatments at %(count)d places; right and left are the patient's.",
        len(points),
    )
    return OverlayMap(view, points, summary % {"view": VIEW_TITLES[view], "count": len(points)})


def _column(places: Sequence[BothDoses], column_x: float) -> list[OverlaidPoint]:
    places = sorted(places, key=lambda place: (place.y, place.x))
    spots = [_spot(place.x, place.y) for place in places]
    rows = untangle(spots, column_x, spread([y for _x, y in spots], DOSE_GAP_READING, DOSE_TOP, DOSE_BOTTOM))
    return [_placed(place, spot, column_x, row) for place, spot, row in zip(places, spots, rows, strict=True)]


def _placed(place: BothDoses, spot: tuple[float, float], column_x: float, row: float) -> OverlaidPoint:
    is_same = place.is_same_product and sorted(place.earlier) == sorted(place.later)
    return OverlaidPoint(
        x=spot[0],
        y=spot[1],
        was_at=_spot(*place.was_at) if place.was_at else None,
        earlier=dose_text(place.earlier) if place.earlier else NOTHING,
        later=dose_text(place.later) if place.later else NOTHING,
        sign="=" if is_same else "→" if place.is_same_product else "|",
        is_same=is_same,
        has_earlier=bool(place.earlier),
        has_later=bool(place.later),
        avoided=place.avoided,
        is_free=place.is_free,
        dose_x=column_x,
        dose_y=row,
        dose_anchor=anchor_at(column_x),
        lead=lead_to(spot, column_x, row, dot=RING if place.earlier else DOT),
        name=doses_in_words(place),
    )


def _spot(x: float, y: float) -> tuple[float, float]:
    return round(x / 100 * WIDTH, 1), round(y / 100 * HEIGHT, 1)


def _summed(doses: Sequence[Decimal]) -> str:
    return " + ".join(units_text(one) for one in doses)
