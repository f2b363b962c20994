"""Real networks, and the first test images of MNIST."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nnbasic import runs
from nnbasic.data import idx
from nnbasic.runs import Trained
from nnbasic.runs.trained import load


@pytest.fixture(scope="session")
def mnist_test(mnist_directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The test images (10000, 28, 28) and labels (10000,)."""
    images = idx.read(mnist_directory / "t10k-images-idx3-ubyte.gz")
    return images, idx.read(mnist_directory / "t10k-labels-idx1-ubyte.gz")


@pytest.fixture(scope="session")
def reader(mnist_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A network that reads about 98 % of MNIST's test images."""
    folder = tmp_path_factory.mktemp("reader")
    command = [sys.executable, "-m", "nnbasic.cli", "train", "--quiet", "--config=fast"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return load(runs.newest(folder / "runs"))
