"""A run goes on with the same bits wherever it was stopped, and says how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.configs import Config, EarlyStopping
from nnbasic.data import Dataset, Split
from nnbasic.model import DivergedError, EpochResult, parallel
from nnbasic.runs import FailedError, Run, RunError, start, train
from nnbasic.runs import training as training_module
from nnbasic.runs.training import best_epoch, patience_is_over
from support import limited_files

pytest.importorskip("resource")

SETTINGS: dict[str, dict[str, Any]] = {
    "momentum": {"schedule": {"name": "cosine", "warmup": 0.2}},
    "adam": {"optimizer": "adam", "schedule": {"name": "one_cycle"}, "dtype": "float64"},
    "adamw": {
        "optimizer": {"name": "adamw", "weight_decay": 0.1},
        "activation": {"name": "maxout", "pieces": 3},
        "schedule": "linear",
    },
    "rmsprop": {"optimizer": "rmsprop", "loss": "mse", "schedule": {"name": "step"}},
    "adagrad": {"optimizer": "adagrad", "data": {"validation": 5000, "scale": "standard"}},
    "early stopping": {
        "activation": "prelu",
        "optimizer": {"name": "sgd", "lr": 0.03, "nesterov": True, "momentum": 0.9, "clip_norm": 1},
        "early_stopping": {"patience": 1, "metric": "val_loss", "min_delta": 0.05},
        "epochs": 6,
    },
}


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
    found["metrics"] = [timeless(row) for row in run.metrics()]
    found["diagnostics"] = (run.directory / "diagnostics.jsonl").read_text()
    record = run.record()
    assert record.best is not None
    assert record.last is not None
    found["record"] = record.status, record.epoch, record.test_accuracy, record.test_loss
    found["best and last"] = timeless(record.best), timeless(record.last)
    return found


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if not key.endswith("_seconds")}


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


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Straight:
    return Straight(tmp_path_factory.mktemp("straight"), dataset)


class TestTheSameBits:
    @pytest.mark.parametrize("name", SETTINGS)
    def test_twice(
        self,
        tmp_path: Path,
        dataset: Dataset,
        config: Callable[..., Config],
        straight: Straight,
        name: str,
    ) -> None:
        setting = config(**SETTINGS[name])
        again = finish(start(setting, dataset, runs=tmp_path, name="again"), dataset)
        assert content(again) == straight(name, setting)

    @pytest.mark.parametrize("stops", [(0,), (1,), (2,), (0, 0), (1, 2), (1, 1)])
    @pytest.mark.parametrize("name", SETTINGS)
    def test_stopped_and_resumed(
        self,
        tmp_path: Path,
        dataset: Dataset,
        config: Callable[..., Config],
        straight: Straight,
        name: str,
        stops: tuple[int, ...],
    ) -> None:
        setting = config(**SETTINGS[name])
        run = start(setting, dataset, runs=tmp_path, name="stopped")
        for epochs in stops:
            stop_after(epochs, run, dataset)
            assert run.record().status == run.status() == "interrupted"
            assert run.record().epoch == epochs == len(run.metrics())
        assert content(finish(run, dataset)) == straight(name, setting)

    def test_another_seed_gives_other_bits(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
    ) -> None:
        other = finish(start(config(seed=1), dataset, runs=tmp_path, name="x"), dataset)
        assert content(other)["last.npz"] != straight("plain", config())["last.npz"]

    def test_interrupted_while_an_epoch_is_written(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
    ) -> None:
        """A KeyboardInterrupt may come anywhere; here it comes as the checkpoint is replaced."""
        run = start(config(), dataset, runs=tmp_path, name="x")
        with pytest.raises(KeyboardInterrupt), interrupted_on_the_way():
            finish(run, dataset)
        assert run.status() == "interrupted"
        assert content(finish(run, dataset)) == straight("plain", config())


@contextlib.contextmanager
def interrupted_on_the_way() -> Iterator[None]:
    """Raise KeyboardInterrupt as the ninth file of the run is replaced."""
    calls = 0

    def profile(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        if event == "call" and frame.f_code.co_name == "replace":
            calls += 1
            if calls == 9:
                sys.setprofile(None)
                raise KeyboardInterrupt

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


class TestKilled:
    """`kill -9` at every single operation on the run's files, from the claim to the end."""

    def child(self, work: Callable[[], object]) -> int:
        """The exit code of a forked process that does ``work``; negative if it was killed."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # NumPy's threads and a fork
            process = os.fork()
        if not process:
            with contextlib.suppress(BaseException):
                work()
                os._exit(0)
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def killed_at(self, operation: int, run: Run, dataset: Dataset) -> bool:
        """Train until the ``operation``-th time that a file is touched; False: it ended first."""

        def work() -> None:
            left = operation

            def hook(event: str, arguments: tuple[Any, ...]) -> None:
                nonlocal left
                touching = event in ("open", "os.rename", "os.remove", "os.truncate")
                if touching and str(run.directory) in str(arguments[0]):
                    left -= 1
                    if not left:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(hook)
            finish(run, dataset)

        code = self.child(work)
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def test_at_every_operation(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
    ) -> None:
        setting = config(epochs=2)
        expected = straight("two epochs", setting)
        begun = start(setting, dataset, runs=tmp_path, name="x")
        statuses: list[str] = []
        for operation in range(1, 200):
            run = Run(tmp_path / f"killed-{operation}")
            shutil.copytree(begun.directory, run.directory)
            if not self.killed_at(operation, run, dataset):
                break
            statuses.append(run.status())
            if operation % 3 == 0 and statuses[-1] != "finished":
                self.killed_at(operation // 2, run, dataset)  # and once more on the way
            if run.status() != "finished":
                finish(run, dataset)
            assert content(run) == expected, f"killed at operation {operation}"
            shutil.rmtree(run.directory)
        assert len(statuses) > 30
        assert set(statuses) == {"interrupted", "crashed", "finished"}


class TestRefused:
    def test_a_run_that_has_finished(self, finished: Run, dataset: Dataset) -> None:
        before = content(finished)
        with pytest.raises(RunError, match="the run has finished; there is nothing to resume"):
            finish(finished, dataset)
        assert content(finished) == before

    def test_a_run_that_is_being_trained(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        with contextlib.closing(train(run, dataset)) as events:
            next(events)
            assert run.status() == "running"
            with pytest.raises(RunError, match="another process is training this run"):
                finish(run, dataset)
            assert run.status() == "running"
        assert run.status() == "interrupted"

    def test_other_data(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        other = Dataset("mnist", *[dataset.train] * 3, sha256="cd" * 32, source="elsewhere")
        with pytest.raises(RunError, match="scores would not compare"):
            finish(run, other)

    @pytest.mark.parametrize(("old", "new"), [("epochs: 3", "epochs: 4"), ("seed: 0", "seed: 1")])
    def test_a_config_that_was_edited(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], old: str, new: str
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        stop_after(1, run, dataset)
        path = run.directory / "config.yaml"
        text = path.read_text()
        path.write_text(text.replace(old, new))
        with pytest.raises(RunError, match="is not what it was started with"):
            finish(run, dataset)
        path.write_text(text)
        assert finish(run, dataset).status() == "finished"

    @pytest.mark.parametrize("damage", [b"", b"junk", None])
    def test_a_damaged_checkpoint(
        self,
        tmp_path: Path,
        dataset: Dataset,
        config: Callable[..., Config],
        damage: bytes | None,
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        stop_after(2, run, dataset)
        whole = run.last.read_bytes()
        run.last.write_bytes(whole[:-100] if damage is None else damage)
        before = (run.directory / "run.json").read_bytes()
        with pytest.raises(RunError, match=r"last\.npz: damaged, or no checkpoint"):
            finish(run, dataset)
        assert (run.directory / "run.json").read_bytes() == before
        run.last.write_bytes(whole)
        assert finish(run, dataset).record().epoch == 3


class TestDiverged:
    HOT = {"optimizer": {"name": "sgd", "lr": 1e25}, "schedule": "constant"}  # noqa: RUF012

    def test_the_record_says_where_and_why(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
    ) -> None:
        run = start(config(**self.HOT), dataset, runs=tmp_path, name="x")
        with pytest.raises(DivergedError, match="at epoch 1, step 2; first in layer"):
            finish(run, dataset)
        record = run.record()
        assert record.status == run.status() == "diverged"
        assert record.reason is not None
        for words in ("epoch 1, step 2", "optimizer.lr is 1e+25", "init is he"):
            assert words in record.reason
        assert "clip_norm" in record.reason
        assert record.ended is not None
        assert run.metrics() == []
        with pytest.raises(RunError, match="the run has diverged; there is nothing to resume"):
            finish(run, dataset)

    @pytest.mark.parametrize("held_out", [True, False])
    def test_in_the_very_last_step(
        self,
        tmp_path: Path,
        dataset: Dataset,
        config: Callable[..., Config],
        held_out: bool,
    ) -> None:
        """No further training step would see it: the validation set does, or the test set."""
        if not held_out:
            nothing = Split(dataset.train.images[:0], dataset.train.labels[:0])
            dataset = Dataset(
                "digits", dataset.train, nothing, dataset.test, "ab" * 32, "generated"
            )
        setting = config(**self.HOT, batch_size=1000, epochs=1)
        run = start(setting, dataset, runs=tmp_path, name="x")
        with pytest.raises(DivergedError, match="at epoch 1, step 1; first in"):
            finish(run, dataset)
        record = run.record()
        assert record.status == "diverged"
        assert record.test_accuracy is None
        json.loads((run.directory / "run.json").read_text(), parse_constant=pytest.fail)
        json.loads((run.directory / "metrics.jsonl").read_text() or "0", parse_constant=pytest.fail)


class TestFailed:
    def test_a_full_disk_and_space_again(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        stop_after(1, run, dataset)
        with limited_files(40_000), pytest.raises(FailedError, match="File too large") as error:
            finish(run, dataset)
        assert isinstance(error.value.__cause__, OSError)
        record = run.record()
        assert record.status == run.status() == "failed"
        assert record.reason == str(error.value) == "OSError: [Errno 27] File too large"
        assert content(finish(run, dataset)) == straight("plain", config())
        assert run.record().reason is None

    def test_a_disk_too_full_for_the_record(
        self, tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        stop_after(1, run, dataset)
        with limited_files(100), pytest.raises(FailedError, match="File too large"):
            finish(run, dataset)
        assert run.record().status == "interrupted"
        assert content(finish(run, dataset)) == straight("plain", config())

    def test_a_fault_of_the_code(
        self,
        tmp_path: Path,
        dataset: Dataset,
        config: Callable[..., Config],
    ) -> None:
        run = start(config(), dataset, runs=tmp_path, name="x")
        broken = Dataset(
            "digits", dataset.train, dataset.validation, Split(*[np.zeros(3)] * 2), "ab" * 32, ""
        )
        with pytest.raises(FailedError) as error:
            finish(run, broken)
        assert error.value.__cause__ is not None
        assert run.record().status == "failed"
        assert run.record().reason == str(error.value)


def test_the_metrics_of_an_epoch_are_on_disk_when_it_is_told(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    run = start(config(), dataset, runs=tmp_path, name="x")
    seen = 0.0
    for event in train(run, dataset):
        if isinstance(event, EpochResult):
            row = run.metrics()[-1]
            assert row == {
                "epoch": event.epoch,
                "step": event.step,
                "train_loss": event.train_loss,
                "train_accuracy": event.train_accuracy,
                "val_loss": event.val_loss,
                "val_accuracy": event.val_accuracy,
                "learning_rate": event.learning_rate,
                "epoch_seconds": event.epoch_seconds,
                "elapsed_seconds": row["elapsed_seconds"],
            }
            assert row["elapsed_seconds"] >= seen + event.epoch_seconds
            seen = row["elapsed_seconds"]
            assert run.record().last == row
            assert event.step == event.epoch * 10


def test_a_run_that_was_never_trained_can_be_resumed(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight
) -> None:
    run = start(config(), dataset, runs=tmp_path, name="x")
    train(run, dataset).close()
    assert run.status() == "interrupted"
    assert content(finish(run, dataset)) == straight("plain", config())


def test_it_gives_signs_of_life_within_an_epoch(
    tmp_path: Path,
    dataset: Dataset,
    config: Callable[..., Config],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = start(config(), dataset, runs=tmp_path, name="x")
    with contextlib.closing(train(run, dataset)) as events:
        next(events)
        first = run.record().heartbeat
        next(events)
        assert run.record().heartbeat == first
        monkeypatch.setattr(training_module, "HEARTBEAT", 0.0)
        next(events)
        assert run.record().heartbeat > first


def test_time_adds_up_over_sessions(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    run = start(config(), dataset, runs=tmp_path, name="x")
    stop_after(2, run, dataset)
    spent = run.metrics()[-1]["elapsed_seconds"]
    finish(run, dataset)
    assert run.metrics()[-1]["elapsed_seconds"] > spent
    assert run.record().seconds > spent


def rows(key: str, *values: float | None) -> list[dict[str, Any]]:
    return [{"epoch": i, key: value} for i, value in enumerate(values, 1)]


class TestBest:
    def test_nothing_yet(self) -> None:
        assert best_epoch([]) is None

    def test_the_first_of_the_highest(self) -> None:
        history = rows("val_accuracy", 0.5, 0.9, 0.7, 0.9, 0.1)
        assert best_epoch(history) is history[1]

    def test_the_last_without_validation(self) -> None:
        history = rows("val_accuracy", None, None)
        assert best_epoch(history) is history[-1]


class TestPatience:
    @pytest.mark.parametrize(
        ("values", "over"),
        [
            ([], False),
            ([0.5], False),
            ([0.5, 0.5], False),
            ([0.5, 0.5, 0.5], True),
            ([0.5, 0.4, 0.6, 0.6], False),
            ([0.5, 0.4, 0.6, 0.6, 0.5], True),
            ([0.5, 0.4, 0.45], True),
        ],
    )
    def test_of_two_epochs(self, values: list[float], over: bool) -> None:
        accuracy = EarlyStopping(metric="val_accuracy", patience=2)
        assert patience_is_over(accuracy, rows("val_accuracy", *values)) is over
        loss = EarlyStopping(metric="val_loss", patience=2)
        assert patience_is_over(loss, rows("val_loss", *(-value for value in values))) is over

    def test_small_steps_do_not_count_however_many(self) -> None:
        stopping = EarlyStopping(metric="val_accuracy", patience=3, min_delta=0.1)
        assert patience_is_over(stopping, rows("val_accuracy", 0.5, 0.55, 0.58, 0.6))
        assert not patience_is_over(stopping, rows("val_accuracy", 0.5, 0.55, 0.58, 0.61))

    def test_a_loss_that_was_not_finite_is_no_improvement(self) -> None:
        stopping = EarlyStopping(metric="val_loss", patience=1)
        assert not patience_is_over(stopping, rows("val_loss", 3.0))
        assert patience_is_over(stopping, rows("val_loss", 3.0, None))


def test_a_run_stops_early_and_is_judged_by_its_best_epoch(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    setting = config(epochs=50, early_stopping={"patience": 2})
    record = finish(start(setting, dataset, runs=tmp_path, name="x"), dataset).record()
    assert record.status == "finished"
    assert record.best is not None
    assert record.epoch == record.best["epoch"] + 2 < 50


@pytest.mark.parametrize(
    ("threads", "batch_size", "expected"),
    [(1, 128, 1), (2, 128, 2), (2, 32, 2), (2, 31, 1), (2, 1, 1), (8, 128, 8), (64, 128, 8)],
)
def test_how_many_processes_share_a_batch(
    monkeypatch: pytest.MonkeyPatch, threads: int, batch_size: int, expected: int
) -> None:
    monkeypatch.setattr(training_module.environment, "blas_threads", lambda: threads)
    assert training_module.processes(batch_size) == (expected if parallel.AVAILABLE else 1)
