"""Protocol templates where a treatment is recorded: which are offered, and the rows of the one that was chosen."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

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
        return self.chosen.product if self.chosen and self.is_fillable(self.chosen) else None

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

    @cached_property
    def left_out(self) -> list[FittedPoint]:
        """Points of the chosen template that this condition does not take: of its other side, or no longer to be chosen."""
        if self.chosen is None or not self.is_fillable(self.chosen):
            return []
        return [one for one in self.points if not self._is_taken(one)]

    def rows(self) -> list[Row]:
        """The rows of the chosen template; none while its product cannot be given."""
        if self.chosen is None or not self.is_fillable(self.chosen):
            return []
        return [Row(one.site, one.side, plain(one.units)) for one in self.points if self._is_taken(one)][:MOST_ROWS]

    def _is_taken(self, point: FittedPoint) -> bool:
        site = self.sites.get(point.site)
        return site is not None and not site.is_free and point.side in sides_of(site, self.condition.side)


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
