"""Where it is given: risky points, the lower face, both sides, volume, lid technique, and doses above the usual."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from clinic.treatments.checks.ceilings import places
from clinic.treatments.checks.facts import LEFT, RIGHT, Treatment
from clinic.treatments.checks.findings import Code, Finding, Severity
from clinic.treatments.checks.sources import cite

#: Volume drives diffusion. The project's proposal; no label names a volume for a point of the face.
MOST_VOLUME_ML = Decimal("0.1")
_OTHER_SIDE = {RIGHT: LEFT, LEFT: RIGHT}


def check(treatment: Treatment, *, over_label: frozenset[tuple[str, str]] = frozenset()) -> Iterator[Finding]:
    """What is to be known about the points. `over_label` names those already told for going over the label."""
    yield from _above_usual(treatment, over_label)
    yield from _risks(treatment)
    yield from _lower_face(treatment)
    yield from _both_sides(treatment)
    yield from _volume(treatment)
    yield from _lids(treatment)


def _above_usual(treatment: Treatment, over_label: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    over = [
        one for one in treatment.points if one.usual and one.units > one.usual.units and (one.label, one.side) not in over_label
    ]
    if over:
        told = tuple((one.label, one.side, one.units, one.usual.units) for one in over if one.usual)
        yield Finding(
            Code.ABOVE_USUAL,
            Severity.WARNING,
            {"points": told},
            source="; ".join(dict.fromkeys(one.usual.source for one in over if one.usual)),
            is_general=any(one.usual.from_general_knowledge for one in over if one.usual),
        )


def _risks(treatment: Treatment) -> Iterator[Finding]:
    sites = {point.site: point for point in treatment.points}
    for site, point in sites.items():
        if point.is_avoided:
            facts: dict[str, object] = {"points": _of_site(treatment, site), "risk": point.risk}
            yield Finding(
                Code.AVOIDED_POINT, Severity.WARNING, facts, about=site, rule=point.warning, source=cite("P4", "P5", "H2", "H17")
            )
    for site, point in sites.items():
        if point.warning and not point.is_avoided:
            facts = {"site": point.label, "risk": point.risk}
            yield Finding(
                Code.RISKY_POINT,
                Severity.NOTE,
                facts,
                about=site,
                rule=point.warning,
                source="" if point.from_general_knowledge else point.source,
                is_general=point.from_general_knowledge,
            )


def _of_site(treatment: Treatment, site: str) -> tuple[tuple[str, str, Decimal], ...]:
    return places(point for point in treatment.points if point.site == site)


def _lower_face(treatment: Treatment) -> Iterator[Finding]:
    """Facial weakness followed lower-face doses in 9 of 12 patients (H15): they should be small."""
    lower = [point for point in treatment.points if point.is_lower_face]
    if lower:
        units = sum((point.units for point in lower), Decimal(0))
        yield Finding(Code.LOWER_FACE, Severity.NOTE, {"units": units, "count": len(lower)}, source=cite("H15"))


def _both_sides(treatment: Treatment) -> Iterator[Finding]:
    """A one-sided condition with points on the healthy side: usual for symmetry, and worth a look (H19)."""
    other = _OTHER_SIDE.get(treatment.condition_side)
    healthy = [point for point in treatment.points if point.side == other]
    if healthy:
        units = sum((point.units for point in healthy), Decimal(0))
        facts: dict[str, object] = {"side": other, "units": units, "count": len(healthy)}
        yield Finding(Code.BOTH_SIDES, Severity.NOTE, facts, source=cite("H19"))


def _volume(treatment: Treatment) -> Iterator[Finding]:
    over = [one for one in treatment.points if one.is_of_face and one.volume_ml is not None and one.volume_ml > MOST_VOLUME_ML]
    if over:
        highest = max(one.volume_ml for one in over if one.volume_ml is not None)
        facts: dict[str, object] = {"count": len(over), "volume": highest, "limit": MOST_VOLUME_ML}
        yield Finding(Code.VOLUME, Severity.NOTE, facts, is_proposal=True)


def _lids(treatment: Treatment) -> Iterator[Finding]:
    """Preseptal points: side effects after 9.4 % of treatments, pretarsal 5.2 % (H16b); ptosis only after preseptal (H16a)."""
    if treatment.lid_technique == "PRESEPTAL" and any(point.around_eye for point in treatment.points):
        yield Finding(Code.PRESEPTAL, Severity.NOTE, source=cite("H16a", "H16b"))
