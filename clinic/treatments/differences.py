"""What is different between two versions of a treatment's record, and between two treatments. Pure: two sets of facts in.

`differences` tells two versions of one record apart, as a plain list of changes. Points are compared by site, side and label: the
same place with other units has changed units, every other is added or removed.

`compared` lays two treatments side by side, place by place. A place of the catalogue is a site on a side, in however many points
it was given; a free point is its own place, known by its side, its view and its name.

Units are those of the product of each; where the product differs, the numbers say nothing about each other: both are told, and no
difference is ever taken.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

#: Two spots on a picture that are no further apart, in percent of it along either edge, look like one: their dots touch.
NEAR = Decimal(3)


class What(StrEnum):
    """What a change is about."""

    DATE = "DATE"
    PRACTITIONER = "PRACTITIONER"
    PRODUCT = "PRODUCT"
    GUIDANCE = "GUIDANCE"
    LID_TECHNIQUE = "LID_TECHNIQUE"
    NOTES = "NOTES"
    POINT_ADDED = "POINT_ADDED"
    POINT_REMOVED = "POINT_REMOVED"
    POINT_UNITS = "POINT_UNITS"
    POINT_MOVED = "POINT_MOVED"
    VIAL_ADDED = "VIAL_ADDED"
    VIAL_REMOVED = "VIAL_REMOVED"
    VIAL_UNITS = "VIAL_UNITS"


@dataclass(frozen=True, slots=True)
class PointSaid:
    """One point as a version says it: the place it is known by, what it is called, and what was given there."""

    site: str
    side: str
    label: str
    units: Decimal
    x: Decimal
    y: Decimal
    view: str = ""
    is_free: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        return self.site, self.side, self.label

    @property
    def spot(self) -> tuple[str, Decimal, Decimal]:
        """Where exactly on the pictures."""
        return self.view, self.x, self.y


Points = tuple[PointSaid, ...]


@dataclass(frozen=True, slots=True)
class VialSaid:
    """What a version took from one vial, named by its public id."""

    vial: str
    given: Decimal
    wasted: Decimal


@dataclass(frozen=True, slots=True)
class Said:
    """All that one version says. Practitioner and product are named by what tells them apart, not by their words."""

    performed_on: date
    practitioner: str
    product: str
    guidance: str
    lid_technique: str
    notes: str
    points: Points
    vials: tuple[VialSaid, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different. What stood before and stands after; None where there was or is nothing."""

    what: What
    before: object = None
    after: object = None


_PLAIN = (
    (What.DATE, "performed_on"),
    (What.PRACTITIONER, "practitioner"),
    (What.PRODUCT, "product"),
    (What.GUIDANCE, "guidance"),
    (What.LID_TECHNIQUE, "lid_technique"),
    (What.NOTES, "notes"),
)


def differences(before: Said, after: Said) -> list[Change]:
    """Everything in which `after` differs from `before`; the order in which points were entered is no difference."""
    found = [
        Change(what, getattr(before, name), getattr(after, name))
        for what, name in _PLAIN
        if getattr(before, name) != getattr(after, name)
    ]
    return [*found, *_points(before, after), *_vials(before, after)]


class Fate(StrEnum):
    """What became of a place from one treatment to the next."""

    LEFT_OUT = "LEFT_OUT"
    ADDED = "ADDED"
    SAME = "SAME"
    CHANGED = "CHANGED"
    NOT_COMPARED = "NOT_COMPARED"
    """Given both times, in units of two products."""


@dataclass(frozen=True, slots=True)
class Place:
    """What each of two treatments gave at one place: nothing, or one point or several.

    `difference` is in units of the one product that both were given in; None where they are two products.
    """

    before: Points
    after: Points
    fate: Fate
    difference: Decimal | None

    @property
    def said(self) -> PointSaid:
        """What the place is known by: as the later treatment says it, where it does."""
        return (self.after or self.before)[0]

    @property
    def has_moved(self) -> bool:
        """Whether a free point lies where one can see on the picture that it is another spot."""
        if not (self.before and self.after and self.said.is_free):
            return False
        was, is_now = self.before[0], self.after[0]
        return max(abs(was.x - is_now.x), abs(was.y - is_now.y)) > NEAR


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two treatments, place by place: those of the later in its order, then those that only the earlier has."""

    is_same_product: bool
    places: tuple[Place, ...]

    def count(self, fate: Fate) -> int:
        return sum(place.fate == fate for place in self.places)


def compared(before: Said, after: Said) -> Comparison:
    """Lay two treatments side by side. Units are subtracted where both were given in the same product, and only there."""
    is_same_product = before.product == after.product
    return Comparison(
        is_same_product,
        tuple(_place(was, is_now, is_same_product) for was, is_now in (*_of_catalogue(before, after), *_free(before, after))),
    )


def units_at(points: Iterable[PointSaid]) -> Decimal:
    """What was given at some points of one treatment together."""
    return sum((point.units for point in points), Decimal(0))


def _place(was: Points, is_now: Points, is_same_product: bool) -> Place:
    if not is_now:
        fate = Fate.LEFT_OUT
    elif not was:
        fate = Fate.ADDED
    elif not is_same_product:
        fate = Fate.NOT_COMPARED
    else:
        is_same = sorted(point.units for point in was) == sorted(point.units for point in is_now)
        fate = Fate.SAME if is_same else Fate.CHANGED
    return Place(was, is_now, fate, units_at(is_now) - units_at(was) if is_same_product else None)


def _of_catalogue(before: Said, after: Said) -> Iterator[tuple[Points, Points]]:
    old, new = (_grouped((one for one in said.points if not one.is_free), by=_on_side) for said in (before, after))
    for key in dict.fromkeys([*new, *old]):
        yield tuple(old.get(key, ())), tuple(new.get(key, ()))


def _free(before: Said, after: Said) -> Iterator[tuple[Points, Points]]:
    old, new = ([one for one in said.points if one.is_free] for said in (before, after))
    for was, is_now in _matched(old, new, by=lambda point: (point.side, point.view, point.label)):
        yield (() if was is None else (was,)), (() if is_now is None else (is_now,))


def _on_side(point: PointSaid) -> tuple[str, str]:
    return point.site, point.side


def _matched(
    before: Iterable[PointSaid], after: Sequence[PointSaid], *, by: Callable[[PointSaid], Hashable]
) -> Iterator[tuple[PointSaid | None, PointSaid | None]]:
    """Every point once, with its counterpart where it has one: in the order of `after`, then what is left of `before`.

    Several points may be known by the same key (free points of one name): those at the very same spot belong together first.
    """
    left = _grouped(before, by=by)
    found: dict[int, PointSaid] = {}
    for at_same_spot in (True, False):
        for index, is_now in enumerate(after):
            alike = left.get(by(is_now), [])
            was = next((one for one in alike if not at_same_spot or one.spot == is_now.spot), None)
            if was is not None and index not in found:
                found[index] = was
                alike.remove(was)
    yield from ((found.get(index), is_now) for index, is_now in enumerate(after))
    yield from ((was, None) for alike in left.values() for was in alike)


def _grouped(points: Iterable[PointSaid], *, by: Callable[[PointSaid], Hashable]) -> dict[Hashable, list[PointSaid]]:
    groups: dict[Hashable, list[PointSaid]] = {}
    for point in points:
        groups.setdefault(by(point), []).append(point)
    return groups


def _points(before: Said, after: Said) -> Iterator[Change]:
    for was, is_now in _matched(before.points, after.points, by=lambda point: point.place):
        if was is None:
            yield Change(What.POINT_ADDED, None, is_now)
        elif is_now is None:
            yield Change(What.POINT_REMOVED, was, None)
        elif was.units != is_now.units:
            yield Change(What.POINT_UNITS, was, is_now)
        elif was.spot != is_now.spot:
            yield Change(What.POINT_MOVED, was, is_now)


def _vials(before: Said, after: Said) -> Iterator[Change]:
    old, new = ({one.vial: one for one in said.vials} for said in (before, after))
    for vial, is_now in new.items():
        was = old.get(vial)
        if was is None:
            yield Change(What.VIAL_ADDED, None, is_now)
        elif was != is_now:
            yield Change(What.VIAL_UNITS, was, is_now)
    for vial, was in old.items():
        if vial not in new:
            yield Change(What.VIAL_REMOVED, was, None)
