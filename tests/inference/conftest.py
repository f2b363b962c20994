"""Real networks, and the first test images of MNIST."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawing import HOSTILE
from nnbasic import training
from nnbasic.configs import Config
from nnbasic.data import Dataset, idx
from nnbasic.inference.page import write
from nnbasic.training import Run, Trained, start, train
from nnbasic.training.trained import load
from pen import Style
from small_runs import NETWORKS
from strokes import DRAWINGS


@pytest.fixture(scope="session")
def mnist_test(mnist_directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The test images (10000, 28, 28) and labels (10000,)."""
    images = idx.read(mnist_directory / "t10k-images-idx3-ubyte.gz")
    return images, idx.read(mnist_directory / "t10k-labels-idx1-ubyte.gz")


@pytest.fixture(scope="session")
def reader_run(mnist_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose network reads about 98 % of MNIST's test images."""
    folder = tmp_path_factory.mktemp("reader")
    command = [sys.executable, "-m", "nnbasic", "train", "--quiet", "--config=fast"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return training.newest(folder / "runs")


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


SLOW = {"name": "sgd", "lr": 0.01}


@pytest.fixture(scope="session")
def networks(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run of each of `NETWORKS`."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for name, changes in NETWORKS.items():
        small = {"layers": [784, 16, 12, 10], "epochs": 1, "batch_size": 32, "optimizer": SLOW}
        run = start(Config.model_validate(small | changes), dataset, runs=folder, name=name)
        for _ in train(run, dataset):
            pass
        found[name] = run
    return found


@pytest.fixture(scope="session")
def every(
    networks: dict[str, Run], dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page of all `networks`."""
    file = tmp_path_factory.mktemp("every") / "page.html"
    write([*networks.values()], file, dataset=dataset)
    return file


@pytest.fixture(scope="session")
def few(
    networks: dict[str, Run], dataset: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The page of two networks of two hidden layers: relu, and tanh, whose name is hostile."""
    tanh = networks["tanh"]
    before = tanh.user()
    tanh.write(replace(before, name=HOSTILE, notes="note " + HOSTILE))
    file = tmp_path_factory.mktemp("few") / "page.html"
    write([networks["relu"], tanh], file, dataset=dataset)
    tanh.write(before)
    return file
