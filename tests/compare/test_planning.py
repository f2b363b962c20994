"""Plans: the numbers of seeds by another road, and what they have in common."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare.significance import Plan, image_floor, rank

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


def test_what_no_reasonable_number_of_seeds_finds() -> None:
    assert TWO.seeds(1e-6) is None


def test_a_plan_is_made_of_a_comparison(rng: np.random.Generator) -> None:
    accuracies = 0.97 + rng.normal(0, 0.0015, (5, 40))
    found = rank((accuracies, image_floor([5000] * 5)))[0].plan
    assert found is not None
    assert (found.differences, found.rank) == (10, 4)
    assert found.sd == pytest.approx(0.0015 * math.sqrt(2), rel=0.1)


def test_one_bad_row_does_not_make_the_figure_for_all(rng: np.random.Generator) -> None:
    accuracies = 0.97 + rng.normal(0, 0.0015, (12, 4))
    accuracies[0] = [0.6, 0.9, 0.3, 0.8]
    found = rank((accuracies, image_floor([5000] * 12)))[0].plan
    assert found is not None
    assert found.sd < 0.02
