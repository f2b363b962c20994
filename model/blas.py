"""The BLAS that computes NumPy's products: which it is, and its threads."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """A block in which a product is computed by one thread; how many there are changes its bits."""
    with loaded().limit(limits=1, user_api="blas"):
        yield


def libraries() -> Sequence[Any]:
    """What threadpoolctl knows of each BLAS that is loaded."""
    return loaded().select(user_api="blas").lib_controllers


def numpys(found: Sequence[Any]) -> Any | None:
    """NumPy's own of the `libraries`: SciPy has another, perhaps with other kernels."""
    return min(found, key=lambda library: "numpy" not in library.filepath, default=None)


@functools.cache
def loaded() -> ThreadpoolController:
    """The libraries with threads of their own that were loaded when this was first called."""
    return ThreadpoolController()
