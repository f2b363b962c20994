"""Fixtures of the config tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nnbasic.model import ACTIVATIONS


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def activations_restored() -> Iterator[None]:
    """Forgets the activations that a plugin registers."""
    before = dict(ACTIVATIONS._classes)
    yield
    ACTIVATIONS._classes.clear()
    ACTIVATIONS._classes.update(before)
