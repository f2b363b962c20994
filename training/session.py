"""Training a run: a new one, or one that was stopped.

It reads the stream of `nnbasic.model.Trainer`, writes what belongs on disk, and passes it on.
"""

import contextlib
import math
import os
import shutil
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnbasic.configs import Config, EarlyStopping, dump
from nnbasic.data import Dataset
from nnbasic.data.files import append, clear
from nnbasic.model import DivergedError, Epoch, Step, Trainer
from nnbasic.training import diagnostics, environment, parallel
from nnbasic.training.checkpoint import restore, save
from nnbasic.training.directory import Run, create
from nnbasic.training.record import EpochRow, RateSearch, Record, Status, User
from nnbasic.training.storage import RunError, run_error, write_text
from nnbasic.training.trained import Trained, build, check_dataset


class FailedError(Exception):
    """A run could not go on: the disk or the memory is full, or a plugin has a fault; says which.

    The run can be resumed. The cause is the exception that it failed with.
    """


def start(
    config: Config,
    dataset: Dataset,
    *,
    runs: Path,
    name: str,
    rate_search: RateSearch | None = None,
    queued: str | None = None,
) -> Run:
    """Make a new run in ``runs``, ready to be trained, and diagnose it before its first step.

    Raises RunError if it cannot be written, or has too few outputs or batches larger than the data.
    """
    if dataset.classes > config.layers[-1]:
        unused = "" if 0 in dataset.train.labels else "; no image has the label 0: count from 0"
        raise RunError(
            f"layers {config.layers}: {dataset.name} has {dataset.classes} classes, so the last"
            f" layer needs at least {dataset.classes} units{unused}"
        )
    if config.batch_size > (images := len(dataset.train.labels)):
        raise RunError(
            f"batch_size {config.batch_size}: {dataset.name} has {images} training images; a batch"
            " takes at most as many"
        )
    scale, layers, warnings = dataset.scale(config.data.scale), [], list(dataset.warnings)
    if config.diagnostics or config.plugins:  # a plugin's fault comes to light here
        layers = diagnostics.Watcher(Trained(build(config), scale, config), dataset).layers()
    if config.diagnostics:
        warnings += filter(None, [diagnostics.mismatch(config, layers)])
    run = create(runs, name)
    with run_error(runs, "cannot begin a run"), contextlib.ExitStack() as undoing:
        # an interrupt too leaves nothing half written
        undoing.callback(shutil.rmtree, run.directory, ignore_errors=True)
        if config.diagnostics:
            diagnostics.append(run, 0, 0, layers)
        write_text(run.directory / "config.yaml", dump(config))
        run.write(User(name=name))
        record = Record(
            id=run.id,
            status="interrupted",  # until `train` begins
            config=config.model_dump(),
            identity=config.identity(),
            rate_search=rate_search,
            dataset=dataset.name,
            dataset_sha256=dataset.sha256,
            val_images=len(dataset.validation.labels),
            test_images=len(dataset.test.labels),
            scale=scale,
            code_sha256=environment.code_sha256(),
            plugins=environment.plugins_sha256(config.plugins),
            versions=environment.versions(),
            machine=environment.machine(),
            threads=environment.blas_threads(),
            warnings=warnings,
            queued=queued,
            started=environment.now(),
            process=os.getpid(),
        )
        run.write(record)
        undoing.pop_all()
    return run


def train(
    run: Run, dataset: Dataset, config: Config | None = None
) -> Generator[Step | Epoch, None, None]:
    """Train ``run`` on from where it was stopped to its end, and score the test set once.

    Without the ``config`` that it was started with, the one in its record is read, whose plugins
    run if they are known: see `Run.config`.

    A result is yielded once it is on disk. Closing the generator, or an interrupt, stops the
    run so that it can be resumed to the same bits. Raises RunError for a run that has ended or
    is being trained elsewhere, DivergedError, and FailedError for anything else. Warns if it
    trains in one process because this one has other threads, or the system starts no more.
    """
    config = config or run.config()
    with run.claim() as held:
        record = run.record()
        _check(run, record, config, dataset)
        try:
            log = _Log(run, record, config, dataset, held)
        except (OSError, MemoryError) as error:
            raise FailedError(_reason(error)) from error
        try:
            log.begin()
            results = log.trainer.results(len(log.history))
            with contextlib.closing(results):
                for result in results if not log.stops_early() else ():
                    log.add(result)
                    yield result
                    if isinstance(result, Epoch) and log.stops_early():
                        break
            log.finish(dataset)
        except DivergedError as error:
            log.write(status="diverged", reason=f"{error}; {diagnostics.why_diverged(config)}")
            raise
        except (KeyboardInterrupt, GeneratorExit):
            log.write(status="interrupted")
            raise
        except Exception as error:
            cause = log.gone() if isinstance(error, OSError) and not held() else error
            with contextlib.suppress(OSError, RunError):  # which may be what it failed for
                log.write(status="failed", reason=_reason(cause))
            raise FailedError(_reason(cause)) from cause


def _check(run: Run, record: Record, config: Config, dataset: Dataset) -> None:
    """RunError unless ``run`` can go on exactly."""
    if record.status in ("finished", "diverged"):
        raise RunError(f"{run.directory}: the run has {record.status}; there is nothing to resume")
    if config.identity() != record.identity:
        raise RunError(
            f"{run.directory}: its record has another config than it was started with, so the"
            " run cannot go on exactly; give its config.yaml to --config for a new run"
        )
    check_dataset(run, record, dataset)


class _Log:
    """A training, and what is written of it as long as the lock of its run is ``held``."""

    def __init__(
        self, run: Run, record: Record, config: Config, dataset: Dataset, held: Callable[[], bool]
    ) -> None:
        """Read the state of ``run``, or set up that of a new one."""
        self.run, self.record, self.config, self.held = run, record, config, held
        self.trained = Trained(build(config), record.scale, config)
        trainer = Trainer(
            self.trained.network,
            self.trained.training_batches(dataset.train),
            config.optimizer,
            config.schedule,
            config.epochs,
            self.trained.batches(dataset.validation) if len(dataset.validation.labels) else None,
            config.seed,
        )
        clear(run.directory)
        done = restore(run.last, trainer.network, trainer.state) if run.last.exists() else 0
        self.history = run.keep(done)
        self.trainer = parallel.shared_by(trainer, parallel.processes(config.batch_size))
        self.watcher = diagnostics.Watcher(self.trained, dataset) if config.diagnostics else None
        spent = self.history[-1].elapsed_seconds if self.history else 0.0
        self.began = time.perf_counter() - spent

    def begin(self) -> None:
        """Write that the run goes on, here."""
        self.write(
            status="running",
            process=os.getpid(),
            machine=environment.machine(),
            threads=environment.blas_threads(),
        )
        self._save(self.run.last, len(self.history))

    def add(self, result: Step | Epoch) -> None:
        """Write an epoch: its diagnostics, its metrics, then the checkpoints, the last last.

        A crash between any two of these leaves `last.npz` behind the others, and resuming
        from it writes them again with the same bits.
        """
        if isinstance(result, Epoch):
            self._check_held()
        if self.watcher:
            self.watcher.read(result, self.run)
        if isinstance(result, Step):
            return
        known: dict[str, Any] = {}
        scores: dict[str, float | None] = {}
        for key, value in result.metrics.items():
            (known if key in EpochRow.__dataclass_fields__ else scores)[key] = value
        row = EpochRow(
            epoch=result.epoch,
            step=result.step,
            learning_rate=result.learning_rate,
            epoch_seconds=result.seconds,
            elapsed_seconds=time.perf_counter() - self.began,
            scores=scores,
            **known,
        )
        append(self.run.directory / "metrics.jsonl", row.line())
        history = [*self.history, row]
        if self._best(history) is row:
            with self.trainer.averaged():
                self._save(self.run.best, row.epoch)
        self._save(self.run.last, row.epoch)
        self.history = history
        self.write(status="running")

    def stops_early(self) -> bool:
        """Whether the metrics no longer improve."""
        stopping = self.config.early_stopping
        return stopping is not None and patience_is_over(stopping, self.history)

    def finish(self, dataset: Dataset) -> None:
        """Score the test set with the best checkpoint, the only time that it is looked at."""
        run = self.run
        restore(run.best, self.trained.network)
        test = self.trained.evaluate(dataset.test)
        if not math.isfinite(test.loss):  # without validation, nothing has noticed it yet
            raise DivergedError(len(self.history), self.history[-1].step, "the test loss")
        test.save(run.predictions)
        self.write(status="finished", test_accuracy=test.accuracy, test_loss=test.loss)
        if self.record.outcome == "collapsed":
            rows = run.diagnostics() if self.watcher else []
            why = diagnostics.why_collapsed(self.config, self.record.warnings, rows)
            self.write(status="finished", reason=why)

    def write(self, *, status: Status, reason: str | None = None, **changes: Any) -> None:
        self._check_held()
        changes |= {
            "status": status,
            "reason": reason,
            "ended": None if status == "running" else environment.now(),
            "epoch": len(self.history),
            "best": self._best(self.history),
            "last": self.history[-1] if self.history else None,
            "seconds": time.perf_counter() - self.began,
        }
        self.record = replace(self.record, **changes)
        self.run.write(self.record)

    def gone(self) -> RunError:
        """What to say if the directory is not the one any more that was locked."""
        return RunError(
            f"{self.run.directory} is not there any more: it was deleted, moved or replaced while"
            " the run was being trained, or its disk has gone"
        )

    def _check_held(self) -> None:
        if not self.held():
            raise self.gone()

    def _best(self, history: Sequence[EpochRow]) -> EpochRow | None:
        stopping = self.config.early_stopping
        return best_epoch(history, stopping.metric if stopping else "val_accuracy")

    def _save(self, path: Path, epoch: int) -> None:
        save(path, self.trainer.network, self.trainer.state, epoch)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):  # NumPy's says how much it wanted, Python's nothing
        return f"out of memory: {error}".removesuffix(": ")
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"


def best_epoch(history: Sequence[EpochRow], metric: str) -> EpochRow | None:
    """The first epoch of the highest accuracy or lowest loss; without validation, the last one."""
    scored = [row for row in history if _score(row, metric) > -math.inf] or history[-1:]
    return max(scored, key=lambda row: _score(row, metric), default=None)


def patience_is_over(stopping: EarlyStopping, history: Sequence[EpochRow]) -> bool:
    """Whether the metric has not improved by ``min_delta`` for ``patience`` epochs.

    A function of the metrics alone, so that a resumed run decides as an uninterrupted one.
    """
    best, waited = -math.inf, 0
    for row in history:
        score = _score(row, stopping.metric)
        improved = score > best + stopping.min_delta
        best, waited = (score, 0) if improved else (best, waited + 1)
    return waited >= stopping.patience


def _score(row: EpochRow, metric: str) -> float:
    """The validation ``metric`` of an epoch, the higher the better; -inf where there is none."""
    value: float | None = getattr(row, metric)
    if value is None:  # without validation, or a loss that was not finite
        return -math.inf
    return -value if metric == "val_loss" else value
