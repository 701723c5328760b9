"""Who is next when a time falls free. Pure: those who wait in, their order and the reason for it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum

#: Until this hour by the clinic's wall it is morning.
NOON = time(12)


class Part(StrEnum):
    """Which part of the day suits."""

    ANY = "ANY"
    MORNING = "MORNING"
    AFTERNOON = "AFTERNOON"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits. Days are days of the clinic; no weekday given: every one suits. 0 is Monday."""

    key: int
    opens_on: date
    closes_on: date
    since: datetime
    weekdays: frozenset[int] = frozenset()
    part: Part = Part.ANY
    until_on: date | None = None
    practitioner: int | None = None
    #: When the patient comes anyway: only an earlier time is of use to them.
    visit_at: datetime | None = None

    def days_left(self, today: date) -> int:
        """Days until the window closes, 0 on its last day; below 0 it has closed. This is why they stand where they stand."""
        return (self.closes_on - today).days


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """Return them with who leaves the window first at the top; of two alike, who has waited longer."""
    return sorted(waiting, key=lambda one: (one.closes_on, one.since, one.key))


def suits(one: Waiting, *, starts_at: datetime, practitioner: int, zone: tzinfo) -> bool:
    """Whether a time with `practitioner` is of use: not before the earliest date, as they wish, and sooner than their visit."""
    local = starts_at.astimezone(zone)
    return (
        local.date() >= one.opens_on
        and (one.until_on is None or local.date() <= one.until_on)
        and (not one.weekdays or local.weekday() in one.weekdays)
        and (one.part is Part.ANY or (local.time() < NOON) == (one.part is Part.MORNING))
        and one.practitioner in (None, practitioner)
        and (one.visit_at is None or starts_at < one.visit_at)
    )


def next_for(waiting: Iterable[Waiting], *, starts_at: datetime, practitioner: int, zone: tzinfo, limit: int) -> list[Waiting]:
    """Return the first `limit` whom this time would suit, in their order."""
    fitting = (one for one in waiting if suits(one, starts_at=starts_at, practitioner=practitioner, zone=zone))
    return in_order(fitting)[:limit]
