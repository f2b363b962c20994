"""The array types that the model room speaks of, and one trick with arrays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Floating-point numbers of the network's dtype: float32 or float64."""

Labels = NDArray[np.intp]
"""Class indices, shape (n,), each at least 0 and less than the number of classes."""


def row(value: float, like: Array) -> Array:
    """``value`` as a read-only row that broadcasts over ``like``.

    NumPy's maximum and minimum run three times as fast against an array as against a scalar.
    """
    return _row(value, like.shape[-1], like.dtype)


@functools.cache
def _row(value: float, units: int, dtype: np.dtype[Any]) -> Array:
    values = np.full(units, value, dtype)
    values.flags.writeable = False
    return values
