"""How much is given: the ceilings of the label, by treatment, point, eye, muscle and side, and over a rolling span."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from clinic.toxins.rules import LabelLimit, fits_age
from clinic.treatments.checks.facts import LEFT, RIGHT, CheckedPoint, Given, Treatment
from clinic.treatments.checks.findings import Code, Finding, Severity
from clinic.treatments.checks.sources import cite
from clinic.treatments.window import Span, after

#: A child's weight older than this is told as old. The project's proposal.
WEIGHT_GOOD_FOR = timedelta(days=183)
ADULT = 18

#: Above these totals in hemifacial spasm somebody should look twice. The project's proposal, from published means: 20 to 35 U of
#: onabotulinumtoxinA (H6, H18), 53 to 160 U of abobotulinumtoxinA (series named in H2). No label names a total.
UNUSUAL_TOTALS = {("ONABOT", "HFS"): Decimal(50), ("INCOBOT", "HFS"): Decimal(50), ("ABOBOT", "HFS"): Decimal(150)}
UNUSUAL_TOTALS_SOURCE = cite("H2", "H6", "H18")


def check(treatment: Treatment) -> Iterator[Finding]:
    """Every ceiling that this treatment goes over. A rule for another age, or for a first treatment only, is left out."""
    rules = [rule for rule in treatment.rules if rule.scope != "INTERVAL" and _applies(rule, treatment)]
    if treatment.points:
        if not any(fits_age(treatment.age, age_from=one.age_from, age_until=one.age_until) for one in treatment.rules):
            yield _no_rules(treatment)
        for rule in rules:
            yield from _SCOPES[rule.scope](rule, treatment)
        yield from _weight(rules, treatment)
        yield from _unusual_total(treatment)


def ledger(treatment: Treatment, span: Span, *, until: date) -> list[Given]:
    """What else of this product was given in the span that ends on `until`, over all uses and wherever it was.

    What was given exactly one span before no longer counts. Calendar months end where the month ends. Source: R1.2 of the rules
    in docs/clinical-sources.md; units of other products are never added.
    """
    return [one for one in treatment.earlier if one.product == treatment.product and one.on <= until < after(one.on, span)]


def limit_of(rule: LabelLimit, weight_kg: Decimal | None) -> Decimal | None:
    """The ceiling in units: the lower of the fixed one and the one by weight. None where only a missing weight would tell."""
    by_weight = None if rule.units_per_kg is None or weight_kg is None else rule.units_per_kg * weight_kg
    known = [limit for limit in (rule.units, by_weight) if limit is not None]
    return min(known) if known else None


def points_over_label(treatment: Treatment) -> frozenset[tuple[str, str]]:
    """(label, side) of the points above the label's ceiling of a point."""
    rules = [rule for rule in treatment.rules if rule.scope == "POINT" and _applies(rule, treatment)]
    return frozenset((point.label, point.side) for rule in rules for point in _points_over(rule, treatment))


def places(points: Iterable[CheckedPoint]) -> tuple[tuple[str, str, Decimal], ...]:
    """Points as facts: label, side, units."""
    return tuple((point.label, point.side, point.units) for point in points)


def _units(given: Iterable[Given]) -> Decimal:
    """What was given adds up to; of one product only."""
    return sum((one.units for one in given), Decimal(0))


def _points_over(rule: LabelLimit, treatment: Treatment) -> list[CheckedPoint]:
    limit = limit_of(rule, treatment.weight_kg)
    return [point for point in treatment.points if limit is not None and point.units > limit]


def _applies(rule: LabelLimit, treatment: Treatment) -> bool:
    fits = fits_age(treatment.age, age_from=rule.age_from, age_until=rule.age_until)
    return fits and not (rule.only_first and not treatment.is_first)


def _session(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    """A treatment is what is given in one day: what was signed before for another side or use counts with it."""
    same_day = [
        one
        for one in treatment.earlier
        if one.on == treatment.performed_on
        and one.product == treatment.product
        and (rule.for_every_use or one.indication in (None, treatment.indication))
    ]
    before = _units(same_day)
    yield from _over(rule, treatment, Code.SESSION_CEILING, treatment.units + before, {"before": before})


def _point(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    over = _points_over(rule, treatment)
    if over:
        highest = max(point.units for point in over)
        yield from _over(rule, treatment, Code.POINT_CEILING, highest, {"points": places(over)})


def _eye(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    around = [point for point in treatment.points if point.around_eye]
    yield from _each_side(rule, treatment, Code.EYE_CEILING, around)


def _side(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    yield from _each_side(rule, treatment, Code.SIDE_CEILING, treatment.points)


def _each_side(rule: LabelLimit, treatment: Treatment, code: Code, points: Sequence[CheckedPoint]) -> Iterator[Finding]:
    for side in (RIGHT, LEFT):
        units = sum((point.units for point in points if point.side == side), Decimal(0))
        yield from _over(rule, treatment, code, units, {"side": side}, about=side)


def _muscle(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    given: dict[tuple[str, str], Decimal] = {}
    for point in treatment.points:
        if rule.muscle and rule.muscle.casefold() != point.muscle.casefold():
            continue
        place = (point.muscle, "" if rule.muscle else point.side)
        given[place] = given.get(place, Decimal(0)) + point.units
    for (muscle, side), units in given.items():
        yield from _over(rule, treatment, Code.MUSCLE_CEILING, units, {"muscle": muscle, "side": side}, about=f"{muscle}{side}")


def _rolling(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    """The fullest span that holds this treatment: the one that ends on its day or, where it is entered late, on a later one's."""
    span = Span(rule.value, rule.unit)
    ends = [treatment.performed_on]
    ends += [
        one.on
        for one in treatment.earlier
        if one.product == treatment.product and treatment.performed_on < one.on < after(treatment.performed_on, span)
    ]
    ledgers = [ledger(treatment, span, until=end) for end in ends]
    counted = max(ledgers, key=_units)
    others, elsewhere = _units(counted), _units(one for one in counted if one.elsewhere)
    facts: dict[str, object] = {"this": treatment.units, "others": others, "elsewhere": elsewhere, "span": span}
    yield from _over(rule, treatment, Code.ROLLING_CEILING, treatment.units + others, facts)


_SCOPES = {"SESSION": _session, "POINT": _point, "EYE": _eye, "SIDE": _side, "MUSCLE": _muscle, "ROLLING": _rolling}


def _over(
    rule: LabelLimit, treatment: Treatment, code: Code, units: Decimal, facts: dict[str, object], *, about: str = ""
) -> Iterator[Finding]:
    """A finding if `units` are more than the rule allows; exactly as many are allowed."""
    limit = limit_of(rule, treatment.weight_kg)
    if limit is None or units <= limit:
        return
    told: dict[str, object] = {"product": treatment.product_name, "units": units, "limit": limit, **facts}
    if rule.units_per_kg is not None and treatment.weight_kg is not None:
        told |= {"weight": treatment.weight_kg, "weighed_on": treatment.weighed_on}
    yield Finding(
        code,
        Severity.STOP if rule.verified else Severity.WARNING,
        told,
        about=f"{rule.code}.{about}" if about else rule.code,
        rule=rule.wording,
        source=rule.source,
        verified=rule.verified,
        is_general=rule.from_general_knowledge,
    )


def _weight(rules: Iterable[LabelLimit], treatment: Treatment) -> Iterator[Finding]:
    by_weight = [rule for rule in rules if rule.units_per_kg is not None]
    if not by_weight:
        return
    if treatment.weight_kg is None:
        for rule in by_weight:
            yield Finding(
                Code.WEIGHT_MISSING,
                Severity.WARNING,
                {"product": treatment.product_name},
                about=rule.code,
                rule=rule.wording,
                source=rule.source,
                verified=rule.verified,
                is_general=rule.from_general_knowledge,
            )
    elif treatment.age < ADULT and treatment.weighed_on and treatment.performed_on - treatment.weighed_on > WEIGHT_GOOD_FOR:
        facts: dict[str, object] = {"weight": treatment.weight_kg, "weighed_on": treatment.weighed_on}
        yield Finding(Code.WEIGHT_OLD, Severity.NOTE, facts, is_proposal=True)


def _unusual_total(treatment: Treatment) -> Iterator[Finding]:
    usual = UNUSUAL_TOTALS.get((treatment.product, treatment.indication))
    if usual is not None and treatment.units > usual:
        yield Finding(
            Code.UNUSUAL_TOTAL,
            Severity.WARNING,
            {"product": treatment.product_name, "units": treatment.units, "limit": usual},
            source=UNUSUAL_TOTALS_SOURCE,
            is_proposal=True,
        )


def _no_rules(treatment: Treatment) -> Finding:
    return Finding(Code.NO_RULES, Severity.NOTE, {"product": treatment.product_name, "jurisdiction": treatment.jurisdiction})
