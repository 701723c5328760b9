"""What a label says about time, and how long an opened vial lasts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

#: The scope of a rule about the time between two treatments.
INTERVAL = "INTERVAL"


@dataclass(frozen=True)
class IntervalFloor:
    """The least time that a label asks for between two treatments.

    `value` and `unit` (DAY, WEEK or MONTH) are the label's own and are never converted: twelve weeks, three months and ninety
    days are three floors. `verified` says that a clinician of the clinic has compared the rule with their current label.
    """

    value: int
    unit: str
    wording: str
    source: str
    verified: bool


@dataclass(frozen=True)
class LabelLimit:
    """One rule of a label as the checks of a treatment read it: a ceiling of units or a least interval.

    `scope` is a `RuleScope`. `units`, and `units_per_kg` with the patient's weight, are the ceiling; the lower of both counts.
    `value` and `unit` are an interval or a rolling span, in the label's own unit. `muscle` names the one muscle a MUSCLE rule is
    about, both sides together; without it each muscle of each side counts by itself.
    """

    code: str
    scope: str
    wording: str
    source: str
    verified: bool
    from_general_knowledge: bool = False
    for_every_use: bool = False
    units: Decimal | None = None
    units_per_kg: Decimal | None = None
    value: int = 0
    unit: str = ""
    age_from: int | None = None
    age_until: int | None = None
    only_first: bool = False
    muscle: str = ""


def fits_age(age_years: int | None, *, age_from: int | None, age_until: int | None) -> bool:
    """Whether a rule for ages `age_from` to `age_until` (both included) is one for this age.

    An age that is not known fits every rule: better one floor too many than one too few.
    """
    if age_years is None:
        return True
    return (age_from is None or age_years >= age_from) and (age_until is None or age_years <= age_until)


def floors_among(limits: Iterable[LabelLimit], *, age_years: int | None) -> list[IntervalFloor]:
    """The least intervals among a label's rules, for a patient of this age; without an age, those of every age."""
    return [
        IntervalFloor(limit.value, limit.unit, limit.wording, limit.source, limit.verified)
        for limit in limits
        if limit.scope == INTERVAL and fits_age(age_years, age_from=limit.age_from, age_until=limit.age_until)
    ]


def usable_until(reconstituted_at: datetime, hours: int) -> datetime:
    """The last moment at which a vial made up at `reconstituted_at` may be used, by its label's hours."""
    return reconstituted_at + timedelta(hours=hours)
