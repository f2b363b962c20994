"""How often a comparison is wrong, and what it finds: `benchmarks/comparison_power.py` in small.

The bounds are some four standard errors from what is measured, so that the draws do not decide.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nnbasic.compare.distributions import t_quantile
from nnbasic.compare.factors import effects
from nnbasic.compare.planning import plan
from nnbasic.compare.ranking import Ranking, rank

IMAGES = 5000
SD = 0.0015
EQUAL, UNEQUAL = (1,) * 6, (1, 1, 1, 3, 3, 3)


def draw(rng: np.random.Generator, means: np.ndarray, seeds: int, sds: tuple[int, ...]) -> Ranking:
    """A comparison of rows with these means, in whole images; a seed moves all rows a little."""
    own = rng.normal(0, SD, (len(means), seeds)) * np.array(sds)[:, None]
    accuracies = means[:, None] + own + rng.normal(0, SD / 3, seeds)
    return rank(np.rint(accuracies * IMAGES) / IMAGES, np.full(len(means), IMAGES))


@pytest.mark.parametrize(
    ("sds", "seeds"),
    [(EQUAL, 2), (EQUAL, 3), (EQUAL, 6), (UNEQUAL, 3), (UNEQUAL, 6), ((1, 1), 4), ((1, 1, 3), 3)],
)
def test_a_difference_that_is_not_there_is_rarely_found(
    sds: tuple[int, ...], seeds: int, rng: np.random.Generator
) -> None:
    means = np.full(len(sds), 0.97)
    false = sum(
        any(each.significant for each in draw(rng, means, seeds, sds).pairs.values())
        for _ in range(400)
    )
    assert 0 < false <= 400 * (0.05 + 4 * np.sqrt(0.05 * 0.95 / 400))


@pytest.mark.parametrize(("sds", "seeds"), [(EQUAL, 3), (EQUAL, 6), (UNEQUAL, 4), ((1, 1), 3)])
def test_intervals_hold_the_truth_and_the_best_row_may_be_the_best(
    sds: tuple[int, ...], seeds: int, rng: np.random.Generator
) -> None:
    means = 0.97 - 0.0004 * np.arange(len(sds))
    one, all_of_them, kept = [], 0, 0
    for _ in range(400):
        found = draw(rng, means, seeds, sds)
        limit = t_quantile(0.95, found.tested.freedom or 0)
        ends = []
        for (first, second), contrast in found.pairs.items():
            assert contrast.error is not None
            assert contrast.ci95 is not None
            true = means[second] - means[first]
            one.append(abs(contrast.mean - true) <= limit * contrast.error)
            ends.append(contrast.ci95[0] <= true <= contrast.ci95[1])
        all_of_them += all(ends)
        kept += bool(found.may_be_best[0])
    assert 0.93 <= np.mean(one) <= 0.97
    assert all_of_them >= 0.91 * 400
    assert kept >= 0.95 * 400


def test_three_seeds_find_what_is_large_and_few_find_what_is_small(
    rng: np.random.Generator,
) -> None:
    """Of twelve rows one is 1.5 points behind, as sigmoid is, and another 0.15."""
    means = np.full(12, 0.97)
    means[10], means[11] = 0.955, 0.9685
    large = small = 0
    for _ in range(100):
        pairs = draw(rng, means, 3, (1,) * 12).pairs
        large += sum(pairs[row, 10].significant for row in range(10))
        small += sum(pairs[row, 11].significant for row in range(10))
    assert large >= 0.98 * 1000
    assert small <= 0.05 * 1000


@pytest.mark.parametrize("rows", [2, 6])
def test_the_planned_seeds_find_the_difference(rows: int, rng: np.random.Generator) -> None:
    means, difference = np.full(rows, 0.97), 0.003
    planned = plan(draw(rng, means, 200, (1,) * rows).tested)
    assert planned is not None
    seeds = planned.seeds(difference)
    assert seeds is not None
    assert 5 <= seeds <= 9
    means[-1] -= difference
    found = [draw(rng, means, seeds, (1,) * rows).pairs[0, rows - 1] for _ in range(300)]
    assert 0.7 <= np.mean([each.significant for each in found]) <= 0.92


def test_choices_that_do_nothing_are_rarely_found_to_do_something(
    rng: np.random.Generator,
) -> None:
    """Of four activations and three initialisations the activation alone does something."""
    cells = list(itertools.product("abcd", "xyz"))
    means = np.repeat([0.97, 0.968, 0.966, 0.95], 3)
    found = np.zeros(3)
    for _ in range(200):
        accuracies = means[:, None] + rng.normal(0, SD, (12, 4)) + rng.normal(0, SD, 4)
        result = effects(("activation", "init"), cells, accuracies, np.full(12, IMAGES))
        assert result is not None
        parts = (*result.factors, *result.interactions)
        found += [part.significant for part in parts]
    assert found[0] == 200
    assert 0 < found[1] <= 200 * 0.11
    assert 0 < found[2] <= 200 * 0.11
