"""Several digits in one picture, read as a person reads them."""

import numpy as np
import pytest

from nnbasic.inference import predict, prepare_each
from nnbasic.training import Trained

Labelled = tuple[np.ndarray, np.ndarray]


def page(rows: list[list[np.ndarray]], rng: np.random.Generator, slope: float = 0) -> np.ndarray:
    """Digits, five times as large, written in lines that may fall, by no very steady hand."""
    lead, step = 150, 135
    longest = max(map(len, rows))
    height = int(lead * len(rows) + 60 + slope * step * longest)
    ink = np.zeros((height, step * longest + 60))
    for row, digits in enumerate(rows):
        for column, digit in enumerate(digits):
            large = np.kron(digit, np.ones((5, 5)))
            top = int(lead * row + slope * step * column + rng.uniform(10, 30))
            left = int(step * column + rng.uniform(10, 40))
            ink[top : top + 140, left : left + 140] += large
    shade = np.linspace(1, 0.7, height)[:, np.newaxis]
    picture = (235 - 200 * np.minimum(ink / 255, 1)) * shade + rng.normal(0, 4, ink.shape)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("lengths", "slope"), [([6], 0.0), ([5, 5, 5], 0.0), ([3, 8, 1], 0.0), ([7, 7], 0.08)]
)
def test_lines_are_read_from_left_to_right(
    lengths: list[int],
    slope: float,
    reader: Trained,
    mnist_test: Labelled,
    rng: np.random.Generator,
) -> None:
    images, labels = mnist_test
    chosen = iter(np.flatnonzero(predict(reader, images[:200]).digits == labels[:200]))
    places = [[next(chosen) for _ in range(length)] for length in lengths]
    rows = [[images[place] for place in line] for line in places]
    found = prepare_each(page(rows, rng, slope))
    expected = labels[[place for line in places for place in line]]
    assert len(found) == len(expected)
    read = predict(reader, found).digits
    assert np.count_nonzero(read != expected) <= len(expected) // 12


@pytest.mark.slow
def test_pieces_of_a_digit_stay_together(mnist_test: Labelled) -> None:
    """Of single digits, of which some are written in two strokes that do not touch."""
    large = (np.kron(255 - image, np.ones((10, 10), np.uint8)) for image in mnist_test[0][:100])
    assert sum(len(prepare_each(picture)) != 1 for picture in large) <= 1
