"""What the tests of faults have in common: see `sampling` for their long form."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sampling import MINUTES, Sample
from threadpoolctl import threadpool_limits

END = time.monotonic() + 60 * MINUTES

waiting: set[str] = set()
"""The tests that sample and have not yet begun."""


def pytest_collection_finish(session: pytest.Session) -> None:
    waiting.update(
        item.nodeid
        for item in session.items
        if isinstance(item, pytest.Function) and "sample" in item.fixturenames
    )


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> Sample:
    """With this test's share of the time that is left."""
    seconds = max(0.0, END - time.monotonic()) / len(waiting)
    waiting.remove(request.node.nodeid)
    return Sample(request.node.name, seconds)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `aftermath.prepare` keeps the run of which it gives copies."""
    return tmp_path_factory.mktemp("trained") / "runs"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """What one process computes here has the bits of what `calls.traced` starts."""
    with threadpool_limits(1, user_api="blas"):
        yield
