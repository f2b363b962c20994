"""Tests and intervals, as functions of numbers; docs/statistics.md says why these.

Rows of a comparison are paired by seed, and several differences are asked for at once: each
two rows, each two levels of a choice. A few seeds know little of the variance of one difference,
so that it is shrunk towards that of the others (Smyth 2004).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.distributions import (
    digamma,
    t_quantile,
    t_tail,
    trigamma,
    trigamma_inverse,
)
from nnbasic.model.arrays import Array

LEVEL = 0.95
"""Confidence of an interval; a p under 1 - LEVEL is called significant."""

SHRUNK_FROM = 6
"""From how many differences on their variances are shrunk: those of four rows. Fewer say too
little of one another, and a single row with a large spread would spoil the others."""


TRUSTED = 0.4
"""How much of the degrees of freedom that are borrowed counts: differences that share rows look
more alike than they are. docs/statistics.md has what was measured with it."""


class Summary(NamedTuple):
    """Mean of ``n`` values; SD and 95 % interval of the mean are None for fewer than two."""

    n: int
    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None


class Prior(NamedTuple):
    """What the variances of several differences have in common: as much as ``freedom`` more seeds.

    ``freedom`` is infinite where they differ by no more than chance lets them, and 0 where they
    are too few to be shrunk.
    """

    freedom: float
    variance: float


class Contrast(NamedTuple):
    """A difference: its ``mean`` over the seeds, and how sure it is.

    ``error`` is the standard error of the mean. ``p`` is two-sided and corrected for all that were
    asked for together (Holm), ``p_uncorrected`` that of this difference alone. All intervals
    ``ci95`` together hold their true values 95 % of the time, and none goes beyond what shares
    can differ by. With a single seed there is a mean only.
    """

    mean: float
    error: float | None = None
    p: float | None = None
    p_uncorrected: float | None = None
    ci95: tuple[float, float] | None = None

    @property
    def significant(self) -> bool:
        return significant(self.p)

    def turned(self) -> Contrast:
        """The same difference, taken the other way round."""
        ci95 = None if self.ci95 is None else (-self.ci95[1], -self.ci95[0])
        return self._replace(mean=-self.mean, ci95=ci95)


class Contrasts(NamedTuple):
    """Differences that were tested together over ``seeds`` seeds.

    ``freedom``: the degrees of freedom of each. ``rank``: how many of the differences are
    independent of each other. ``sd``: of a difference between two runs of one seed, typical of all.
    None of ``freedom``, ``sd`` and ``prior`` is known from a single seed.
    """

    each: tuple[Contrast, ...]
    seeds: int
    rank: int
    freedom: float | None = None
    sd: float | None = None
    prior: Prior | None = None

    @property
    def smallest_p(self) -> float | None:
        """The corrected p of there being no difference at all; None where there is none."""
        return min((each.p for each in self.each if each.p is not None), default=None)


def significant(p: float | None) -> bool:
    """Whether ``p`` says that something is no chance; without a p nothing does."""
    return p is not None and p < 1 - LEVEL


def summary(values: Sequence[float]) -> Summary:
    """Mean, sample SD (n - 1) and Student's interval mean ± t·SD/√n (Student 1908) of shares."""
    n = len(values)
    if n == 0:
        return Summary(0, None, None, None)
    mean = statistics.fmean(values)
    if n == 1:
        return Summary(1, mean, None, None)
    sd = statistics.stdev(values)
    half = t_quantile(LEVEL, n - 1) * sd / math.sqrt(n)
    return Summary(n, mean, sd, (max(0.0, mean - half), min(1.0, mean + half)))


def contrasts(weights: Array, accuracies: Array, images: Array) -> Contrasts:
    """The moderated paired t-test of several differences (Smyth 2004, sections 3 to 6).

    ``weights`` (differences, rows) says what is subtracted from what: +1 and -1 for two rows.
    ``accuracies`` (rows, seeds) are shares of ``images`` (rows,) images.
    """
    found = weights @ accuracies
    means, seeds = found.mean(axis=1), found.shape[1]
    rank = int(np.linalg.matrix_rank(weights)) if len(weights) else 0
    if seeds < 2 or not len(weights):
        return Contrasts(tuple(Contrast(float(mean)) for mean in means), seeds, rank)
    # counting whole images alone leaves each share a variance of 1/12 of an image
    floor = weights**2 @ (1 / (12 * images**2))
    variances = np.maximum(found.var(axis=1, ddof=1), floor)
    prior = fitted_prior(variances.tolist(), seeds - 1)
    borrowed = _borrowed(prior.freedom, rank, seeds)
    shrunk = (borrowed * prior.variance + (seeds - 1) * variances) / (borrowed + seeds - 1)
    freedom = degrees_of_freedom(prior.freedom, rank, seeds)
    errors = np.sqrt(shrunk / seeds)
    p_values = [2 * t_tail(abs(t), freedom) for t in (means / errors).tolist()]
    halves = t_quantile(1 - (1 - LEVEL) / len(means), freedom) * errors
    widest = np.abs(weights).sum(axis=1) / 2
    lows, highs = np.maximum(means - halves, -widest), np.minimum(means + halves, widest)
    columns = (means.tolist(), errors.tolist(), holm(p_values), p_values)
    each = map(Contrast, *columns, zip(lows.tolist(), highs.tolist(), strict=True))
    return Contrasts(tuple(each), seeds, rank, freedom, math.sqrt(float(shrunk.mean())), prior)


def degrees_of_freedom(prior: float, rank: int, seeds: int) -> float:
    """Of a difference over ``seeds`` seeds, given those of the `Prior` and of the differences."""
    return seeds - 1 + TRUSTED * _borrowed(prior, rank, seeds)


def _borrowed(prior: float, rank: int, seeds: int) -> float:
    """There is no more to borrow than all the differences have."""
    return min(prior, rank * (seeds - 1))


def fitted_prior(variances: Sequence[float], freedom: float) -> Prior:
    """What ``variances``, of ``freedom`` degrees of freedom each, share (Smyth 2004, section 6.2).

    Rows that are nearly the same, as he and xavier of one activation, differ by far less than
    others do. Such a variance is first raised to what chance would hardly go below, or it would
    make the rest look unlike each other as well (after Phipson et al. 2016, one-sided). If they
    scatter less than chance alone would have it, they are taken for equal.
    """
    if len(variances) < SHRUNK_FROM:
        return Prior(0.0, 0.0)
    scatter = trigamma(freedom / 2)  # the variance of the logarithm of one that is estimated
    logs = [math.log(variance) for variance in variances]
    lowest = statistics.median(logs) - 2 * math.sqrt(scatter)
    logs = [max(each, lowest) for each in logs]
    spread = statistics.variance(logs) - scatter
    if spread <= 0:
        return Prior(math.inf, statistics.fmean(map(math.exp, logs)))
    half = trigamma_inverse(spread)
    middle = statistics.fmean(logs) - digamma(freedom / 2) + math.log(freedom / 2)
    return Prior(2 * half, math.exp(middle + digamma(half) - math.log(half)))


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
