"""What verdicts say of equal rows, and what they find: `benchmarks/comparison_power.py` in small.

The bounds are some four standard errors from what is measured, so that the draws do not decide.
"""

import numpy as np
import pytest
from comparison_power import IMAGES, SIMULATED, claims

from nnbasic.compare.significance import image_floor, rank, significant

EQUAL = SIMULATED[0]


@pytest.mark.parametrize("failing", [(), (0.5,)])
@pytest.mark.parametrize(("rows", "seeds"), [(2, 3), (3, 2), (6, 3), (12, 2)])
def test_verdicts_on_equal_rows_rarely_say_that_they_differ(
    rows: int, seeds: int, failing: tuple[float, ...], rng: np.random.Generator
) -> None:
    times = 200
    said = claims(EQUAL, rows, seeds, times, rng, failing)
    allowed = {"a row": 0.05, "a choice": 0.05, "an interaction": 0.05, "any": 0.10}
    for claim, share in allowed.items():
        if claim == "a row" or not failing:  # beside failures the others may be true
            assert said[claim] <= share + 4 * np.sqrt(share * (1 - share) / times)


def test_three_seeds_find_what_is_large_and_few_find_what_is_small(
    rng: np.random.Generator,
) -> None:
    """Of twelve rows one is 1.5 points worse, as sigmoid is, and another 0.15."""
    means = np.full((12, 1), 0.0)
    means[10], means[11] = -0.015, -0.0015
    large = small = 0
    for _ in range(100):
        accuracies = EQUAL.draw(rng, 3) + means
        (found,) = rank((accuracies, image_floor([IMAGES] * 12)))
        large += "a" not in (found.letters[10] or "")
        small += "a" not in (found.letters[11] or "")
    assert large >= 98
    assert small <= 20


@pytest.mark.parametrize("rows", [2, 6])
def test_the_planned_seeds_detect_the_difference(rows: int, rng: np.random.Generator) -> None:
    difference, floor = 0.003, image_floor([IMAGES] * rows)
    planned = rank((EQUAL.draw(rng, 200)[:rows], floor))[0].plan
    assert planned is not None
    seeds = planned.seeds(difference)
    assert seeds is not None
    assert 5 <= seeds <= 9
    lower = np.zeros((rows, 1))
    lower[-1] = -difference
    found = [
        rank((EQUAL.draw(rng, seeds)[:rows] + lower, floor))[0].differences[-1] for _ in range(300)
    ]
    assert 0.7 <= np.mean([each is not None and significant(each.p) for each in found]) <= 0.92
