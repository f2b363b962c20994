"""The statistics against SciPy, against what they are defined by, and worked by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from nnbasic.compare.significance import (
    Inference,
    Plan,
    fitted_prior,
    holm,
    image_floor,
    letters,
    rank,
    significant,
    summary,
)
from nnbasic.compare.two import mcnemar_p

IMAGES = 5000


def ranked(accuracies: object, images: object = IMAGES) -> Inference:
    rows = np.array(accuracies, dtype=float)
    (found,) = rank((rows, image_floor([*np.broadcast_to(images, len(rows))])))
    return found


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_summary(values: list[float]) -> None:
    found = summary(values)
    assert found.n == len(values)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-15)
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1), abs=1e-12)
    half = stats.t.ppf(0.975, len(values) - 1) * error
    interval = np.clip([np.mean(values) - half, np.mean(values) + half], 0, 1)
    assert found.ci95 == pytest.approx(tuple(interval), abs=1e-10)


def test_no_interval_goes_beyond_all_images() -> None:
    (far,) = ranked([[0.0, 0.1], [1.0, 0.7]]).contrasts
    assert far.ci95 == (-1, 1)


@pytest.mark.parametrize("rows", [2, 3])
def test_of_two_or_three_rows_it_is_the_paired_t_test(rows: int, rng: np.random.Generator) -> None:
    accuracies = rng.integers(4700, 4900, (rows, 5)) / IMAGES
    found = ranked(accuracies)
    both = itertools.combinations(range(rows), 2)
    for contrast, (first, second) in zip(found.contrasts, both, strict=True):
        expected = stats.ttest_rel(accuracies[second], accuracies[first])
        assert contrast.mean == pytest.approx(np.mean(accuracies[second] - accuracies[first]))
        assert contrast.p_uncorrected == pytest.approx(expected.pvalue)
        interval = expected.confidence_interval(1 - 0.05 / len(found.contrasts))
        assert contrast.ci95 == pytest.approx((interval.low, interval.high))


def test_a_variance_is_never_less_than_that_of_whole_images() -> None:
    """Three equal differences of 2 in 100 images: the variance is 2/12 of one image squared."""
    (found,) = ranked([[0.5, 0.6, 0.7], [0.52, 0.62, 0.72]], 100).contrasts
    assert found.error == pytest.approx(0.01 * math.sqrt(1 / 6) / math.sqrt(3))
    # t² = 4·3·6 = 72, and P(|T| > t) = 1 - t/√(2 + t²) with two degrees of freedom
    assert found.p == pytest.approx(1 - math.sqrt(72 / 74))


def test_one_seed_has_a_mean_and_nothing_else() -> None:
    found = ranked([[0.9], [0.92], [0.95], [0.8]])
    assert [contrast.mean for contrast in found.contrasts] == pytest.approx(
        [0.02, 0.05, -0.1, 0.03, -0.12, -0.15]
    )
    assert all(contrast[1:] == (None,) * 4 for contrast in found.contrasts)
    assert not any(significant(contrast.p) for contrast in found.contrasts)
    assert found.plan is found.smallest_p is None


def test_the_prior_has_the_moments_of_the_variances() -> None:
    """The logarithms of s0²·F(f, d0), of which the variances are a draw, have their mean and SD.

    That is what Smyth 2004, section 6.2, defines d0 and s0² by; here it is solved with SciPy's F.
    """
    variances, freedom = [0.8, 1.9, 3.1, 0.9, 6.5, 2.2, 1.4, 12.0], 4
    logs = np.log(variances)

    def off(guess: np.ndarray) -> list[float]:
        f = stats.f(freedom, math.exp(guess[0]), scale=math.exp(guess[1]))
        mean = f.expect(np.log)
        second = f.expect(lambda v: np.log(v) ** 2)
        return [mean - logs.mean(), second - mean**2 - logs.var(ddof=1)]

    d0, s0 = np.exp(optimize.fsolve(off, [2.0, 0.5]))
    found = fitted_prior(variances, freedom)
    assert found == pytest.approx((d0, s0), rel=1e-4)


def test_two_rows_that_are_nearly_one_do_not_make_the_others_look_unlike() -> None:
    alike = [1.0, 1.3, 0.8, 1.6, 0.7, 1.1, 0.9, 1.2, 1.4]
    assert fitted_prior([*alike, 1e-6], 5)[0] > 20
    assert fitted_prior([*alike, 1e3], 5)[0] < 5, "a large variance is no such case"


def test_a_variance_is_shrunk_towards_the_others() -> None:
    """Four rows, three seeds, worked by hand. In images the pairs have the variances below.

    Their logarithms have the variance 1.09; chance alone would give those of two degrees of freedom
    π²/6 = 1.64. So they are taken for equal, and all is borrowed: rank × (seeds - 1) = 6 degrees of
    freedom, of which 2.4 count.
    """
    images = [[4800, 4800, 4800], [4802, 4800, 4798], [4809, 4810, 4811], [4820, 4819, 4821]]
    variances = [4, 1, 1, 9, 7, 1]
    means = [0, 10, 20, 10, 20, 10]
    found = ranked(np.array(images) / IMAGES)
    assert found.plan is not None
    assert found.plan.freedom(3) == pytest.approx(4.4)
    for contrast, variance, mean in zip(found.contrasts, variances, means, strict=True):
        error = math.sqrt((6 * 23 / 6 + 2 * variance) / 8 / 3)
        assert contrast.error == pytest.approx(error / IMAGES)
        assert contrast.p_uncorrected == pytest.approx(2 * stats.t.sf(mean / error, 4.4), rel=1e-6)
        half = stats.t.ppf(1 - 0.025 / 6, 4.4) * error
        assert contrast.ci95 == pytest.approx(((mean - half) / IMAGES, (mean + half) / IMAGES))


def test_families_are_shrunk_apart_and_corrected_together(rng: np.random.Generator) -> None:
    rows, levels = rng.normal(0.97, 0.001, (4, 5)), rng.normal(0.97, 0.004, (2, 5))
    levels[1] += 0.05
    floor = image_floor([IMAGES] * 4)
    first, second = rank((rows, floor), (levels, floor[:2]))
    alone = stats.ttest_rel(*levels).pvalue
    assert second.contrasts[0].p_uncorrected == pytest.approx(alone)
    assert second.contrasts[0].p == pytest.approx(7 * alone)
    alone_too = ranked(rows).plan
    assert first.plan
    assert alone_too
    assert first.plan.prior == alone_too.prior


APART = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] < p[1]))


@given(APART)
def test_rows_share_a_letter_if_and_only_if_they_are_not_apart(
    apart: set[tuple[int, int]],
) -> None:
    named = letters(6, apart)
    for first, second in itertools.combinations(range(6), 2):
        shared = set(named[first]) & set(named[second])
        assert bool(shared) == ((first, second) not in apart)


def test_letters_by_hand() -> None:
    # Piepho 2004: one letter is split by each pair; what another one covers is dropped
    assert letters(3, []) == ("a", "a", "a")
    assert letters(3, [(0, 2)]) == ("a", "ab", "b")
    assert letters(4, [(0, 2), (0, 3), (1, 3)]) == ("a", "ab", "bc", "c")
    every = itertools.combinations(range(54), 2)
    assert letters(54, every)[51:] == ("Z", "(53)", "(54)")


def test_holm_by_hand() -> None:
    # Holm's procedure: 4·0.005, 3·0.01, 2·0.03, 1·0.04 raised to the one before it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.integers(0, 6000), st.integers(0, 6000))
def test_mcnemar_is_scipys_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_p(b, c) == pytest.approx(expected, rel=1e-9)


TWO = Plan(differences=1, rank=1, sd=0.002, prior=0.0)
TWELVE = Plan(differences=66, rank=11, sd=0.002, prior=math.inf)


@pytest.mark.parametrize("difference", [0.001, 0.002, 0.005])
def test_two_rows_take_what_the_noncentral_t_says(difference: float) -> None:
    """The exact power of a paired t-test; the plan may ask for a seed more, or for one less."""

    def power(n: int) -> float:
        limit = stats.t.ppf(0.975, n - 1)
        return float(stats.nct.sf(limit, n - 1, difference * math.sqrt(n) / TWO.sd))

    exact = next(n for n in range(2, 1000) if power(n) >= 0.8)
    found = TWO.seeds(difference)
    assert found is not None
    assert abs(found - exact) <= 1


@pytest.mark.parametrize("found", [TWO, TWELVE])
def test_the_smallest_difference_takes_those_seeds(found: Plan) -> None:
    for seeds in (3, 7, 30):
        smallest = found.smallest(seeds)
        assert found.seeds(smallest * 1.0001) == seeds
        assert found.seeds(smallest * 0.9999) == seeds + 1


def test_of_what_as_many_seeds_detect_the_smallest_is_told() -> None:
    plan = TWO._replace(sd=0.003)
    assert plan.seeds(0.02) == plan.seeds(0.01) == 3
    assert plan.further(2) == [(0.01, 3), (0.005, 5), (0.002, 20), (0.001, 73)]


def test_one_bad_row_does_not_make_the_figure_for_all(rng: np.random.Generator) -> None:
    accuracies = 0.97 + rng.normal(0, 0.0015, (12, 4))
    accuracies[0] = [0.6, 0.9, 0.3, 0.8]
    found = rank((accuracies, image_floor([5000] * 12)))[0].plan
    assert found is not None
    assert found.sd < 0.02
