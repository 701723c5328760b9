"""Which times of the two years are still free: kept in memory, so that the stories do not get into each other's way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from clinic.scheduling import slots
from clinic.scheduling.models import Availability, Closure
from clinic.scheduling.services.offering import weekly_in
from clinic.scheduling.slots import WeeklyHours


class Diary:
    """The days and times of a clinic's practitioners."""

    def __init__(self, zone: ZoneInfo, minutes: int, hours: Sequence[Availability], closures: Sequence[Closure]) -> None:
        self.zone = zone
        self.minutes = minutes
        self._hours: dict[int, list[WeeklyHours]] = defaultdict(list)
        for row in hours:
            self._hours[row.practitioner_id].append(weekly_in(row))
        self._closures = [(row.practitioner_id, row.from_on, row.until_on) for row in closures]
        self._taken: dict[int, set[datetime]] = defaultdict(set)

    def works(self, practitioner: int, day: date) -> bool:
        """Whether this practitioner sees patients on `day`."""
        closed = any(first <= day <= last and who in (None, practitioner) for who, first, last in self._closures)
        return not closed and any(row.hold_on(day) for row in self._hours[practitioner])

    def working_day(self, practitioner: int, day: date) -> date:
        """The last day up to `day` on which this practitioner sees patients."""
        while not self.works(practitioner, day):
            day -= timedelta(days=1)
        return day

    def next_working_day(self, practitioner: int, day: date) -> date:
        """The first day from `day` on which this practitioner sees patients."""
        while not self.works(practitioner, day):
            day += timedelta(days=1)
        return day

    def take(self, practitioner: int, day: date, rng: Random, *, after: datetime) -> datetime:
        """Keep a free time later than `after`: on `day`, or on the next day that has one."""
        while True:
            day = self.next_working_day(practitioner, day)
            free = [at for at in self._times(practitioner, day) if at > after and at not in self._taken[practitioner]]
            if free:
                chosen = rng.choice(free)
                self._taken[practitioner].add(chosen)
                return chosen
            day += timedelta(days=1)

    def give_back(self, practitioner: int, at: datetime) -> None:
        """Let somebody else have this time."""
        self._taken[practitioner].discard(at)

    def _times(self, practitioner: int, day: date) -> list[datetime]:
        return slots.free_times(
            self._hours[practitioner],
            [],
            [],
            minutes=self.minutes,
            buffer=0,
            from_on=day,
            until_on=day,
            zone=self.zone,
            now=datetime.min.replace(tzinfo=UTC),
        )
