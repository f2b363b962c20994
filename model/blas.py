"""The threads of the BLAS, which computes NumPy's products."""

import contextlib
import functools
from collections.abc import Iterator

from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """A block in which a product is computed by one thread; how many there are changes its bits."""
    with loaded().limit(limits=1, user_api="blas"):
        yield


@functools.cache
def loaded() -> ThreadpoolController:
    """The libraries with threads of their own that were loaded when this was first called."""
    return ThreadpoolController()
