"""What is injected in the demonstration, how long it works, and what it may do besides. Pure.

Invented, inside the ranges that docs/clinical-sources.md gives: no advice to anybody.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

#: Units at one point: least and most to begin with, and the usual highest.
Range = tuple[Decimal, Decimal, Decimal]
Points = tuple[tuple[str, str, Decimal], ...]

#: How far a spasm has spread (SMC grade), and the points that are usually added.
_HFS_POINTS: Mapping[int, Sequence[str]] = {
    1: ("OO_UL_MED", "OO_UL_LAT", "OO_LL_LAT"),
    2: ("OO_CANTH", "ZYG_MAJ"),
    3: ("CORR", "RIS", "DAO"),
    4: ("OORIS_UL", "MENT", "PLAT"),
}
_HFS_SOMETIMES = ("FRONT", "ZYG_MIN", "NAS", "OO_LL_MID")
_BLEPH_POINTS = ("OO_UL_MED", "OO_UL_LAT", "OO_LL_LAT", "OO_CANTH")
_AROUND_EYE = ("OO_", "CORR", "FRONT")

#: abobotulinumtoxinA has no published table by point: totals of 53 to 160 U a treatment are published for hemifacial spasm.
_ABO_EYE: Range = (Decimal(10), Decimal(15), Decimal(20))
_ABO_FACE: Range = (Decimal("2.5"), Decimal(10), Decimal(15))
#: What a syringe is drawn up to in practice.
_AMOUNTS = tuple(map(Decimal, ("0.5", "1", "1.25", "2", "2.5", "3.75", "5", "7.5", "10", "12.5", "15", "17.5", "20")))

#: Median days of effect in hemifacial spasm, by product.
MEDIAN_DAYS = {"ONABOT": 84, "INCOBOT": 84, "ABOBOT": 98}
#: In other indications, whatever the product: blepharospasm is shorter, sweating longer.
MEDIAN_DAYS_OF = {"BLEPH": 72, "CM": 84, "CD": 84, "ULS": 90, "AXH": 150}
#: Standard deviations of the logarithm: between patients, and from one treatment of a patient to the next.
BETWEEN, WITHIN = 0.33, 0.32


def days_of_effect(product: str, indication: str, patient_effect: float, rng: Random) -> int:
    """Draw how many days one treatment works. `patient_effect` is the patient's own deviation (`rng.gauss(0, BETWEEN)`)."""
    median = MEDIAN_DAYS_OF.get(indication) or MEDIAN_DAYS[product]
    return max(21, round(median * math.exp(patient_effect + rng.gauss(0, WITHIN))))


def usual_points(product: str, indication: str, side: str, grade: int, ranges: Mapping[str, Range], rng: Random) -> Points:
    """Choose a patient's points and their units: `ranges` is what is published for each point (ONA and INCO)."""
    codes = list(_BLEPH_POINTS)
    if indication == "HFS":
        codes = [code for reached in range(1, grade + 1) for code in _HFS_POINTS[reached]]
        codes += rng.sample(_HFS_SOMETIMES, rng.randrange(2))
    elif rng.random() < 0.6:
        codes.append("CORR")
    sides = ("RIGHT", "LEFT") if side in ("BOTH", "NONE") else (side,)
    points = [(code, one, _units(product, code, ranges, rng)) for code in codes for one in sides]
    if indication == "BLEPH" and rng.random() < 0.5:
        points.append(("PROC", "MIDLINE", _units(product, "PROC", ranges, rng)))
    return tuple(points)


def adjusted(points: Points, product: str, ranges: Mapping[str, Range], rng: Random) -> Points:
    """The same points again; now and then a little more or less at one of them, never above the usual highest."""
    if rng.random() > 0.3:
        return points
    chosen, step = rng.randrange(len(points)), rng.choice((1, -1))
    return tuple(
        (code, side, _next_to(units, step, _range(product, code, ranges)[2]) if at == chosen else units)
        for at, (code, side, units) in enumerate(points)
    )


def _next_to(units: Decimal, step: int, highest: Decimal) -> Decimal:
    at = _AMOUNTS.index(units) + step
    return _AMOUNTS[at] if 0 <= at < len(_AMOUNTS) and _AMOUNTS[at] <= highest else units


def _units(product: str, code: str, ranges: Mapping[str, Range], rng: Random) -> Decimal:
    least, most, _highest = _range(product, code, ranges)
    return rng.choice([amount for amount in _AMOUNTS if least <= amount <= most])


def _range(product: str, code: str, ranges: Mapping[str, Range]) -> Range:
    if product == "ABOBOT":
        return _ABO_EYE if code.startswith(_AROUND_EYE) else _ABO_FACE
    return ranges[code]


@dataclass(frozen=True)
class Reaction:
    """A side effect that follows a treatment: after how many days, for how many, how bad."""

    term: str
    after_days: int
    lasts_days: int
    severity: int


#: Share of treatments followed by each, onset and course in days (sources: docs/clinical-sources.md).
_RATES = (
    ("AE01", 0.12, (2, 10), (14, 42)),
    ("AE14", 0.05, (2, 10), (7, 42)),
    ("AE19", 0.029, (0, 1), (3, 14)),
    ("AE05", 0.015, (2, 10), (7, 40)),
    ("AE04", 0.015, (3, 14), (14, 50)),
    ("AE08", 0.008, (2, 14), (14, 42)),
    ("AE03", 0.007, (2, 10), (14, 50)),
)


def reactions(rng: Random) -> list[Reaction]:
    """Draw what follows one treatment; mostly nothing."""
    return [
        Reaction(term, rng.randint(*onset), rng.randint(*lasts), rng.choices((1, 2, 3), (72, 26, 2))[0])
        for term, rate, onset, lasts in _RATES
        if rng.random() < rate
    ]
