"""The array types of the model room, and how NumPy handles them fastest."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""Floating-point numbers of the network's dtype: float32 or float64."""

Labels = NDArray[np.intp]
"""Class indices, shape (n,), each at least 0 and less than the number of classes."""


Order = Literal["C", "F"]
"""How a batch (n, units) lies in memory: row by row, or column by column."""

WIDE = 256
"""Units from which the products of two layers like a batch between them column by column."""


def layout(units: int, following: int) -> Order:
    """How the batches of a layer lie, by its units and those of the layer that reads them.

    OpenBLAS is up to 5 % faster in the products of 784-1024-1024-10 with "F", and as much slower
    in those of 784-800-10.
    """
    return "F" if min(units, following) >= WIDE else "C"


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
