"""Whether the clock can be believed. Pure.

The time of day may be set by hand, by a time server or by the host of a virtual machine; the seconds since the machine
started cannot. Where both are known for two moments of one start of one machine, they must have gone on alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

#: A clock that has moved by more than this stops letters.
MOST_STEP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the time: `wall` is the time of day, `steady` the seconds since the start `boot` of this machine."""

    wall: datetime
    steady: float
    boot: str


def step(before: Reading | None, after: Reading) -> timedelta | None:
    """Return by how much the clock was set between two readings (positive: forward); None where nobody can tell."""
    if before is None or not after.boot or before.boot != after.boot:
        return None
    return (after.wall - before.wall) - timedelta(seconds=after.steady - before.steady)


def is_too_much(difference: timedelta | None) -> bool:
    """Whether two clocks differ by more than letters may bear."""
    return difference is not None and abs(difference) > MOST_STEP
