"""When a clinic's letters may go: civil hours on certain weekdays in its own time zone. Pure.

A local time that the clocks skip is read as if they had not yet changed, so it comes out that much later by
the wall; one that happens twice is open both times. Instants in and out are aware.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

#: A letter that had to move back goes so long before the day's end, so that a late run still makes it that day.
BEFORE_THE_END = timedelta(minutes=30)
_DAYS_TO_LOOK = 15


@dataclass(frozen=True, slots=True)
class SendingHours:
    """From (included) until (excluded), on these weekdays (0 is Monday). No weekday: never."""

    zone: ZoneInfo
    opens: time
    closes: time
    weekdays: frozenset[int]

    def permits(self, at: datetime) -> bool:
        """Tell whether a letter may go at this instant."""
        local = at.astimezone(self.zone)
        return local.weekday() in self.weekdays and self.opens <= local.time() < self.closes

    def next_permitted(self, at: datetime) -> datetime | None:
        """Return `at` itself or the next day's beginning that permits; None if none does within two weeks."""
        if self.permits(at):
            return at
        today = at.astimezone(self.zone).date()
        for days in range(_DAYS_TO_LOOK):
            beginning = self.at_opening(today + timedelta(days=days))
            if beginning > at and self.permits(beginning):
                return beginning
        return None

    def last_permitted(self, at: datetime) -> datetime:
        """Return `at` itself or the last good moment before it: shortly before an earlier day's end.

        Returns `at` where no day of the two weeks before permits anything.
        """
        if self.permits(at):
            return at
        today = at.astimezone(self.zone).date()
        for days in range(_DAYS_TO_LOOK):
            day = today - timedelta(days=days)
            end = self._instant(day, self.closes) - BEFORE_THE_END
            moment = max(end, self.at_opening(day))
            if moment <= at and self.permits(moment):
                return moment
        return at

    def at_opening(self, day: date) -> datetime:
        """Return the instant at which this local day's letters begin, whatever the weekday."""
        return self._instant(day, self.opens)

    def midnight_after(self, day: date) -> datetime:
        """Return the instant at which this local day is over."""
        return self._instant(day + timedelta(days=1), time.min)

    def days_before(self, at: datetime, days: int) -> datetime:
        """Return the instant with the same local time so many civil days earlier."""
        local = at.astimezone(self.zone)
        return self._instant(local.date() - timedelta(days=days), local.time())

    def local_date(self, at: datetime) -> date:
        """Return the clinic's date at this instant."""
        return at.astimezone(self.zone).date()

    def _instant(self, day: date, moment: time) -> datetime:
        return datetime.combine(day, moment, tzinfo=self.zone).astimezone(UTC)
