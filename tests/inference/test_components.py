"""Connected components against SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

from nnbasic.inference.components import components


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 7), (60, 80)])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.41, 0.5, 0.7, 1.0])
def test_they_are_those_of_scipy(
    shape: tuple[int, int], share: float, rng: np.random.Generator
) -> None:
    for _ in range(10):
        mask = rng.random(shape) < share
        labels, count = components(mask)
        expected, expected_count = ndimage.label(mask, structure=np.ones((3, 3)))
        assert count == expected_count
        np.testing.assert_array_equal(labels, expected)


def test_a_spiral_is_one_piece() -> None:
    mask = np.zeros((101, 101), dtype=bool)
    row, column, length, (down, right) = 0, 0, 100, (0, 1)
    mask[0, 0] = True
    while length > 0:
        for _ in range(length):
            row, column = row + down, column + right
            mask[row, column] = True
        down, right = right, -down
        length -= 2
    assert mask.sum() > 2000
    assert components(mask)[1] == 1
