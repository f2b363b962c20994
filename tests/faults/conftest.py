"""Which form the tests of faults have: `NNBASIC_LONG=1 pytest tests/faults` is the long one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="session")
def long() -> bool:
    """Whether to try everything, not a sample: some half an hour on one core."""
    return bool(os.environ.get("NNBASIC_LONG"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What one process computes here has the bits of what `calls.traced` starts."""
    with threadpool_limits(1, user_api="blas"):
        yield
