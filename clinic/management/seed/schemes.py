"""What is injected in the demonstration for anything but a face: whole schemes, of which only some units differ. Pure.

Invented, inside the ranges of the catalogue: no advice to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from clinic.management.seed.doses import Points, Range

RIGHT, LEFT, MIDLINE = "RIGHT", "LEFT", "MIDLINE"

#: Given in one product only here; the units of these schemes belong to it.
PRODUCT = "ONABOT"
INDICATIONS = ("CM", "CD", "ULS", "AXH")
#: Side effects that may follow besides a bruise.
REACTIONS: Mapping[str, Sequence[str]] = {"CM": ("AE01", "AE19"), "CD": ("AE19",), "ULS": ("AE19",), "AXH": ("AE19",)}

#: The 31 places of the scheme for migraine: 5 U each, in seven muscle groups.
_MIGRAINE = (
    *("CORR", "FRONT_MED", "FRONT_LAT", "TEMP_TRAG", "TEMP_UP", "TEMP_ANT", "TEMP_POST"),
    *("OCC_LOW", "OCC_LAT", "OCC_MED", "PARA_LOW", "PARA_UP", "TRAP_NECK", "TRAP_HALF", "TRAP_SHO"),
)
_AXILLA = ("AXIL_A1", "AXIL_A2", "AXIL_A3", "AXIL_B1", "AXIL_B3", "AXIL_C2", "AXIL_D1", "AXIL_D3", "AXIL_E1", "AXIL_E2")
#: A head that turns: the muscles on the side it turns to, and those on the other.
_TURNED_TO = ("SPL_UP", "SPL_LOW", "LEV_SCAP")
_TURNED_FROM = ("SCM_UP", "SCM_MID", "TRAP_UP")
_ARM = ("BIC_LAT_UP", "BIC_MED_LOW", "BRAD", "FCR", "FCU", "FDS_LAT", "FDS_MED")
_MOST_IN_A_VIAL = Decimal(200)
_LESS = Decimal(5)


def scheme(indication: str, side: str, ranges: Mapping[str, Range], rng: Random) -> Points:
    """A patient's points and their units; never more than one large vial holds."""
    if indication == "CM":
        return (
            ("PROC", MIDLINE, Decimal(5)),
            *((code, one, Decimal(5)) for code in _MIGRAINE for one in (RIGHT, LEFT)),
        )
    if indication == "AXH":
        return tuple((code, one, Decimal(5)) for code in _AXILLA for one in (RIGHT, LEFT))
    if indication == "CD":
        to, away = rng.choice(((RIGHT, LEFT), (LEFT, RIGHT)))
        places = [*((code, to) for code in _TURNED_TO), *((code, away) for code in _TURNED_FROM)]
    else:
        places = [(code, side) for code in _ARM]
    points = [(code, one, _units(ranges[code], rng)) for code, one in places]
    while sum(units for _code, _side, units in points) > _MOST_IN_A_VIAL:
        at = max(range(len(points)), key=lambda index: points[index][2] - ranges[points[index][0]][0])
        code, one, units = points[at]
        points[at] = (code, one, units - _LESS)
    return tuple(points)


def _units(published: Range, rng: Random) -> Decimal:
    """Some multiple of five in the published range."""
    least, most, _highest = published
    return rng.choice([Decimal(units) for units in range(5, 55, 5) if least <= units <= most])
