"""Fixtures that every room's tests share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from nnbasic.configs import plugins
from nnbasic.model import ACTIVATIONS, INITIALIZERS
from nnbasic.model.registry import Registry
from nnbasic.training import all_runs
from support import SMALL, Said, invoke, timeless

pytest_plugins = ["browser", "small_runs"]

settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=300, deadline=None)
settings.load_profile("quick")  # another one by --hypothesis-profile


@pytest.fixture(autouse=True)
def numpy_errors_raise() -> None:
    """A silent overflow or NaN in NumPy fails the test that caused it."""
    np.seterr(all="raise", under="ignore")


@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The plugins that tests run are not known to the user from then on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def quick_runs() -> Iterator[None]:
    """What is trained in this process takes one process and one thread, and waits for no disk."""
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1, user_api="blas"):
        patch.setattr(os, "fsync", lambda file: None)
        yield


@pytest.fixture(autouse=True)
def components_restored() -> Iterator[None]:
    """Forgets the components that a plugin or a test registers: other tests count them."""
    tables: list[Registry[Any]] = [ACTIVATIONS, INITIALIZERS]
    before = [(table, dict(table._classes)) for table in tables]
    yield
    for table, classes in before:
        table._classes.clear()
        table._classes.update(classes)
    plugins._run.clear()


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


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory: it holds `small.yaml`, and there is no network.

    Commands that the test runs see no MNIST and a terminal of 80 columns, and compute in one thread
    each, in this process or another.
    """
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("NNBASIC_DATA", raising=False)
    monkeypatch.setenv("NNBASIC_MIRRORS", "http://127.0.0.1:9/")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    with threadpool_limits(1, user_api="blas"):
        yield folder


@pytest.fixture
def nnbasic(workplace: Path) -> Callable[..., Said]:
    """Run `nnbasic` with the given arguments in the working directory."""
    return invoke


@pytest.fixture(scope="session")
def trained_on_digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three finished runs: relu of seeds 0 and 1, and tanh. To be copied first."""
    folder = tmp_path_factory.mktemp("trained")
    small = "layers=[784, 8, 10]", "epochs=2", "data.dataset=digits", "data.validation=9000"
    options = [f"--set={change}" for change in (*small, "init=xavier", "optimizer.lr=0.1")]
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1, user_api="blas"):
        patch.chdir(folder)
        for name, *changes in ("relu", "--seed=0"), ("relu", "--seed=1"), ("tanh", "--seed=0"):
            ended = invoke("train", "--quiet", "--config", name, *options, *changes)
            assert ended.code == 0, ended.err
    return folder / "runs"


HELD_PLUGIN = '''
"""An activation that waits in the middle of a run for as long as a file is there."""

import atexit
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnbasic.model import ACTIVATIONS

HOLD = Path(__file__).with_name("hold")
calls = 0


@atexit.register
def report():
    if calls:
        with HOLD.with_name("calls").open("a") as file:
            file.write(f"{calls}\\n")


@ACTIVATIONS.register("held")
class Held:
    def __init__(self, slope=0.0):
        self.slope = slope

    def forward(self, x):
        global calls
        calls += 1
        while calls > 110 and HOLD.exists():
            HOLD.with_name(f"holding-{os.getpid()}").touch()
            time.sleep(0.01)
        self.slopes = np.where(x > 0, 1, self.slope)
        return x * self.slopes

    def backward(self, dout):
        return dout * self.slopes
'''


@dataclass(frozen=True)
class Held:
    """A sweep of four runs, `held.yaml` in ``folder``, that a test can hold in the middle."""

    folder: Path
    arguments: tuple[str, ...] = (
        "--config=held.yaml",
        "--vary=activation.slope=0,0.2",
        "--seeds=2",
    )

    def hold(self) -> None:
        (self.folder / "hold").touch()

    def release(self) -> None:
        (self.folder / "hold").unlink()

    def processes(self) -> set[int]:
        """Those that are waiting now."""
        ids = {int(file.name.partition("-")[2]) for file in self.folder.glob("holding-*")}
        return {number for number in ids if alive(number)}

    def calls(self) -> list[int]:
        """How often each process that came to its end computed the activation."""
        return [int(line) for line in (self.folder / "calls").read_text().split()]

    def contents(self) -> dict[tuple[float, int], dict[str, Any]]:
        """What must not depend on how and where a run was trained, by slope and seed of each."""
        found: dict[tuple[float, int], dict[str, Any]] = {}
        for run in all_runs(self.folder / "runs"):
            record = run.record()
            content: dict[str, Any] = {
                "end": (record.status, record.epoch, record.test_accuracy, record.test_loss),
                "threads": record.threads,
                "name": run.user().name,
                "files": sorted(
                    file.name for file in run.directory.iterdir() if file.name[0] != "."
                ),
                "diagnostics": (run.directory / "diagnostics.jsonl").read_text(),
                "metrics": [timeless(asdict(row)) for row in run.metrics()],
            }
            for name in ("last.npz", "best.npz", "predictions.npz"):
                with np.load(run.directory / name) as file:
                    content[name] = {
                        key: (file[key].dtype.str, file[key].tobytes()) for key in file
                    }
            key = record.config["activation"]["slope"], record.config["seed"]
            assert key not in found, f"{run.id} repeats another run"
            found[key] = content
        return found


def alive(process: int) -> bool:
    """Whether there is this process, and not merely its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it ended before, or while it was read
        return False


def write_held(folder: Path) -> Held:
    (folder / "held.py").write_text(HELD_PLUGIN)
    (folder / "held.yaml").write_text(
        "layers: [784, 16, 10]\nactivation: held\nplugins: [held.py]\nepochs: 6\n"
        "batch_size: 100\ndata: {dataset: digits, validation: 9000}\n"
    )
    return Held(folder)


@pytest.fixture
def held(workplace: Path) -> Held:
    return write_held(workplace)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, Any]:
    """The contents of the held sweep when nothing holds or disturbs it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    held = write_held(folder)
    command = [sys.executable, "-m", "nnbasic", "sweep", *held.arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return held.contents()
