"""How much room a clinic still has."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from clinic.practice.models import Clinic
from clinic.scheduling import slots
from clinic.scheduling.services.offering import busy_between, closures_between, closures_for, hours_of, standard_kind


def free_by_day(*, clinic: Clinic, from_on: date, until_on: date, now: datetime) -> Counter[date]:
    """Return how many visits of the standard kind could still be booked on each local day, by all practitioners together.

    None for a clinic without a kind of visit. Five queries, whatever is found.
    """
    room: Counter[date] = Counter()
    kind = standard_kind(clinic)
    if kind is None:
        return room
    hours = hours_of(clinic)
    closures = closures_between(clinic, from_on, until_on)
    busy = busy_between([person.pk for person in hours], from_on, until_on)
    for person, rows in hours.items():
        times = slots.free_times(
            rows,
            busy[person.pk],
            closures_for(closures, person),
            minutes=kind.minutes,
            buffer=kind.buffer_minutes,
            from_on=from_on,
            until_on=until_on,
            zone=clinic.zone,
            now=now,
        )
        room.update(at.astimezone(clinic.zone).date() for at in times)
    return room
