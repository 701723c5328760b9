"""What the checks are told of a treatment before it is signed. Units are always those of the product they stand with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from clinic.toxins.rules import LabelLimit

RIGHT, LEFT, MIDLINE = "RIGHT", "LEFT", "MIDLINE"


@dataclass(frozen=True)
class Usual:
    """What is published as the usual highest dose of a point for the product's family."""

    units: Decimal
    source: str
    from_general_knowledge: bool


@dataclass(frozen=True)
class CheckedPoint:
    """One point about to be signed. `volume_ml` is None while the dilution is not known."""

    site: str
    label: str
    muscle: str
    side: str
    units: Decimal
    volume_ml: Decimal | None = None
    is_of_face: bool = True
    around_eye: bool = False
    is_lower_face: bool = False
    is_avoided: bool = False
    risk: str = ""
    warning: str = ""
    #: Where risk and warning were read.
    source: str = ""
    from_general_knowledge: bool = False
    usual: Usual | None = None


@dataclass(frozen=True)
class Given:
    """A treatment on another record of the same patient: of which product, when, how many units, what for.

    `indication` and `condition` are None where that is not known (given elsewhere). `elsewhere` says where that was.
    """

    on: date
    product: str
    product_name: str
    units: Decimal
    indication: str | None = None
    condition: int | None = None
    elsewhere: str = ""


@dataclass(frozen=True)
class StandingHold:
    """A hold that nobody has ended."""

    about: str
    reason: str
    reason_words: str
    since: date


@dataclass(frozen=True)
class EarlierReaction:
    """A side effect of the patient: what it is in words, how it stands, how urgent its kind is."""

    about: str
    term: str
    is_urgent: bool
    is_over: bool
    is_reviewed: bool
    since: date | None = None


@dataclass(frozen=True)
class Treatment:
    """Everything the checks look at. Dates are dates in the clinic's zone.

    `earlier` holds every other signed treatment of the patient and what was given elsewhere, with every product, later ones
    too where this one is entered after them. `answers` are today's, by item: YES, NO or absent.
    """

    product: str
    product_name: str
    indication: str
    condition: int | None
    condition_side: str
    jurisdiction: str
    performed_on: date
    age: int
    points: Sequence[CheckedPoint]
    rules: Sequence[LabelLimit]
    weight_kg: Decimal | None = None
    weighed_on: date | None = None
    lid_technique: str = ""
    earlier: Sequence[Given] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    holds: Sequence[StandingHold] = ()
    reactions: Sequence[EarlierReaction] = ()

    @property
    def units(self) -> Decimal:
        return sum((point.units for point in self.points), Decimal(0))

    @property
    def is_first(self) -> bool:
        """Whether the patient has had this product for this indication on no earlier day."""
        return not any(
            one.on < self.performed_on and one.product == self.product and one.indication in (None, self.indication)
            for one in self.earlier
        )
