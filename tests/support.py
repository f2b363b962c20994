"""What several test files use: the command, here or as a process, and what a run has left."""

import contextlib
import json
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from nnbasic import data
from nnbasic.cli.main import main
from nnbasic.configs import Config, load
from nnbasic.data import Dataset
from nnbasic.training import EpochRow, Run, start, train

if TYPE_CHECKING:  # not all tests need the comparison
    from nnbasic.compare import Comparison, Comparisons

SCRIPTS = sysconfig.get_path("scripts")
NNBASIC = str(Path(SCRIPTS, "nnbasic"))

Make = Callable[..., Path]
"""Puts a copy of a trained run into the folder of a test: see `tests/compare/conftest.py`."""

Compared: TypeAlias = "Callable[..., Comparison]"
Compare: TypeAlias = "Callable[..., Comparisons]"
"""Compare the runs of that folder."""

Holds = Callable[..., bool]
"""Whether one of some sentences has all of some words."""

PATIENCE = 60
"""Seconds after which what a test waits for never comes, also on a machine with much to do."""

BASE = """
layers: [784, 16, 10]
epochs: 12
batch_size: 10
data: {dataset: digits, validation: 9000}
"""
"""A config that trains for long enough to be interrupted."""

SMALL = """
layers: [784, 16, 10]
epochs: 3
batch_size: 100
data: {dataset: digits, validation: 9000}
"""
"""A config that trains in a moment."""

PLUGIN = """
import numpy as np

from nnbasic.model import ACTIVATIONS


@ACTIVATIONS.register("{name}")
class Own:
    def __init__(self, power=2.0):
        self.power = power

    def forward(self, x):
        self.positive = np.maximum(x, 0)
        return self.positive**self.power

    def backward(self, dout):
        return dout * self.power * self.positive ** (self.power - 1)
"""
"""A plugin with an activation of its own; `format` gives it its name."""


@dataclass(frozen=True)
class Said:
    """How a command ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON object that stdout consists of."""
        value = json.loads(self.out, parse_constant=pytest.fail)
        assert isinstance(value, dict)
        return value

    def cells(self) -> list[list[str]]:
        """The head and the rows of the table that stdout begins with."""
        return [line.split() for line in self.out.partition("\n\n")[0].splitlines()]

    def refused(self, *words: str) -> bool:
        """Whether it was exit code 2 with one readable message that has ``words``."""
        message = " ".join(self.err.split())
        assert self.code == 2, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        assert message.count("Error:") == 1
        for word in words:
            assert word in message
        return True


def invoke(*arguments: object, **options: Any) -> Said:
    """Run `nnbasic` to its end in this process, as if it had been typed."""
    words = [*map(str, arguments)]
    ended = CliRunner().invoke(main, words, "", prog_name="nnbasic", **options)
    if ended.exception and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Said(ended.exit_code, ended.stdout, ended.stderr)


Command = Callable[..., Said]
"""What `invoke` is, which the fixture `nnbasic` gives to tests in a working directory."""


@contextlib.contextmanager
def started(
    *command: object, hangup: signal.Handlers = signal.SIG_DFL, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Start ``command``, with pipes for its output; it does not outlive the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A process inherits what is ignored: Ctrl-C too, where the tests run in the background.
    wanted = {signal.SIGINT: signal.SIG_DFL, signal.SIGHUP: hangup}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        process = subprocess.Popen([*map(str, command)], text=True, **(pipes | options))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes, as if the disk were full."""
    import resource  # not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def limited(kind: str, value: int) -> Callable[[], None]:
    """What gives the process that calls it a limit of the module `resource`."""

    def limit() -> None:
        import resource

        resource.setrlimit(getattr(resource, kind), (value, value))

    return limit


def run(*arguments: object, before: Sequence[str] = (), **options: Any) -> Said:
    """Run `nnbasic` to its end in a process of its own, with other words ``before`` it."""
    command = [*before, NNBASIC, *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, **options
    )
    return Said(done.returncode, done.stdout, done.stderr)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[Any] | None = None) -> None:
    """Wait until ``condition`` holds, as long as ``process`` is alive."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, "the process ended"
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.002)


def epochs_on_disk() -> int:
    """How many epochs the newest run has written; -1 while it has not begun."""
    for directory in sorted(Path("runs").glob("*"), reverse=True):
        if (directory / "last.npz").exists():
            with contextlib.suppress(FileNotFoundError):
                return (directory / "metrics.jsonl").read_bytes().count(b"\n")
            return 0
    return -1


Begin = Callable[..., Run]
"""Starts a run whose config has the given keys: the fixture `begin`."""


def finish(run: Run, dataset: Dataset) -> Run:
    for _ in train(run, dataset):
        pass
    return run


def stop_after(epochs: int, run: Run, dataset: Dataset) -> None:
    """Train until ``epochs`` epochs are done, and a step into the next one."""
    with contextlib.closing(train(run, dataset)) as events:
        for event in events:
            if event.epoch > epochs:
                return


def content(run: Run) -> dict[str, Any]:
    """All that must not depend on how often a run was stopped."""
    found: dict[str, Any] = {"files": sorted(file.name for file in run.directory.iterdir())}
    for name in ("last.npz", "best.npz", "predictions.npz"):
        with np.load(run.directory / name) as file:
            found[name] = {key: (file[key].dtype.str, file[key].tobytes()) for key in file}
    found["metrics"] = [timeless(asdict(row)) for row in run.metrics()]
    found["diagnostics"] = (run.directory / "diagnostics.jsonl").read_text()
    record = run.record()
    assert record.best is not None
    assert record.last is not None
    found["record"] = record.status, record.epoch, record.test_accuracy, record.test_loss
    found["best and last"] = [timeless(asdict(each)) for each in (record.best, record.last)]
    return found


def edit(run: Run | Path, **changes: Any) -> None:
    """Change keys of `run.json`, also within mappings, as somebody with an editor would."""
    path = (run if isinstance(run, Path) else run.directory) / "run.json"
    path.write_text(json.dumps(merged(json.loads(path.read_text()), changes)))


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    deep = {
        key: merged(old[key], value)
        for key, value in new.items()
        if isinstance(value, dict) and isinstance(old.get(key), dict)
    }
    return {**old, **new, **deep}


def contrast(one: Sequence[float], other: Sequence[float]) -> float:
    """The ratio by which two sRGB colours, of 0 to 255, differ in luminance (WCAG 2)."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Sequence[float]) -> float:
    shares = [part / 255 for part in colour[:3]]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def figures(val_accuracy: float | None, **changes: Any) -> EpochRow:
    """An epoch with this validation accuracy."""
    row = {
        "epoch": 1,
        "step": 10,
        "train_loss": 0.1,
        "train_accuracy": 0.9,
        "val_loss": 0.2,
        "val_accuracy": val_accuracy,
        "learning_rate": 0.1,
        "epoch_seconds": 1.0,
        "elapsed_seconds": 1.0,
    }
    return EpochRow(**(row | changes))


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not key.endswith("_seconds")}


def stopped_after_one(config: str, name: str) -> Run:
    """A run that was interrupted in its second epoch."""
    loaded = load(config)
    dataset = data.load("digits", validation=loaded.data.validation)
    run = start(loaded, dataset, runs=Path("runs"), name=name)
    with contextlib.closing(train(run, dataset)) as events:
        next(event for event in events if event.epoch == 2)
    assert run.record().epoch == 1
    return run


class Straight:
    """The content of a run that was never stopped, made once for each setting."""

    def __init__(self, folder: Path, dataset: Dataset) -> None:
        self.folder, self.dataset = folder, dataset
        self.made: dict[str, dict[str, Any]] = {}

    def __call__(self, name: str, config: Config) -> dict[str, Any]:
        if name not in self.made:
            run = start(config, self.dataset, runs=self.folder, name="straight")
            self.made[name] = content(finish(run, self.dataset))
        return self.made[name]


def examples(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three noisy clouds in six dimensions."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    centres = 2 * np.eye(3, 6)
    return centres[labels] + 0.5 * rng.normal(size=(n, 6)), labels


def scored(accuracy: float | None) -> dict[str, float | None]:
    """The part of an epoch's record that says how well its images were classified."""
    trained = {} if accuracy is None else {"train_accuracy": accuracy}
    return {"val_accuracy": accuracy, **trained}


def words(picture: Path) -> set[str]:
    """The texts in an SVG file."""
    texts = ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")
    return {str(text.text) for text in texts}
