"""Activations as curves: the slope of each curve is its derivative."""

from __future__ import annotations

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS
from nnbasic.model.curves import curve, pieces


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_the_derivative_is_the_slope_of_the_function(name: str) -> None:
    z = np.linspace(-5, 5, 334)  # none of them next to a kink at -1, 0 or 1
    activation = ACTIVATIONS.build(name)
    above, _ = curve(activation, z + 1e-6)
    below, _ = curve(activation, z - 1e-6)
    _, derivative = curve(activation, z)
    assert np.allclose((above - below) / 2e-6, derivative, atol=1e-7)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("relu", [0, 0, 2]),
        ({"name": "leaky_relu", "slope": 0.2}, [-0.4, 0, 2]),
        ({"name": "prelu", "slope": 0.5, "shared": True}, [-1, 0, 2]),
        ("softsign", [-2 / 3, 0, 2 / 3]),
        ("step", [0, 0, 1]),
    ],
)
def test_values_by_hand(spec: object, expected: list[float]) -> None:
    a, _ = curve(ACTIVATIONS.build(spec), [-2, 0, 2])  # type: ignore[arg-type]
    assert np.allclose(a, expected)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_piece_of_maxout_is_the_largest_somewhere(count: int) -> None:
    maxout = ACTIVATIONS.build({"name": "maxout", "pieces": count})
    slopes, offsets = pieces(maxout)
    z = np.linspace(-4, 4, 801)
    a, derivative = curve(maxout, z)
    lines = z[:, np.newaxis] * slopes + offsets
    assert np.array_equal(a, lines.max(axis=1))
    assert np.allclose(np.unique(derivative.round(12)), np.linspace(-0.5, 1, count))
