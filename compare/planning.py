"""How many seeds it takes to detect a difference, and which differences so many seeds detect."""

from __future__ import annotations

import bisect
import math
from typing import NamedTuple

from nnbasic.compare.distributions import LEVEL, t_quantile

TRUSTED = 0.4
"""The part of the borrowed degrees of freedom that counts: differences that share rows look more
alike than they are. docs/statistics.md has what was measured with it."""

POWER = 0.8
"""How often a difference is to be detected."""

MOST_SEEDS = 1000

MANY = 100
"""Seeds that are more than anybody trains."""

DIFFERENCES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""The differences of which a plan says how many seeds they take."""


class Plan(NamedTuple):
    """A comparison with more seeds, as far as one with few can tell.

    ``differences`` are tested together, ``rank`` of them independent; ``sd`` is that of a
    difference between two runs of one seed, ``prior`` the degrees of freedom that the differences
    share for its variance.
    """

    differences: int
    rank: int
    sd: float
    prior: float

    def seeds(self, difference: float) -> int | None:
        """The fewest seeds that detect ``difference`` with `POWER`; None if too many."""
        every = range(2, MOST_SEEDS)
        place = bisect.bisect_left(every, -difference, key=lambda seeds: -self.smallest(seeds))
        return every[place] if place < len(every) else None

    def smallest(self, seeds: int) -> float:
        """The smallest difference of two rows that ``seeds`` ≥ 2 seeds detect with `POWER`.

        Bonferroni's threshold in place of Holm's, and a shifted t for the noncentral one.
        """
        margin = t_quantile(2 * POWER - 1, self.freedom(seeds))
        return (self.threshold(seeds) + margin) * self.sd / math.sqrt(seeds)

    def further(self, seeds: int) -> list[tuple[float, int]]:
        """Of `DIFFERENCES` those well below what ``seeds`` detect, and how many do; at most MANY.

        The largest one first.
        """
        sizes = [size for size in reversed(DIFFERENCES) if size < 0.8 * self.smallest(seeds)]
        needed = [(size, self.seeds(size)) for size in sizes]
        return [(size, n) for size, n in needed if n is not None and seeds < n <= MANY]

    def freedom(self, seeds: int) -> float:
        """The degrees of freedom of each difference over ``seeds`` seeds."""
        return seeds - 1 + TRUSTED * min(self.prior, self.rank * (seeds - 1))

    def threshold(self, seeds: int) -> float:
        """The t beyond which each of the differences is significant, by Bonferroni."""
        return t_quantile(1 - (1 - LEVEL) / self.differences, self.freedom(seeds))
