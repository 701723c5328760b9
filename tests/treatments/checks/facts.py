"""A boring treatment to be checked: 5 U of onabotulinumtoxinA beside the right eye of an adult, in the EU, with no rules."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from clinic.toxins.rules import LabelLimit
from clinic.treatments.checks import findings_of
from clinic.treatments.checks.facts import CheckedPoint, Given, Treatment, Usual

ON = date(2026, 11, 23)


def point(units="5", *, site="ZYG_MAJ", side="RIGHT", **fields):
    values = {"label": f"Point {site}", "muscle": f"Muscle {site}", **fields}
    return CheckedPoint(site=site, side=side, units=Decimal(units), **values)


def rule(scope, units=None, **fields):
    """A verified rule of the EU label. `every` is an interval or a span: (value, unit)."""
    value, unit = fields.pop("every", (0, ""))
    values = {"code": f"ONABOT-HFS-EU-{scope}", "wording": f"the rule of {scope}", "source": "P5", "verified": True}
    return LabelLimit(scope=scope, units=None if units is None else Decimal(units), value=value, unit=unit, **(values | fields))


def given(on, units="50", **fields):
    values = {"product": "ONABOT", "product_name": "Botox", "indication": "HFS", "condition": 1}
    return Given(on=on, units=Decimal(units), **(values | fields))


def usual(units):
    return Usual(Decimal(units), "a text-book", from_general_knowledge=True)


BORING = Treatment(
    product="ONABOT",
    product_name="Botox",
    indication="HFS",
    condition=1,
    condition_side="RIGHT",
    jurisdiction="EU",
    performed_on=ON,
    age=65,
    points=(point(),),
    # A rule that fits everybody and nothing goes over, so that the list of rules is not empty.
    rules=(rule("SESSION", "9999", code="NEVER"),),
)


def treatment(*points, rules=(), **fields):
    return replace(BORING, points=points or BORING.points, rules=(*BORING.rules, *rules), **fields)


def found(checked, *codes):
    """The findings with these codes; without codes, all of them."""
    return [one for one in findings_of(checked) if not codes or one.code in codes]


def only(checked, code):
    """The one finding with this code."""
    (one,) = found(checked, code)
    return one
