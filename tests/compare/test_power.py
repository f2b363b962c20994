"""What verdicts say of equal rows, and what they find: `benchmarks/comparison_power.py` in small.

The bounds are some four standard errors from what is measured, so that the draws do not decide.
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from nnbasic.compare.findings import Findings, judge
from nnbasic.compare.significance import image_floor, rank
from nnbasic.compare.standing import Row
from nnbasic.compare.verdict import verdict

IMAGES = 5000
SD = 0.0015
CROSSED = {2: (2,), 3: (3,), 6: (2, 3), 12: (4, 3)}


def compared(accuracies: np.ndarray, failed: int = 0) -> Findings:
    """Rows with these accuracies, beside ``failed`` ones of which half of the runs failed."""
    cells = list(itertools.product(*map(range, CROSSED[len(accuracies)])))
    cells += [(9 + number, *cells[0][1:]) for number in range(failed)]
    lost = np.full((failed, accuracies.shape[1]), 0.1)
    rows = []
    for cell, shares in zip(cells, np.vstack([accuracies, lost]), strict=True):
        parts = {f"choice{axis}": f"{axis}{value}" for axis, value in enumerate(cell)}
        ended = len(shares)
        bad = (ended + 1) // 2 if cell[0] >= 9 else 0
        scores = dict(enumerate((np.rint(shares * IMAGES) / IMAGES).tolist()))
        rows.append(Row("/".join(parts.values()), {}, parts, scores, IMAGES, ended, bad))
    return judge(rows)


def draw(rng: np.random.Generator, rows: int, seeds: int) -> np.ndarray:
    """Accuracies of equal rows; a seed moves all rows a little."""
    return np.asarray(0.97 + rng.normal(0, SD, (rows, seeds)) + rng.normal(0, SD / 3, seeds))


@pytest.mark.parametrize("failed", [0, 1])
@pytest.mark.parametrize(("rows", "seeds"), [(2, 3), (3, 2), (6, 3), (6, 6), (12, 2), (12, 3)])
def test_verdicts_on_equal_rows_rarely_say_that_they_differ(
    rows: int, seeds: int, failed: int, rng: np.random.Generator
) -> None:
    said, times = Counter[str](), 200
    for _ in range(times):
        text = "\n".join(verdict(compared(draw(rng, rows, seeds), failed)))
        claims = {
            "row": "Worse:" in text,
            "choice": "variance between runs;" in text,
            "interaction": "The effect of" in text,
        }
        said.update(
            claim for claim, made in {**claims, "any": any(claims.values())}.items() if made
        )
    allowed = {"row": 0.05, "choice": 0.05, "interaction": 0.05, "any": 0.10}
    for claim, share in allowed.items():
        assert said[claim] <= times * share + 4 * np.sqrt(times * share * (1 - share))


def test_three_seeds_find_what_is_large_and_few_find_what_is_small(
    rng: np.random.Generator,
) -> None:
    """Of twelve rows one is 1.5 points worse, as sigmoid is, and another 0.15."""
    means = np.full((12, 1), 0.0)
    means[10], means[11] = -0.015, -0.0015
    large = small = 0
    for _ in range(100):
        accuracies = draw(rng, 12, 3) + means
        (found,) = rank((accuracies, image_floor([IMAGES] * 12)))
        large += "a" not in (found.letters[10] or "")
        small += "a" not in (found.letters[11] or "")
    assert large >= 98
    assert small <= 20


@pytest.mark.parametrize("rows", [2, 6])
def test_the_planned_seeds_detect_the_difference(rows: int, rng: np.random.Generator) -> None:
    difference, floor = 0.003, image_floor([IMAGES] * rows)
    planned = rank((draw(rng, rows, 200), floor))[0].tested.plan
    assert planned is not None
    seeds = planned.seeds(difference)
    assert seeds is not None
    assert 5 <= seeds <= 9
    lower = np.zeros((rows, 1))
    lower[-1] = -difference
    found = [rank((draw(rng, rows, seeds) + lower, floor))[0].differences[-1] for _ in range(300)]
    assert 0.7 <= np.mean([each is not None and each.significant for each in found]) <= 0.92
