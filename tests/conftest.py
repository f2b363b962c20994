"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def numpy_errors_raise() -> None:
    """A silent overflow or NaN in NumPy fails the test that caused it."""
    np.seterr(all="raise", under="ignore")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture(scope="session")
def mnist_directory() -> Path:
    """The folder with the real MNIST files; tests that ask for it are skipped without one."""
    folder = os.environ.get("NNBASIC_DATA")
    if not folder or not (Path(folder) / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("needs MNIST: set NNBASIC_DATA to the folder that holds its four files")
    return Path(folder).resolve()
