"""Tests and intervals, as functions of numbers; docs/statistics.md says why these.

Rows of a comparison are paired by seed, and several differences are tested at once: those of all
pairs of rows, or of all pairs of levels of each choice. A few seeds say little about the variance
of one difference, so it is shrunk towards that of the others (Smyth 2004).
"""

from __future__ import annotations

import math
import statistics
import string
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.distributions import digamma, t_quantile, t_tails, trigamma, trigamma_inverse
from nnbasic.model.arrays import Array

LEVEL = 0.95
"""Confidence of an interval; a p under 1 - LEVEL is significant."""

SHRUNK_FROM = 6
"""The number of differences from which their variances are shrunk: that of four rows."""

TRUSTED = 0.4
"""The part of the borrowed degrees of freedom that counts: differences that share rows look more
alike than they are. docs/statistics.md has what was measured with it."""


class Summary(NamedTuple):
    """Mean of ``n`` values; SD and 95 % interval of the mean are None for fewer than two."""

    n: int
    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None


class Prior(NamedTuple):
    """What the variances of several differences have in common, worth ``freedom`` more seeds.

    ``freedom`` is infinite if they differ by no more than chance, and 0 if they are not shrunk.
    """

    freedom: float
    variance: float


class Contrast(NamedTuple):
    """A difference: its ``mean`` over the seeds, and how sure it is.

    ``error`` is the standard error of the mean. ``p`` is two-sided and corrected for all
    differences that were tested together (Holm), ``p_uncorrected`` is not. The intervals ``ci95``
    are simultaneous, and within what shares can differ by. A single seed gives a mean only.
    """

    mean: float
    error: float | None = None
    p: float | None = None
    p_uncorrected: float | None = None
    ci95: tuple[float, float] | None = None

    @property
    def significant(self) -> bool:
        return significant(self.p)


class Differences(NamedTuple):
    """Differences whose variances are shrunk together, ``values`` (differences, seeds).

    ``floor`` (differences,) is the variance that counting whole images leaves; ``rank`` is how
    many of them are independent of each other, ``widest`` how large one can be.
    """

    values: Array
    floor: Array
    rank: int
    widest: float = 1.0


class Inference(NamedTuple):
    """`Differences` after the test, a `Contrast` for each.

    ``freedom``: the degrees of freedom of each. ``sd``: of a difference between two runs of one
    seed, typical of all. These and ``prior`` are None for a single seed.
    """

    contrasts: tuple[Contrast, ...]
    rank: int
    freedom: float | None = None
    sd: float | None = None
    prior: Prior | None = None

    @property
    def smallest_p(self) -> float | None:
        return min((each.p for each in self.contrasts if each.p is not None), default=None)


class Ranking(NamedTuple):
    """Several rows or levels, best first, compared with the first and with each other.

    ``differences`` are from the first, which has none; items that share one of the ``letters``
    show no significant difference (None for a single seed).
    """

    differences: tuple[Contrast | None, ...]
    letters: tuple[str | None, ...]
    tested: Inference


def significant(p: float | None) -> bool:
    """Whether ``p`` is that of a significant difference; without a p there is none."""
    return p is not None and p < 1 - LEVEL


def summary(values: Sequence[float]) -> Summary:
    """Mean, sample SD (n - 1) and Student's interval mean ± t·SD/√n (Student 1908) of shares."""
    n = len(values)
    if n < 2:
        return Summary(n, values[0] if n else None, None, None)
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    half = t_quantile(LEVEL, n - 1) * sd / math.sqrt(n)
    return Summary(n, mean, sd, (max(0.0, mean - half), min(1.0, mean + half)))


def image_floor(images: Array) -> Array:
    """The variance that rounding to whole images leaves in shares of ``images`` (rows,) images."""
    floor: Array = 1 / (12 * images**2)
    return floor


def pairs(values: Array, floor: Array) -> Differences:
    """The differences of all pairs of ``values`` (items, seeds), second minus first.

    In the order of `itertools.combinations`; ``floor`` (items,) is the variance of each at least.
    """
    first, second = np.triu_indices(len(values), 1)
    return Differences(
        values[second] - values[first], floor[first] + floor[second], len(values) - 1
    )


def moderated_t(*families: Differences) -> list[Inference]:
    """The moderated paired t-test (Smyth 2004, sections 3 to 6), Holm over all ``families``.

    Variances are shrunk within a family: differences of rows are not like those of means.
    """
    moderated = [_moderated(each) for each in families]
    corrected = iter(holm([p for each in moderated for p in each.p]))
    count = sum(len(each.p) for each in moderated)
    return [
        _tested(each, own, corrected, count) for each, own in zip(families, moderated, strict=True)
    ]


def rank(*items: tuple[Array, Array]) -> list[Ranking]:
    """Compare all pairs of each ``items``: values (items, seeds), best first, and their floors.

    p-values and intervals are corrected for all of them together.
    """
    rankings = []
    for (values, _), tested in zip(
        items, moderated_t(*(pairs(*each) for each in items)), strict=True
    ):
        count, single = len(values), tested.freedom is None
        apart = [
            (int(a), int(b))
            for a, b, contrast in zip(*np.triu_indices(count, 1), tested.contrasts, strict=True)
            if contrast.significant
        ]
        named = (None,) * count if single else letters(count, apart)
        rankings.append(Ranking((None, *tested.contrasts[: count - 1]), named, tested))
    return rankings


def letters(rows: int, apart: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Letters such that two rows share one if, and only if, they are not ``apart``.

    Insert and absorb (Piepho 2004): all rows begin with one letter; for each pair that is apart,
    every letter that both have is split in two, and what another letter covers is dropped. The
    rows of a letter are the bits of an integer.
    """
    columns = [(1 << rows) - 1]
    for first, second in apart:
        pair = 1 << first | 1 << second
        split = [column for column in columns if column & pair == pair]
        if not split:
            continue
        columns = [column for column in columns if column & pair != pair]
        for part in (column & ~(1 << row) for column in split for row in (first, second)):
            if not any(part & column == part for column in columns):
                columns = [column for column in columns if column & part != column] + [part]
    members = sorted([row for row in range(rows) if column >> row & 1] for column in columns)
    return tuple(
        "".join(_letter(index) for index, column in enumerate(members) if row in column)
        for row in range(rows)
    )


def degrees_of_freedom(prior: float, rank: int, seeds: int) -> float:
    """Of a difference over ``seeds`` seeds, given those of the `Prior` and of the differences."""
    return seeds - 1 + TRUSTED * _borrowed(prior, rank, seeds)


def fitted_prior(variances: Sequence[float], freedom: float) -> Prior:
    """What ``variances``, of ``freedom`` degrees of freedom each, share (Smyth 2004, section 6.2).

    Rows that are nearly the same, like he and xavier of one activation, differ by far less than
    others do. Such a variance is first raised to what chance would hardly go below, or it would
    make the rest look unlike each other as well (after Phipson et al. 2016, one-sided; rows of a
    huge variance are left out before). If they scatter less than chance does, they are equal.
    """
    if len(variances) < SHRUNK_FROM:
        return Prior(0.0, 0.0)
    scatter = trigamma(freedom / 2)  # the variance of the logarithm of an estimated variance
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


class _Moderated(NamedTuple):
    means: Array
    errors: Array
    p: list[float]
    freedom: float | None = None
    sd: float | None = None
    prior: Prior | None = None


def _moderated(differences: Differences) -> _Moderated:
    values, floor, rank, _ = differences
    means, seeds = values.mean(axis=1), values.shape[1]
    if seeds < 2 or not len(values):
        return _Moderated(means, means, [])
    variances = np.maximum(values.var(axis=1, ddof=1), floor)
    prior = fitted_prior(variances.tolist(), seeds - 1)
    borrowed = _borrowed(prior.freedom, rank, seeds)
    shrunk = (borrowed * prior.variance + (seeds - 1) * variances) / (borrowed + seeds - 1)
    freedom = degrees_of_freedom(prior.freedom, rank, seeds)
    errors = np.sqrt(shrunk / seeds)
    p = (2 * t_tails(abs(means / errors), freedom)).tolist()
    return _Moderated(means, errors, p, freedom, math.sqrt(_typical(shrunk)), prior)


def _typical(variances: Array) -> float:
    """The mean of ``variances``; of many it is robust: their median bounds each from above."""
    if len(variances) < SHRUNK_FROM:
        return float(variances.mean())
    return float(np.minimum(variances, 4 * np.median(variances)).mean())


def _tested(
    differences: Differences, own: _Moderated, corrected: Iterable[float], count: int
) -> Inference:
    """The contrasts of a family; its p after Holm are the next ones of ``corrected``."""
    if own.freedom is None:
        return Inference(tuple(map(Contrast, own.means.tolist())), differences.rank)
    half = t_quantile(1 - (1 - LEVEL) / count, own.freedom) * own.errors
    lows = np.maximum(own.means - half, -differences.widest).tolist()
    highs = np.minimum(own.means + half, differences.widest).tolist()
    columns = (own.means.tolist(), own.errors.tolist(), corrected, own.p)
    contrasts = map(Contrast, *columns, zip(lows, highs, strict=True))
    return Inference(tuple(contrasts), differences.rank, own.freedom, own.sd, own.prior)


def _borrowed(prior: float, rank: int, seeds: int) -> float:
    """There is no more to borrow than all the differences have."""
    return min(prior, rank * (seeds - 1))


def _letter(index: int) -> str:
    """a to z, A to Z, and then numbers."""
    return string.ascii_letters[index] if index < 52 else f"({index + 1})"
