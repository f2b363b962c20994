"""Activations as curves: what their layers compute, and the pieces of maxout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS
from nnbasic.model.curves import curve, pieces


@pytest.mark.parametrize(
    ("spec", "expected", "slopes"),
    [
        ("relu", [0, 0, 2], [0, 0, 1]),
        ({"name": "prelu", "slope": 0.5, "shared": True}, [-1, 0, 2], [0.5, 0.5, 1]),
    ],
    ids=str,
)
def test_values_by_hand(spec: Any, expected: list[float], slopes: list[float]) -> None:
    a, derivative = curve(ACTIVATIONS.build(spec), [-2, 0, 2])
    assert (a.tolist(), derivative.tolist()) == (expected, slopes)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_piece_of_maxout_is_the_largest_somewhere(count: int) -> None:
    maxout = ACTIVATIONS.build({"name": "maxout", "pieces": count})
    slopes, offsets = pieces(maxout)
    z = np.linspace(-4, 4, 801)
    a, derivative = curve(maxout, z)
    lines = z[:, np.newaxis] * slopes + offsets
    assert np.array_equal(a, lines.max(axis=1))
    assert np.allclose(np.unique(derivative.round(12)), np.linspace(-0.5, 1, count))
