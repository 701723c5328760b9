"""One line a figure: name, value, baseline, ratio, goal, ok or miss."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value beside what it is held against, both from the same run. `goal` bounds `ratio`, from above or below."""

    name: str
    value: float
    unit: str
    baseline: float
    baseline_name: str
    goal: float
    at_least: bool = False
    #: The value is a number in a time, not a time.
    is_rate: bool = False

    @property
    def ratio(self) -> float:
        """Value by baseline; for how many times faster something is, the baseline by the value where those are times."""
        return (self.baseline / self.value) if self.at_least and not self.is_rate else (self.value / self.baseline)

    @property
    def ok(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= self.goal if self.at_least else self.ratio <= self.goal

    def line(self) -> str:
        """Return the figure as a person reads it."""
        sign = "≥" if self.at_least else "≤"
        return (
            f"{self.name:<34} {self.value:>10.3f} {self.unit:<12} {self.baseline_name} {self.baseline:.3f}"
            f"   ratio {self.ratio:.2f}   goal {sign} {self.goal:g}   {'ok' if self.ok else 'MISS'}"
        )


@dataclass(frozen=True)
class NotMeasured:
    """A figure that could not be had here. It is never ok: the run that lacks it ends as one that missed a goal."""

    name: str
    why: str
    ok: bool = False

    def line(self) -> str:
        """Return what is missing as a person reads it."""
        return f"{self.name:<34} NOT MEASURED: {self.why}"


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long `work` took, by the wall."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def alternating(repeats: int, works: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Run all `works` in turn, `repeats` times over, and return each one's median: no one has the quiet minute to itself."""
    values: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            values[name].append(work())
    return {name: statistics.median(each) for name, each in values.items()}
