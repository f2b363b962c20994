"""Fixtures of the model tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nnbasic.model import ACTIVATIONS, INITIALIZERS


@pytest.fixture
def registries_restored() -> Iterator[None]:
    """Forgets the activations and initialisers that a test registers."""
    before = [(table, dict(table._classes)) for table in (ACTIVATIONS, INITIALIZERS)]
    yield
    for table, classes in before:
        table._classes.clear()
        table._classes.update(classes)
