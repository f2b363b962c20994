"""How many seeds it takes to detect a difference, and which differences so many seeds detect."""

from __future__ import annotations

import math
from typing import NamedTuple

from nnbasic.compare.distributions import t_quantile, t_tail
from nnbasic.compare.significance import LEVEL, Inference, degrees_of_freedom

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

    def power(self, difference: float, seeds: int) -> float:
        """How often a true ``difference`` of two rows is detected, at least, with ``seeds`` seeds.

        Bonferroni's threshold in place of Holm's, and a shifted t for the noncentral one.
        """
        shift = difference * math.sqrt(seeds) / self.sd - self._threshold(seeds)
        return t_tail(-shift, self._freedom(seeds))

    def seeds(self, difference: float) -> int | None:
        """The fewest seeds that detect ``difference`` with `POWER`; None if too many."""
        low, high = 1, 2
        while self.power(difference, high) < POWER:
            if high >= MOST_SEEDS:
                return None
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.power(difference, middle) >= POWER else (middle, high)
        return high

    def smallest(self, seeds: int) -> float:
        """The smallest difference that ``seeds`` ≥ 2 seeds detect with `POWER`."""
        margin = t_quantile(2 * POWER - 1, self._freedom(seeds))
        return (self._threshold(seeds) + margin) * self.sd / math.sqrt(seeds)

    def further(self, seeds: int) -> list[tuple[float, int]]:
        """Of `DIFFERENCES` those well below what ``seeds`` detect, and how many do; at most MANY.

        The largest one first.
        """
        sizes = [size for size in reversed(DIFFERENCES) if size < 0.8 * self.smallest(seeds)]
        needed = [(size, self.seeds(size)) for size in sizes]
        return [(size, n) for size, n in needed if n is not None and seeds < n <= MANY]

    def _freedom(self, seeds: int) -> float:
        return degrees_of_freedom(self.prior, self.rank, seeds)

    def _threshold(self, seeds: int) -> float:
        return t_quantile(1 - (1 - LEVEL) / self.differences, self._freedom(seeds))


def plan(tested: Inference) -> Plan | None:
    """What ``tested`` says of a comparison with more seeds; None if it had a single one."""
    if tested.sd is None or tested.prior is None:
        return None
    return Plan(len(tested.contrasts), tested.rank, tested.sd, tested.prior.freedom)
