"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nnbasic.data import digits


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


@pytest.fixture(scope="session")
def digits_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the built-in digits are drawn already."""
    folder = tmp_path_factory.mktemp("digits")
    digits.load(folder)
    return folder


@pytest.fixture
def workplace(tmp_path: Path, digits_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: it holds the drawn digits and `small.yaml`, and there is no network.

    Commands that the test starts see no MNIST and a terminal of 80 columns, and compute in one
    thread each.
    """
    folder = tmp_path / "here"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "digits").symlink_to(digits_cache)
    (folder / "small.yaml").write_text(
        "layers: [784, 16, 10]\nepochs: 3\nbatch_size: 100\n"
        "data: {dataset: digits, validation: 9000}\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NNBASIC_DATA", raising=False)
    monkeypatch.setenv("NNBASIC_MIRRORS", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    return folder


@pytest.fixture(scope="session")
def trained_on_digits(digits_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three finished runs: relu of seeds 0 and 1, and tanh. To be copied first."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "data").mkdir()
    (folder / "data" / "digits").symlink_to(digits_cache)
    for name, *changes in ("relu", "--seed=0"), ("relu", "--seed=1"), ("tanh", "--seed=0"):
        command = [sys.executable, "-m", "nnbasic.cli", "train", "--quiet", "--config", name]
        small = "layers=[784, 8, 10]", "epochs=2", "data.dataset=digits", "data.validation=9000"
        options = [f"--set={change}" for change in (*small, "init=xavier", "optimizer.lr=0.1")]
        subprocess.run([*command, *options, *changes], cwd=folder, check=True, capture_output=True)
    return folder / "runs"
