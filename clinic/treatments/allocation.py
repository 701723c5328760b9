"""Which vial the units of a treatment came from, pure: several vials are emptied one after the other, in the order given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from clinic.treatments.dosing import volume_ml


@dataclass(frozen=True)
class Part:
    """What one vial gave to a treatment, and how it was made up; None where that was not noted."""

    given: Decimal
    labelled_units: Decimal
    diluent_ml: Decimal | None


def shares(total: Decimal, left: Sequence[Decimal]) -> list[Decimal]:
    """How many of `total` units come from each vial with so many left: the first until it is empty, then the next.

    The shares always add up to `total`: what is more than all vials hold falls to the last, where it is refused.
    """
    rest, found = total, []
    for number, units in enumerate(left):
        share = rest if number == len(left) - 1 else min(rest, units)
        found.append(share)
        rest -= share
    return found


def volumes(points: Sequence[Decimal], parts: Sequence[Part]) -> list[Decimal | None]:
    """The volume of each point in mL, to the microlitre; points and vials in the order of the record.

    Known where every vial that a point came from was made up to one concentration. None where one was not made up, or where a
    point came from two vials of different concentrations: how much of each nobody wrote down.
    """
    ends = list(accumulate((part.given for part in parts), initial=Decimal(0)))
    spans = [(begin, end, _strength(part)) for begin, end, part in zip(ends, ends[1:], parts, strict=False) if end > begin]
    strengths = {strength for _begin, _end, strength in spans}
    found = []
    given = Decimal(0)
    for units in points:
        # Where all are alike, the order in which the points were given says nothing.
        touched = (
            {strength for begin, end, strength in spans if begin < given + units and end > given}
            if len(strengths) > 1
            else strengths
        )
        given += units
        found.append(_volume(units, next(iter(touched)) if len(touched) == 1 else None))
    return found


def _volume(units: Decimal, strength: Fraction | None) -> Decimal | None:
    if strength is None:
        return None
    return volume_ml(units, labelled_units=Decimal(strength.numerator), diluent_ml=Decimal(strength.denominator))


def _strength(part: Part) -> Fraction | None:
    """Units in a millilitre, exactly; None while it is not known."""
    if part.diluent_ml is None or part.diluent_ml <= 0:
        return None
    return Fraction(part.labelled_units) / Fraction(part.diluent_ml)
