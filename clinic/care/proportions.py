"""A proportion with its 95 % interval: pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

#: Below this many nothing is said of a proportion: one patient more or less would change it by more than a tenth.
FEWEST = 10
#: The 97.5 % point of the standard normal distribution.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many `of` so many."""

    number: int
    of: int

    @property
    def is_too_few(self) -> bool:
        """Whether the denominator is too small to say anything."""
        return self.of < FEWEST

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 of none."""
        return self.number / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval, without continuity correction; (0, 1) of none.

        E. B. Wilson, J Am Stat Assoc 1927;22:209-212; formula and worked examples: R. G. Newcombe, Stat Med 1998;17:857-872,
        method 3.
        """
        if not self.of:
            return 0.0, 1.0
        middle = 2 * self.number + _Z**2
        reach = _Z * sqrt(_Z**2 + 4 * self.number * (1 - self.share))
        below = 2 * (self.of + _Z**2)
        return max((middle - reach) / below, 0.0), min((middle + reach) / below, 1.0)
