"""Real networks, and the first test images of MNIST."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nnbasic import runs
from nnbasic.data import idx
from nnbasic.data.pen import Style
from nnbasic.data.strokes import DRAWINGS
from nnbasic.runs import Run, Trained
from nnbasic.runs.trained import load


@pytest.fixture(scope="session")
def mnist_test(mnist_directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The test images (10000, 28, 28) and labels (10000,)."""
    images = idx.read(mnist_directory / "t10k-images-idx3-ubyte.gz")
    return images, idx.read(mnist_directory / "t10k-labels-idx1-ubyte.gz")


@pytest.fixture(scope="session")
def reader_run(mnist_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose network reads about 98 % of MNIST's test images."""
    folder = tmp_path_factory.mktemp("reader")
    command = [sys.executable, "-m", "nnbasic.cli", "train", "--quiet", "--config=fast"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return runs.newest(folder / "runs")


@pytest.fixture(scope="session")
def reader(reader_run: Run) -> Trained:
    """Its network."""
    return load(reader_run)


@pytest.fixture(scope="session")
def skeletons() -> list[tuple[int, list[np.ndarray]]]:
    """Digits as strokes (n, 2), with y pointing down: those from which the built-in ones are made.

    A list of digits with their strokes.
    """
    found = []
    for digit, styles in DRAWINGS.items():
        for _, texts in styles:
            style = Style.parse(texts)
            lifted = [i for i in range(1, len(style.sources)) if (i - 1, i) not in style.segments]
            for drawing in style.drawings:
                path = np.einsum("pk,pkc->pc", style.weights, drawing[style.sources])
                found.append((digit, np.split(path, lifted)))
    return found
