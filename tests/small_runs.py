"""A small data set in memory and configs that train on it in a moment."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset, Split
from nnbasic.model import ACTIVATIONS
from nnbasic.training import Run, start, train
from support import Begin, Straight

NETWORKS: dict[str, dict[str, Any]] = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "mixed": {
        "layers": [784, 14, 12, 8, 10],
        "activation": [
            {"name": "prelu", "shared": True},
            {"name": "maxout", "pieces": 3},
            {"name": "leaky_relu", "slope": 0.2},
        ],
        "data": {"scale": "standard"},
    },
    "elu(alpha=0.5)": {"activation": {"name": "elu", "alpha": 0.5}, "data": {"scale": "signed"}},
    "mse": {"loss": "mse", "dtype": "float64"},
    "mse, sigmoid": {"loss": {"name": "mse", "output": "sigmoid"}},
    "no hidden layer": {"layers": [784, 10]},
    "twelve classes": {"layers": [784, 300, 12]},
    "regularised": {
        "activation": ["prelu", "maxout"],
        "batch_norm": True,
        "dropout": 0.2,
        "input_dropout": 0.1,
        "input_noise": 0.1,
        "optimizer": {"name": "sgd", "lr": 0.02, "averaging": 0.9},
    },
}
"""What there is to train: every activation, loss and scale, and all that acts in training alone."""


@pytest.fixture(scope="session", name="dataset")
def small_dataset() -> Dataset:
    """What `make_dataset` makes."""
    return make_dataset()


def make_dataset() -> Dataset:
    """Ten faint patterns under noise: learnable, though not within the first epoch."""
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 150, (10, 784))

    def split(count: int) -> Split:
        labels = rng.integers(0, 10, count).astype(np.uint8)
        noise = rng.integers(0, 105, (count, 784))
        return Split((patterns[labels] + noise).astype(np.uint8), labels)

    return Dataset("digits", split(300), split(100), split(100), "ab" * 32, "generated")


@pytest.fixture
def config() -> Callable[..., Config]:
    """What makes a config for a small net."""
    return make_config


def make_config(**changes: Any) -> Config:
    """A config for a small net; the arguments replace its keys."""
    optimizer = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
    small = {"layers": [784, 16, 10], "optimizer": optimizer, "epochs": 3, "batch_size": 32}
    return Config.model_validate({**small, **changes})


@pytest.fixture
def begin(tmp_path: Path, dataset: Dataset) -> Begin:
    """What starts a run in ``tmp_path``, of `make_config` with the given changes."""

    def begin(**changes: Any) -> Run:
        return start(make_config(**changes), dataset, runs=tmp_path, name="x")

    return begin


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Path:
    """The directory of a run that has been trained to its end. To be copied first."""
    runs = tmp_path_factory.mktemp("trained once")
    run = start(make_config(), dataset, runs=runs, name="small")
    for _ in train(run, dataset):
        pass
    return run.directory


@pytest.fixture
def finished(tmp_path: Path, trained_once: Path) -> Run:
    """A run that has been trained to its end, in the folder `runs`."""
    return Run(Path(shutil.copytree(trained_once, tmp_path / "runs" / trained_once.name)))


SLOW = {"name": "sgd", "lr": 0.025, "momentum": 0.9}


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Path:
    """A folder of runs: two activations, two initialisations and two seeds of each."""
    folder = tmp_path_factory.mktemp("swept") / "runs"
    for activation in ("relu", "tanh"):
        for init in ("he", "xavier"):
            for seed in (0, 1):
                choice = {"activation": activation, "init": init, "seed": seed}
                # slow, and in small steps: none ends near chance, and none reads all of the digits
                small = {"layers": [784, 12, 8, 10], "epochs": 2, "batch_size": 15}
                small |= {"optimizer": SLOW}
                config = Config.model_validate({**small, **choice})
                run = start(config, dataset, runs=folder, name=f"{activation}-{init}")
                for _ in train(run, dataset):
                    pass
    return folder


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Straight:
    return Straight(tmp_path_factory.mktemp("straight"), dataset)


@pytest.fixture
def plain(straight: Straight) -> dict[str, Any]:
    """The content of a run of `make_config` that nothing has stopped."""
    return straight("plain", make_config())
