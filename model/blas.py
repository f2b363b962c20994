"""What the network needs of the BLAS beyond NumPy's products: its threads, and y = a·x + b·y.

NumPy has no function that multiplies and adds in one pass, and an update of the parameters is
bound by its passes over memory. The BLAS that NumPy has loaded has one, ``axpby``.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from nnbasic.model.arrays import Array


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """A block in which a product is computed by one thread; how many there are changes its bits."""
    with loaded().limit(limits=1, user_api="blas"):
        yield


def axpby(a: float, x: Array, b: float, y: Array) -> None:
    """y = a·x + b·y, for vectors (n,) that are contiguous and of the same type.

    ValueError for vectors of different lengths or types, or of other types than a network has.
    """
    number = _NUMBERS.get(x.dtype)
    if number is None or x.shape != y.shape or x.dtype != y.dtype or x.ndim != 1:
        raise ValueError(f"axpby of {x.dtype} {x.shape} and {y.dtype} {y.shape}")
    compute = _axpby(number)
    if compute is None:
        y *= b
        y += x if a == 1 else a * x
    elif len(x):
        compute(len(x), a, number.from_buffer(x), 1, b, number.from_buffer(y), 1)


_NUMBERS: dict[np.dtype[Any], Any] = {
    np.dtype(np.float32): ctypes.c_float,
    np.dtype(np.float64): ctypes.c_double,
}


@functools.cache
def _axpby(number: Any) -> Callable[..., None] | None:
    """The function of NumPy's BLAS for vectors of ``number``; None where it has none.

    ``scipy_`` and ``64_`` are what NumPy's wheels add to the name in OpenBLAS. The counts are
    passed in registers, where an int of 32 bits is the lower half of one of 64.
    """
    if (library := numpys(libraries())) is None:
        return None
    letter = "s" if number is ctypes.c_float else "d"
    names = [f"{p}cblas_{letter}axpby{s}" for p in ("scipy_", "") for s in ("64_", "")]
    for name in names:
        if found := getattr(library.dynlib, name, None):
            vector, count = ctypes.POINTER(number), ctypes.c_int64
            found.argtypes = [count, number, vector, count, number, vector, count]
            found.restype = None
            return found  # type: ignore[no-any-return]
    return None


def libraries() -> Sequence[Any]:
    """What threadpoolctl knows of each BLAS that is loaded."""
    return loaded().select(user_api="blas").lib_controllers  # type: ignore[no-any-return]


def numpys(found: Sequence[Any]) -> Any | None:
    """NumPy's own of the `libraries`: SciPy has another, perhaps with other kernels."""
    return min(found, key=lambda library: "numpy" not in library.filepath, default=None)


@functools.cache
def loaded() -> ThreadpoolController:
    """The libraries with threads of their own that were loaded when this was first called."""
    return ThreadpoolController()
