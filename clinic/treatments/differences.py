"""What is different between two versions of a treatment's record, pure: two sets of facts in, a plain list of changes out.

Points are compared by site, side and label: the same place with other units has changed units, every other is added or removed.
Units are those of the version's product; where the product differs, the numbers say nothing about each other and both are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


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

    @property
    def place(self) -> tuple[str, str, str]:
        return self.site, self.side, self.label


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
    points: tuple[PointSaid, ...]
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


def _points(before: Said, after: Said) -> Iterator[Change]:
    old, new = ({one.place: one for one in said.points} for said in (before, after))
    for place, is_now in new.items():
        was = old.get(place)
        if was is None:
            yield Change(What.POINT_ADDED, None, is_now)
        elif was.units != is_now.units:
            yield Change(What.POINT_UNITS, was, is_now)
        elif (was.view, was.x, was.y) != (is_now.view, is_now.x, is_now.y):
            yield Change(What.POINT_MOVED, was, is_now)
    for place, was in old.items():
        if place not in new:
            yield Change(What.POINT_REMOVED, was, None)


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
