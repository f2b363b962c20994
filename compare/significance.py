"""Tests and intervals, as functions of numbers; docs/statistics.md says why these.

Rows of a comparison are paired by seed, and several differences are tested at once: those of all
pairs of rows, or of all pairs of levels of each choice. A few seeds say little about the variance
of one difference, so it is shrunk towards that of the others (Smyth 2004).
"""

import bisect
import math
import statistics
import string
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from nnbasic.compare.distributions import (
    LEVEL,
    digamma,
    t_quantile,
    t_tail,
    trigamma,
    trigamma_inverse,
)
from nnbasic.model.arrays import Array

SHRUNK_FROM = 6
"""The number of differences from which their variances are shrunk: that of four rows."""

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


class Summary(NamedTuple):
    """Mean of ``n`` values; SD and 95 % interval of the mean are None for fewer than two."""

    n: int
    mean: float | None
    sd: float | None
    ci95: tuple[float, float] | None


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


class Differences(NamedTuple):
    """Differences whose variances are shrunk together, ``values`` (differences, seeds).

    ``floor`` (differences,) is the variance that counting whole images leaves; ``rank`` is how
    many of them are independent of each other, ``widest`` how large one can be.
    """

    values: Array
    floor: Array
    rank: int
    widest: float = 1.0


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

        The largest one first; of those that as many detect only the smallest.
        """
        sizes = [size for size in reversed(DIFFERENCES) if size < 0.8 * self.smallest(seeds)]
        needed = {self.seeds(size): size for size in sizes}
        return [(size, n) for n, size in needed.items() if n is not None and seeds < n <= MANY]

    def freedom(self, seeds: int) -> float:
        """The degrees of freedom of each difference over ``seeds`` seeds."""
        return seeds - 1 + TRUSTED * min(self.prior, self.rank * (seeds - 1))

    def threshold(self, seeds: int) -> float:
        """The t beyond which each of the differences is significant, by Bonferroni."""
        return t_quantile(1 - (1 - LEVEL) / self.differences, self.freedom(seeds))


class Inference(NamedTuple):
    """`Differences` after the test: a `Contrast` for each, and the `Plan` that they make.

    Without a second seed there is no plan. If they are those of all pairs of some rows or levels,
    best first, those that share one of the ``letters`` show no significant difference.
    """

    contrasts: tuple[Contrast, ...]
    plan: Plan | None = None
    letters: tuple[str | None, ...] = ()

    @property
    def smallest_p(self) -> float | None:
        return min((each.p for each in self.contrasts if each.p is not None), default=None)

    @property
    def differences(self) -> tuple[Contrast | None, ...]:
        """From the first row or level, which has none."""
        return None, *self.contrasts[: len(self.letters) - 1]


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


def image_floor(images: Sequence[int]) -> Array:
    """The variance that rounding to whole images leaves in shares of ``images`` (rows,) images."""
    floor: Array = 1 / (12 * np.square(images, dtype=float))
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

    All are over the same seeds. Variances are shrunk within a family: differences of rows are not
    like those of means.
    """
    count = sum(len(family.values) for family in families)
    tested = [_tested(family, count) for family in families]
    every = [contrast.p_uncorrected for each in tested for contrast in each.contrasts]
    p = iter(holm([own for own in every if own is not None]))  # a single seed has none
    return [
        each._replace(contrasts=tuple(one._replace(p=next(p, None)) for one in each.contrasts))
        for each in tested
    ]


def rank(*items: tuple[Array, Array]) -> list[Inference]:
    """Compare all pairs of each ``items``: values (items, seeds), best first, and their floors.

    p-values and intervals are corrected for all of them together.
    """
    every = moderated_t(*(pairs(*each) for each in items))
    found = []
    for (values, _), tested in zip(items, every, strict=True):
        both = zip(combinations(range(len(values)), 2), tested.contrasts, strict=True)
        apart = [pair for pair, contrast in both if significant(contrast.p)]
        own = letters(len(values), apart) if tested.plan else (None,) * len(values)
        found.append(tested._replace(letters=own))
    return found


def letters(rows: int, apart: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Letters such that two rows share one if, and only if, they are not ``apart``.

    They are a to z, A to Z, and then numbers. Insert and absorb (Piepho 2004): all rows begin with
    one letter; for each pair that is apart, every letter that both have is split in two, and what
    another letter covers is dropped. The rows of a letter are the bits of an integer.
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
    names = [*string.ascii_letters, *(f"({n})" for n in range(53, len(members) + 1))]
    return tuple(
        "".join(name for name, column in zip(names, members, strict=False) if row in column)
        for row in range(rows)
    )


def fitted_prior(variances: Sequence[float], freedom: float) -> tuple[float, float]:
    """What ``variances``, of ``freedom`` degrees of freedom each, share (Smyth 2004, section 6.2).

    The variance that all have in common, and before it the degrees of freedom that it is worth: 0
    for few differences, which borrow nothing, and infinity for equal ones.

    Rows that are nearly the same, like he and xavier of one activation, differ by far less than
    others do. Such a variance is first raised to what chance would hardly go below, or it would
    make the rest look unlike each other as well (after Phipson et al. 2016, one-sided; rows of a
    huge variance are left out before). If they scatter less than chance does, they are equal.
    """
    if len(variances) < SHRUNK_FROM:
        return 0.0, 0.0
    scatter = trigamma(freedom / 2)  # the variance of the logarithm of an estimated variance
    logs = [math.log(variance) for variance in variances]
    lowest = statistics.median(logs) - 2 * math.sqrt(scatter)
    logs = [max(each, lowest) for each in logs]
    spread = statistics.variance(logs) - scatter
    if spread <= 0:
        return math.inf, statistics.fmean(map(math.exp, logs))
    half = trigamma_inverse(spread)
    middle = statistics.fmean(logs) - digamma(freedom / 2) + math.log(freedom / 2)
    return 2 * half, math.exp(middle + digamma(half) - math.log(half))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for being several (Holm 1979), in the order given."""
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, (len(p_values) - rank) * p_values[index])
        corrected[index] = min(1.0, largest)
    return corrected


def _tested(differences: Differences, count: int) -> Inference:
    """The contrasts of a family, one of ``count`` differences in all; p is not corrected yet."""
    values, floor, rank, widest = differences
    means, seeds = values.mean(axis=1), values.shape[1]
    if seeds < 2 or not len(values):
        return Inference(tuple(map(Contrast, means.tolist())))
    variances = np.maximum(values.var(axis=1, ddof=1), floor)
    prior, common = fitted_prior(variances.tolist(), seeds - 1)
    borrowed = min(prior, rank * (seeds - 1))  # there is no more than all the differences have
    shrunk = (borrowed * common + (seeds - 1) * variances) / (borrowed + seeds - 1)
    # of many, the mean is robust: their median bounds each from above
    most = 4 * np.median(shrunk) if len(shrunk) >= SHRUNK_FROM else math.inf
    plan = Plan(count, rank, math.sqrt(np.minimum(shrunk, most).mean()), prior)
    errors = np.sqrt(shrunk / seeds)
    freedom = plan.freedom(seeds)
    p = [2 * t_tail(t, freedom) for t in abs(means / errors).tolist()]
    half = plan.threshold(seeds) * errors
    lows, highs = np.maximum(means - half, -widest), np.minimum(means + half, widest)
    intervals = zip(lows.tolist(), highs.tolist(), strict=True)
    return Inference(tuple(map(Contrast, means.tolist(), errors.tolist(), p, p, intervals)), plan)
