"""What a label says about time, and how long an opened vial lasts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


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


def fits_age(age_years: int | None, *, age_from: int | None, age_until: int | None) -> bool:
    """Whether a rule for ages `age_from` to `age_until` (both included) is one for this age.

    An age that is not known fits every rule: better one floor too many than one too few.
    """
    if age_years is None:
        return True
    return (age_from is None or age_years >= age_from) and (age_until is None or age_years <= age_until)


def usable_until(reconstituted_at: datetime, hours: int) -> datetime:
    """The last moment at which a vial made up at `reconstituted_at` may be used, by its label's hours."""
    return reconstituted_at + timedelta(hours=hours)
