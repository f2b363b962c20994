"""The statistics against SciPy, against enumeration, and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nnbasic.compare.significance import (
    binomial_error,
    holm,
    mcnemar_p,
    pairs_needed,
    sign_flip_p,
    smallest_p,
    summary,
    t_quantile,
)

DIFFERENCES = st.lists(st.integers(-60, 60), min_size=1, max_size=9)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("freedom", [*range(1, 31), 99, 1000])
def test_t_quantile(level: float, freedom: int) -> None:
    expected = stats.t.ppf((1 + level) / 2, freedom)
    assert t_quantile(level, freedom) == pytest.approx(expected, rel=1e-11)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_summary(values: list[float]) -> None:
    found = summary(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-15)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-12)
    half = stats.t.ppf(0.975, len(values) - 1) * error
    assert found.ci95 == pytest.approx((np.mean(values) - half, np.mean(values) + half), abs=1e-10)


def test_summary_of_few() -> None:
    assert summary([]) == (0, None, None, None)
    assert summary([0.9]) == (1, 0.9, None, None)
    assert summary([0.1, 0.1, 0.1]).sd == 0, "equal values have no spread, not one of rounding"


@given(DIFFERENCES)
def test_sign_flip_is_the_enumeration(differences: list[int]) -> None:
    observed = abs(sum(differences))
    cases = itertools.product((-1, 1), repeat=len(differences))
    sums = [abs(sum(s * d for s, d in zip(signs, differences, strict=True))) for signs in cases]
    assert sign_flip_p(differences) == sum(s >= observed for s in sums) / len(sums)


@pytest.mark.parametrize("n", [2, 5, 8, 11])
def test_sign_flip_is_scipys(n: int, rng: np.random.Generator) -> None:
    differences = rng.integers(-40, 60, n)
    expected = stats.permutation_test(
        (differences,),
        lambda d, axis: np.sum(d, axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert sign_flip_p(differences.tolist()) == pytest.approx(expected.pvalue, rel=1e-12)


def test_sign_flip_of_many_pairs_is_exact_too() -> None:
    assert sign_flip_p([1] * 60) == 2 * 0.5**60
    expected = stats.binomtest(40, 100).pvalue  # equal sizes: the sign test
    assert sign_flip_p([5] * 40 + [-5] * 60) == pytest.approx(expected, rel=1e-12)


def test_sign_flip_without_a_difference() -> None:
    assert sign_flip_p([]) == 1
    assert sign_flip_p([0, 0, 0]) == 1
    assert sign_flip_p([3, -3]) == 1


@given(DIFFERENCES, st.integers(1, 7))
def test_sign_flip_has_no_unit_and_no_side(differences: list[int], unit: int) -> None:
    p = sign_flip_p(differences)
    assert sign_flip_p([-unit * d for d in differences]) == p


@pytest.mark.parametrize(("pairs", "smallest"), [(5, 0.0625), (6, 0.03125), (1, 1.0)])
def test_smallest_p(pairs: int, smallest: float) -> None:
    assert smallest_p(pairs) == smallest
    assert sign_flip_p(list(range(1, pairs + 1))) == smallest


def test_pairs_needed() -> None:
    assert pairs_needed() == 6
    for comparisons in (1, 3, 66):
        n = pairs_needed(comparisons)
        assert comparisons * 0.5 ** (n - 1) < 0.05 <= comparisons * 0.5 ** (n - 2)


def test_holm_by_hand() -> None:
    # Holm's procedure: 4·0.005, 3·0.01, 2·0.03, 1·0.04 raised to the one before it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=8))
def test_holm_lies_between_none_and_bonferroni(values: list[float]) -> None:
    corrected = holm(values)
    for p, q in zip(values, corrected, strict=True):
        assert p <= q <= min(1.0, len(values) * p)
    assert min(corrected) == min(1.0, len(values) * min(values))
    order = sorted(range(len(values)), key=values.__getitem__)
    assert [corrected[i] for i in order] == sorted(corrected)


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_scipys_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_p(b, c) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_a_large_test_set() -> None:
    expected = stats.binomtest(4900, 10_000).pvalue
    assert mcnemar_p(4900, 5100) == pytest.approx(expected, rel=1e-9)


def test_binomial_error() -> None:
    assert binomial_error(0.98, 10_000) == pytest.approx(stats.binom.std(10_000, 0.98) / 10_000)
    assert binomial_error(1.0, 10) == 0


def accuracies(rng: np.random.Generator, rows: int, seeds: int) -> np.ndarray:
    """Counts of right images, (rows, seeds), without a difference between the rows.

    A seed raises or lowers all rows together, as a good draw of weights does, and the
    counts are coarse, so that ties and zeros occur.
    """
    shared = rng.normal(0, 4, seeds)
    return np.rint(4900 + shared + rng.normal(0, 4, (rows, seeds))).astype(int)


@pytest.mark.parametrize("seeds", [5, 6, 7, 10])
def test_without_a_difference_p_is_rarely_small(seeds: int, rng: np.random.Generator) -> None:
    false = 0
    for _ in range(2000):
        first, second = accuracies(rng, 2, seeds)
        false += sign_flip_p((first - second).tolist()) < 0.05
    assert false <= 0.05 * 2000
    if seeds > 5:
        assert false > 0.01 * 2000, "a test that never rejects shows nothing"
