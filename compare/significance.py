"""The statistics of a comparison, in the standard library and NumPy; docs/statistics.md says more.

Checked against scipy.stats, and by simulation, in the tests.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEVEL = 0.95
"""Confidence of an interval; a p under 1 - LEVEL is called significant."""


class Summary(NamedTuple):
    """Mean of ``n`` values; SD and 95 % interval of the mean are None for fewer than two."""

    n: int
    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None


def summary(values: Sequence[float]) -> Summary:
    """Mean, sample SD (n - 1) and Student's interval mean ± t·SD/√n (Student 1908)."""
    n = len(values)
    if n == 0:
        return Summary(0, None, None, None)
    mean = statistics.fmean(values)
    if n == 1:
        return Summary(1, mean, None, None)
    sd = statistics.stdev(values)
    half = t_quantile(LEVEL, n - 1) * sd / math.sqrt(n)
    return Summary(n, mean, sd, (mean - half, mean + half))


@functools.cache
def t_quantile(level: float, freedom: int) -> float:
    """The t with P(|T| ≤ t) = ``level`` for Student's T with ``freedom`` ≥ 1 degrees of freedom.

    Bisection, to the last bit of the angle arctan(t/√freedom), of `_central`.
    """
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _central(middle, freedom) < level:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def _central(angle: float, freedom: int) -> float:
    """P(|T| ≤ √freedom · tan(angle)): the finite series of Abramowitz & Stegun 26.7.3-4."""
    odd = freedom % 2
    cosine = math.cos(angle)
    term, series = (cosine if odd else 1.0), 0.0
    for power in range(odd, freedom - 1, 2):
        series += term
        term *= (power + 1) / (power + 2) * cosine**2
    half = math.sin(angle) * series
    return 2 / math.pi * (angle + half) if odd else half


def sign_flip_p(differences: Sequence[int]) -> float:
    """Exact two-sided p of the paired permutation test (Fisher 1935, The Design of Experiments).

    If the choice does not matter, each pair might as well have come the other way round, so all
    2^n signs of the n ``differences`` are equally likely. p is the share of them whose sum is as
    far from 0 as the observed one. Whole numbers (here: counts of images) have few different
    sums, so that the distribution of the sum is built up pair by pair, without a list of the 2^n
    cases: exact for any n, and without a tie decided by rounding.
    """
    sizes = [abs(difference) for difference in differences]
    divisor = math.gcd(*sizes) or 1
    chance = np.ones(1)  # of each sum of the positive part, from 0 to what is seen so far
    for size in sizes:
        step = size // divisor
        wider = np.zeros(len(chance) + step)
        wider[: len(chance)] += chance / 2
        wider[step:] += chance / 2
        chance = wider
    total = len(chance) - 1
    sums = 2 * np.arange(total + 1) - total
    observed = abs(sum(differences)) // divisor
    return min(1.0, float(chance[np.abs(sums) >= observed].sum()))


def smallest_p(pairs: int, comparisons: int = 1) -> float:
    """What `sign_flip_p` of so many pairs cannot go below, times Holm's factor."""
    return min(1.0, comparisons * 2.0 ** (1 - pairs))


def pairs_needed(comparisons: int = 1) -> int:
    """The fewest pairs with which a corrected p can be significant."""
    pairs = 1
    while smallest_p(pairs, comparisons) >= 1 - LEVEL:
        pairs += 1
    return pairs


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for being several (Holm 1979), in the order given."""
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        corrected[index] = min(1.0, largest)
    return corrected


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Exact two-sided p that two classifiers, right alone so often each, are equally good.

    McNemar 1947, with the binomial distribution in place of its approximation. Integers of any
    size keep the tail exact.
    """
    n, least = only_first + only_second, min(only_first, only_second)
    ways, tail = 1, 0
    for k in range(least + 1):
        tail += ways
        ways = ways * (n - k) // (k + 1)
    p: float = 2 * tail / 2**n
    return min(1.0, p)


def binomial_error(share: float, n: int) -> float:
    """Standard error √(p(1 - p)/n) of a ``share`` of ``n`` independent cases."""
    return math.sqrt(share * (1 - share) / n)
