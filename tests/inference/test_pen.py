"""The pen is as thick as MNIST's, whatever the size of what it writes."""

import numpy as np
import pytest

from nnbasic.inference import predict
from nnbasic.inference.pen import LENGTH, RADIUS, write
from nnbasic.inference.preparation import frame
from nnbasic.training import Trained

Labelled = tuple[np.ndarray, np.ndarray]
Skeletons = list[tuple[int, list[np.ndarray]]]


def test_a_line_is_a_line() -> None:
    ink = write([[(0, 0), (0, 7)]])
    assert ink.shape == (LENGTH, 2 * RADIUS)
    assert ink[LENGTH // 2].sum() == pytest.approx(2 * RADIUS, abs=0.5)
    np.testing.assert_array_equal(ink, ink[::-1])
    np.testing.assert_array_equal(ink, ink[:, ::-1])


def test_size_and_place_do_not_matter() -> None:
    strokes = [[(1.0, 2.0), (5.0, 3.0), (4.0, 9.0)], [(2.0, 6.0), (6.0, 6.0)]]
    moved = [[(32 * x - 64, 32 * y + 16) for x, y in stroke] for stroke in strokes]
    np.testing.assert_allclose(write(moved), write(strokes), atol=1e-9)


def test_a_dot_is_round() -> None:
    ink = write([[(3, 4)]])
    assert ink.shape == (2 * RADIUS, 2 * RADIUS)
    assert ink.sum() == pytest.approx(np.pi * RADIUS**2, rel=0.01)


def test_as_much_ink_as_mnist(mnist_test: Labelled, skeletons: Skeletons) -> None:
    """And so the strokes are as thick, if what is written is as long."""
    written = [frame(write(strokes)).sum() for _, strokes in skeletons]
    assert np.mean(written) == pytest.approx(mnist_test[0].sum(axis=(1, 2)).mean(), rel=0.1)


def test_what_is_written_is_read(reader: Trained, skeletons: Skeletons) -> None:
    labels, images = zip(*((n, frame(write(s))) for n, s in skeletons), strict=True)
    assert np.mean(predict(reader, images).digits == labels) >= 0.98
