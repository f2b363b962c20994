"""What each choice does: by hand, against the analysis of variance, and with cells missing."""

import itertools

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare.factors import Cell, Effects, complete_crossing, effects
from nnbasic.compare.significance import image_floor, significant

KEYS = ("activation", "init")
CELLS = list(itertools.product(("relu", "tanh", "elu"), ("he", "xavier")))
IMAGES = 5000


def found(accuracies: np.ndarray, cells: list[Cell] = CELLS) -> Effects:
    result = effects(KEYS, cells, accuracies, image_floor([IMAGES] * len(cells)))
    assert result is not None
    return result


def table(seeds: int, rng: np.random.Generator, noise: float = 0.001) -> np.ndarray:
    """Means that differ by activation alone, (6, seeds)."""
    means = np.repeat([0.97, 0.96, 0.95], 2)
    return means[:, None] + rng.normal(0, noise, (6, seeds))


def test_levels_are_means_over_the_other_factor(rng: np.random.Generator) -> None:
    accuracies = table(4, rng)
    activation, init = found(accuracies).factors
    assert [level.value for level in activation.levels] == ["relu", "tanh", "elu"]
    assert [level.mean for level in activation.levels] == pytest.approx(
        accuracies.reshape(3, 2 * 4).mean(axis=1)
    )
    assert [level.letters for level in activation.levels] == ["a", "b", "c"]
    # three levels: paired t-tests of the means of each seed, corrected by Holm
    means = accuracies.reshape(3, 2, 4).mean(axis=1)
    p = stats.ttest_rel(means[2], means[0]).pvalue
    others = [stats.ttest_rel(means[1], means[row]).pvalue for row in (0, 2)]
    last = activation.levels[2].difference
    assert last is not None
    assert last.mean == pytest.approx((means[2] - means[0]).mean())
    assert last.p_uncorrected == pytest.approx(p)
    assert activation.p == pytest.approx(
        4 * min(p, *others)
    )  # three of the activation, one of init
    he, xavier = accuracies.reshape(3, 2, 4).mean(axis=0)
    assert init.p == pytest.approx(stats.ttest_rel(he, xavier).pvalue, rel=1e-6)
    assert activation.levels[0].difference is init.levels[0].difference is None


def test_shares_are_those_of_the_variances_that_made_the_runs(rng: np.random.Generator) -> None:
    """With three seeds the noise in the effects would make 6 % of what is chance look like more."""
    activation, init, both, noise = 0.003, 0.002, 0.002, 0.004
    effect = activation * np.array([1, 1, 0, 0, -1, -1]) + init * np.array([1, -1] * 3)
    effect = effect + both * np.array([1, -1, 0, 0, -1, 1])
    parts = np.array([activation**2 * 2 / 3, init**2, both**2 * 2 / 3, noise**2])
    shares = []
    for _ in range(400):
        result = found(0.97 + effect[:, None] + rng.normal(0, noise, (6, 3)))
        three = [each.share for each in (*result.factors, *result.interactions)]
        shares.append([*three, result.seeds])
    assert np.mean(np.array(shares, float), axis=0) == pytest.approx(parts / parts.sum(), abs=0.02)


def test_an_interaction_by_hand(rng: np.random.Generator) -> None:
    """Two by two: the difference of the differences, by a paired t-test."""
    cells = list(itertools.product(("relu", "tanh"), ("he", "xavier")))
    accuracies = rng.normal(0.97, 0.001, (4, 5))
    accuracies[0] += 0.004
    result = found(accuracies, cells)
    a, b, c, d = accuracies
    (both,) = result.interactions
    assert both.p == pytest.approx(stats.ttest_1samp(a - b - c + d, 0).pvalue)
    assert significant(both.p)


def test_simple_effects(rng: np.random.Generator) -> None:
    """tanh is behind with he and ahead with xavier; each is told at each level of the other."""
    accuracies = table(5, rng)
    accuracies[[1, 3]] = accuracies[[3, 1]]
    simple = found(accuracies).interactions[0].simple
    assert [(each.key, each.at) for each in simple] == [
        *(("activation", {"init": value}) for value in ("he", "xavier")),
        *(("init", {"activation": value}) for value in ("relu", "tanh", "elu")),
    ]
    assert [level.value for level in simple[0].levels] == ["relu", "tanh", "elu"]
    first, second, third = simple[1].levels
    assert (first.value, second.value, third.value) == ("tanh", "relu", "elu")
    assert (first.letters, second.letters, third.letters) == ("a", "b", "c")
    assert second.mean == pytest.approx(accuracies[1].mean())
    assert second.difference is not None
    assert second.difference.mean == pytest.approx((accuracies[1] - accuracies[3]).mean())
    assert [level.mean for level in simple[3].levels] == pytest.approx(
        [accuracies[3].mean(), accuracies[2].mean()]
    )


def test_three_factors_have_means_over_the_third(rng: np.random.Generator) -> None:
    cells = list(itertools.product(("relu", "tanh"), ("he", "xavier"), ("0.1", "0.3", "1")))
    accuracies = rng.normal(0.97, 0.001, (12, 4))
    result = effects(("a", "b", "c"), cells, accuracies, image_floor([IMAGES] * 12))
    assert result is not None
    assert [each.keys for each in result.interactions] == [("a", "b"), ("a", "c"), ("b", "c")]
    cube = accuracies.reshape(2, 2, 3, 4)
    by_value = {level.value: level.mean for level in result.factors[2].levels}
    assert [by_value[value] for value in ("0.1", "0.3", "1")] == pytest.approx(
        cube.mean(axis=(0, 1, 3))
    )
    across = cube.mean(axis=1)
    p = stats.ttest_1samp(across[0, 0] - across[0, 1] - across[1, 0] + across[1, 1], 0).pvalue
    assert result.interactions[1].p is not None
    assert result.interactions[1].p <= 3 * p + 1e-12


def test_one_seed_has_means_alone() -> None:
    result = found(np.array([[0.97], [0.96], [0.95], [0.94], [0.93], [0.92]]))
    assert [level.mean for level in result.factors[0].levels] == pytest.approx(
        [0.965, 0.945, 0.925]
    )
    assert result.seeds is result.factors[0].p is result.factors[0].share is None
    assert result.factors[0].levels[0].letters is None


def test_a_missing_combination_costs_the_value_that_lacks_most() -> None:
    cells = [cell for cell in CELLS if cell != ("relu", "he")]
    assert complete_crossing(cells) == [("tanh", "elu"), ("he", "xavier")]
    result = effects(KEYS, cells, np.full((5, 3), 0.9), image_floor([IMAGES] * 5))
    assert result is not None
    assert {level.value for level in result.factors[0].levels} == {"tanh", "elu"}


def test_choices_that_change_together_have_no_effects_of_their_own() -> None:
    cells = [("relu", "he"), ("tanh", "xavier"), ("elu", "normal")]
    assert effects(KEYS, cells, np.full((3, 4), 0.9), image_floor([IMAGES] * 3)) is None
