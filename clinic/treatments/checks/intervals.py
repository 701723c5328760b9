"""How soon after another treatment: every least interval of the label, each in its own unit, and other products in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from clinic.toxins.rules import LabelLimit, fits_age
from clinic.treatments.checks.facts import Given, Treatment
from clinic.treatments.checks.findings import Code, Finding, Severity
from clinic.treatments.checks.sources import cite
from clinic.treatments.window import MONTH, Span, after

#: Where the label names no interval, another product counts as near for this long: the labels say "several months" (P12, P14b).
NEAR = Span(3, MONTH)
OTHER_PRODUCT_SOURCE = cite("P12", "P14b")
OTHER_PRODUCT_RULE = "The effect of a second botulinum toxin within several months is not known; weakness may add up"


def check(treatment: Treatment) -> Iterator[Finding]:
    """Every floor that lies between this treatment and the one before it, or the one after it where it is entered late.

    Each floor is evaluated in its own unit: 1 February to 1 May is three calendar months and 89 days, so it keeps a floor of
    three months and breaks one of 90 days. The day on which the interval is over is allowed.
    """
    rules = [
        rule
        for rule in treatment.rules
        if rule.scope == "INTERVAL" and fits_age(treatment.age, age_from=rule.age_from, age_until=rule.age_until)
    ]
    for rule in rules:
        yield from _floor(rule, treatment)
    yield from _other_products(rules, treatment)


def _floor(rule: LabelLimit, treatment: Treatment) -> Iterator[Finding]:
    on, span = treatment.performed_on, Span(rule.value, rule.unit)
    alike = [one for one in treatment.earlier if one.product == treatment.product and _is_alike(one, rule, treatment)]
    before = max((one.on for one in alike if one.on <= on), default=None)
    later = min((one.on for one in alike if one.on > on), default=None)
    if before is not None and on < after(before, span):
        yield _too_early(rule, Code.TOO_EARLY, before, on, span)
    if later is not None and later < after(on, span):
        yield _too_early(rule, Code.TOO_EARLY_FOR_NEXT, on, later, span)


def _is_alike(one: Given, rule: LabelLimit, treatment: Treatment) -> bool:
    """Whether the floor lies between `one` and this treatment: the same use, or any for a rule of every use.

    What was given elsewhere may have been for this use, and counts. On the day itself only the same condition does: two sides
    treated at one visit are one treatment.
    """
    if one.on == treatment.performed_on:
        return one.condition is not None and one.condition == treatment.condition
    return rule.for_every_use or one.indication in (None, treatment.indication)


def _too_early(rule: LabelLimit, code: Code, first: date, second: date, span: Span) -> Finding:
    return Finding(
        code,
        Severity.STOP if rule.verified else Severity.WARNING,
        {"first": first, "second": second, "days": (second - first).days, "span": span, "earliest": after(first, span)},
        about=rule.code,
        rule=rule.wording,
        source=rule.source,
        verified=rule.verified,
        is_general=rule.from_general_knowledge,
    )


def _other_products(rules: list[LabelLimit], treatment: Treatment) -> Iterator[Finding]:
    """The nearest treatment with each other product inside the interval. Its units are told as its own and never converted."""
    spans = [NEAR, *(Span(rule.value, rule.unit) for rule in rules)]
    nearest: dict[str, Given] = {}
    for one in treatment.earlier:
        first, second = sorted((one.on, treatment.performed_on))
        if one.product == treatment.product or second >= max(after(first, span) for span in spans):
            continue
        known = nearest.get(one.product)
        if known is None or abs(one.on - treatment.performed_on) < abs(known.on - treatment.performed_on):
            nearest[one.product] = one
    for one in nearest.values():
        yield Finding(
            Code.OTHER_PRODUCT,
            Severity.WARNING,
            {"other": one.product_name, "units": one.units, "on": one.on, "product": treatment.product_name},
            about=one.product,
            rule=OTHER_PRODUCT_RULE,
            source=OTHER_PRODUCT_SOURCE,
        )
