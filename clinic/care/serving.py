"""Who could be seen when, if everybody waiting were served in the order in which their windows close. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiting:
    """A follow-up without a visit. It cannot be served before `opens_on` and should be by `closes_on`."""

    key: int
    opens_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class Served:
    """On which day somebody's turn comes; None if there is no room for them on any day that is known."""

    waiting: Waiting
    on: date | None

    def is_pushed(self, *, from_on: date, until_on: date) -> bool:
        """Whether the window closes before their turn comes, though it is open, or still to open, on `from_on`.

        Without a turn that is certain only of a window that closes by `until_on`, the last day that is known.
        """
        closes_on = self.waiting.closes_on
        if closes_on < from_on:
            return False
        return closes_on <= until_on if self.on is None else self.on > closes_on


def serve_in_order(waiting: Iterable[Waiting], room: Mapping[date, int], *, from_on: date) -> list[Served]:
    """Give everybody the first day with room from their opening (and `from_on`) on, whoever's window closes first going first.

    `room` says how many can be served on which day. Of windows that close together the one that opens first goes first, then
    the lower key. As long as nobody's window has closed before `from_on`, somebody is served late only if no order at all
    could have served everybody within their window.
    """
    left = {day: number for day, number in room.items() if number > 0 and day >= from_on}
    days = sorted(left)
    turns = []
    for one in sorted(waiting, key=lambda one: (one.closes_on, one.opens_on, one.key)):
        at = bisect_left(days, one.opens_on)
        if at == len(days):
            turns.append(Served(one, None))
            continue
        day = days[at]
        turns.append(Served(one, day))
        left[day] -= 1
        if not left[day]:
            del days[at]
    return turns
