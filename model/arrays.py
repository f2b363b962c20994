"""The array types of the model room, and how NumPy handles them fastest."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Floating-point numbers of the network's dtype: float32 or float64."""

Labels = NDArray[np.intp]
"""Class indices, shape (n,), each at least 0 and less than the number of classes."""


WIDE = 256
"""Columns from which a batch is laid out column by column."""


def batch(n: int, units: int, dtype: np.dtype[Any]) -> Array:
    """An uninitialised array (n, units) for a batch, in the layout that its products like best.

    OpenBLAS shares the products of a wide layer better between threads when the batch is the
    contiguous axis: 784-512-512-10 trains a tenth faster so, and 784-50-10 as much slower.
    """
    return np.empty((n, units), dtype, order="F" if units >= WIDE else "C")


def constant(value: float, like: Array) -> Array:
    """``value`` as a read-only array that broadcasts over ``like``, along its contiguous axis.

    NumPy's maximum and minimum run three times as fast against such an array as against a scalar.
    """
    if like.flags.c_contiguous:
        return _constant(value, like.shape[-1:], like.dtype)
    return _constant(value, (*like.shape[:-1], 1), like.dtype)


@functools.cache
def _constant(value: float, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    values = np.full(shape, value, dtype)
    values.flags.writeable = False
    return values
