"""Protocol templates where a treatment is recorded: which are offered, and the rows of the one that was chosen."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from django.utils.functional import cached_property

from clinic.accounts import User
from clinic.patients.models import Condition
from clinic.staff.forms.points import MOST_ROWS, Row, sides_of
from clinic.staff.vials import plain
from clinic.toxins.models import Product, Site
from clinic.treatments.models import ProtocolTemplate
from clinic.treatments.services import FittedPoint, fitted, templates_for


@dataclass
class TemplateShelf:
    """The templates for a condition, and the chosen one with its points on this patient's side."""

    #: How many points the table holds.
    most: ClassVar[int] = MOST_ROWS

    condition: Condition
    offered: Sequence[ProtocolTemplate]
    chosen: ProtocolTemplate | None = None
    points: Sequence[FittedPoint] = ()
    #: Products of which a vial can be used: what is of any other is shown and never copied.
    in_stock: Collection[int] = field(default_factory=set)
    sites: Mapping[str, Site] = field(default_factory=dict)

    @property
    def product(self) -> Product | None:
        """The product whose vials alone may be chosen, because its units are filled in."""
        if self.chosen is None or not self.is_fillable(self.chosen) or self.is_too_long:
            return None
        return self.chosen.product

    def is_fillable(self, template: ProtocolTemplate) -> bool:
        """Whether the template's units may be filled in: only while there is a usable vial of its own product."""
        return template.product_id in self.in_stock

    @property
    def choices(self) -> list[tuple[ProtocolTemplate, bool]]:
        """Each template with whether its rows can be filled in."""
        return [(one, self.is_fillable(one)) for one in self.offered]

    @property
    def is_mirrored(self) -> bool:
        """Whether the chosen template stands on the other side than it was kept from."""
        sides = {"RIGHT", "LEFT"}
        return self.chosen is not None and {self.chosen.side, self.condition.side} == sides

    @property
    def taken(self) -> list[FittedPoint]:
        """Points of the chosen template that the condition takes."""
        return [one for one in self.points if self._is_taken(one) and not _is_lost(one)]

    @property
    def is_too_long(self) -> bool:
        """Whether the condition takes more points than the table holds. Then none is filled in: part of a scheme is no scheme."""
        return len(self.taken) > MOST_ROWS

    @cached_property
    def left_out(self) -> list[FittedPoint]:
        """Points of the chosen template that this condition does not take: of its other side, or no longer to be chosen."""
        return [one for one in self.points if not self._is_taken(one)] if self.product else []

    @cached_property
    def without_place(self) -> list[FittedPoint]:
        """Free points of the chosen template that are left out because nobody knows where they lay."""
        return [one for one in self.points if self._is_taken(one) and _is_lost(one)] if self.product else []

    def rows(self) -> list[Row]:
        """The rows of the chosen template; none while its product cannot be given, and none if it has more than fit."""
        return [_row_of(one) for one in self.taken] if self.product else []

    def _is_taken(self, point: FittedPoint) -> bool:
        site = self.sites.get(point.site)
        return site is not None and point.side in sides_of(site, self.condition.side)


def _is_lost(point: FittedPoint) -> bool:
    return point.is_free and not point.view


def _row_of(point: FittedPoint) -> Row:
    if not point.is_free:
        return Row(point.site, point.side, plain(point.units))
    return Row(point.site, point.side, plain(point.units), point.point, point.view, plain(point.x), plain(point.y))


def shelf_for(condition: Condition, *, user: User, wanted_id: str = "") -> TemplateShelf | None:
    """The templates that `user` may use for the condition. None when `wanted_id` names none of them.

    One query, and one more for the points of the chosen one. What is in stock is for the caller to fill in.
    """
    offered = list(templates_for(condition.patient.clinic, condition.indication, user=user))
    if not wanted_id:
        return TemplateShelf(condition, offered)
    try:
        public_id = uuid.UUID(wanted_id)
    except ValueError:
        return None
    chosen = next((one for one in offered if one.public_id == public_id), None)
    if chosen is None:
        return None
    return TemplateShelf(condition, offered, chosen, fitted(chosen, condition_side=condition.side))
