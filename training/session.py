"""Training a run: a new one, or one that was stopped.

It reads the stream of `nnbasic.model.Trainer`, writes what belongs on disk, and passes it on.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from nnbasic.configs import Config, EarlyStopping, dump
from nnbasic.data import Batches, Dataset
from nnbasic.model import INITIALIZERS, DivergedError, Epoch, Step, Trainer, stream
from nnbasic.training import diagnostics, environment, parallel
from nnbasic.training.checkpoint import Progress, restore, save
from nnbasic.training.directory import Run, create
from nnbasic.training.layer_statistics import diagnose
from nnbasic.training.record import EpochRow, RateSearch, Record, Status, User
from nnbasic.training.storage import RunError, clear, write_text
from nnbasic.training.trained import Trained, build, check_dataset


class FailedError(Exception):
    """A run could not go on: the disk or the memory is full, or a plugin has a fault; says which.

    The run can be resumed. The cause is the exception that it failed with.
    """


class GoneError(RunError):
    """The directory of a run was deleted, moved or replaced while it was being trained."""

    def __init__(self, run: Run) -> None:
        super().__init__(
            f"{run.directory} is not there any more: it was deleted, moved or replaced while the"
            " run was being trained, or its disk has gone"
        )


def start(
    config: Config,
    dataset: Dataset,
    *,
    runs: Path,
    name: str,
    rate_search: RateSearch | None = None,
    queued: str | None = None,
) -> Session:
    """Make a new run in ``runs``, ready to be trained, and diagnose it before its first step.

    Raises RunError if it cannot be written, or has too few outputs.
    """
    if dataset.classes > config.layers[-1]:
        raise RunError(
            f"layers {config.layers}: {dataset.name} has {dataset.classes} classes, so the last"
            f" layer needs at least {dataset.classes} units"
        )
    layers = []
    if config.diagnostics or config.plugins:  # a plugin's fault comes to light here
        layers = diagnose(build(config), *diagnostics.probe(config, dataset))
    warning = diagnostics.mismatch(config, layers) if config.diagnostics else None
    run = create(runs, name)
    try:
        if config.diagnostics:
            diagnostics.append(run, 0, 0, layers)
        write_text(run.directory / "config.yaml", dump(config))
        run.write_user(User(name=name))
        record = Record(
            id=run.id,
            status="interrupted",  # until `Session.train` begins
            config=config.model_dump(),
            identity=config.identity(),
            rate_search=rate_search,
            dataset=dataset.name,
            dataset_sha256=dataset.sha256,
            val_images=len(dataset.validation.labels),
            test_images=len(dataset.test.labels),
            scale=dataset.scale(config.data.scale),
            code_sha256=environment.code_sha256(config.plugins),
            plugins=environment.plugins_sha256(config.plugins),
            versions=environment.versions(),
            machine=environment.machine(),
            threads=environment.blas_threads(),
            warnings=[warning] if warning else [],
            queued=queued,
            started=environment.now(),
            process=os.getpid(),
        )
        run.write_record(record)
    except BaseException as error:  # an interrupt too leaves nothing half written
        shutil.rmtree(run.directory, ignore_errors=True)
        if isinstance(error, OSError):
            raise RunError(f"{runs}: cannot begin a run: {error.strerror}") from error
        raise
    return Session(run, config, record, dataset)


def train(run: Run, dataset: Dataset) -> Generator[Step | Epoch, None, None]:
    """Resume ``run`` where it was stopped: `Session.train` for a run on disk.

    Its plugins run if they are known: see `Run.config`.
    """
    return Session(run, run.config(), run.record(), dataset).train()


class Session:
    """A process at work on a run; ``record`` is what it last read or wrote of `run.json`."""

    def __init__(self, run: Run, config: Config, record: Record, dataset: Dataset) -> None:
        self.run = run
        self.config = config
        self.record = record
        self.dataset = dataset

    def train(self) -> Generator[Step | Epoch, None, None]:
        """Train the run to its end, and score the test set once.

        A result is yielded once it is on disk. Closing the generator, or an interrupt, stops the
        run so that it can be resumed to the same bits. Raises RunError for a run that has ended or
        is being trained elsewhere, DivergedError, and FailedError for anything else. Warns if it
        trains in one process because this one has other threads, or the system starts no more.
        """
        with self.run.claim() as self.held:
            try:
                self._restore()
            except (OSError, MemoryError) as error:
                raise FailedError(_reason(error)) from error
            try:
                yield from self._epochs()
                self._finish()
            except DivergedError as error:
                self._end("diverged", f"{error}; {likely_causes(self.config)}")
                raise
            except (KeyboardInterrupt, GeneratorExit):
                self._end("interrupted")
                raise
            except Exception as error:
                gone = isinstance(error, OSError) and not self.held()
                cause = GoneError(self.run) if gone else error
                with contextlib.suppress(OSError, GoneError):  # which may be what it failed for
                    self._end("failed", _reason(cause))
                raise FailedError(_reason(cause)) from cause

    def _restore(self) -> None:
        """Check that the run can go on here, and read its state, or set up that of a new one."""
        self.record = self.run.record()  # another process may have trained it until now
        self._check()
        self.trained = Trained(build(self.config), self.record.scale, self.config)
        trainer = self._trainer()
        self.done = Progress(0, 0)
        clear(self.run.directory)
        if self.run.last.exists():
            self.done = restore(self.run.last, trainer.network, trainer.state)
        self.history = self.run.keep_metrics(self.done.epoch)
        self.trainer = parallel.shared_by(trainer, parallel.processes(self.config.batch_size))
        self.watcher = None
        if self.config.diagnostics:
            diagnostics.keep(self.run, self.done.epoch)
            self.watcher = diagnostics.Watcher(self.run, trainer.network, self.config, self.dataset)
        self.spent = self.history[-1].elapsed_seconds if self.history else 0.0
        self.began = time.perf_counter()

    def _check(self) -> None:
        run, record = self.run, self.record
        if record.status in ("finished", "diverged"):
            raise RunError(
                f"{run.directory}: the run has {record.status}; there is nothing to resume"
            )
        if self.config.identity() != record.identity:
            raise RunError(
                f"{run.directory}: its record has another config than it was started with, so the"
                " run cannot go on exactly; give its config.yaml to --config for a new run"
            )
        check_dataset(run, record, self.dataset)

    def _trainer(self) -> Trainer:
        config, split = self.config, self.dataset.train
        batches = Batches(
            split.images,
            split.labels,
            batch_size=config.batch_size,
            scale=self.trained.scale,
            dtype=config.dtype,
            order=stream(config.seed, "batch_order"),
        )
        held_out = self.dataset.validation
        return Trainer(
            self.trained.network,
            batches,
            config.optimizer,
            config.schedule,
            config.epochs,
            self.trained.batches(held_out) if len(held_out.labels) else None,
            config.seed,
        )

    def _epochs(self) -> Iterator[Step | Epoch]:
        self._write(
            status="running",
            reason=None,
            ended=None,
            epoch=self.done.epoch,  # a crash may have come between the checkpoint and the record
            best=self._best(),
            last=self.history[-1] if self.history else None,
            process=os.getpid(),
            machine=environment.machine(),
            threads=environment.blas_threads(),
        )
        self._save(self.run.last)
        if self._stops_early():
            return
        with contextlib.closing(self.trainer.results(self.done.epoch)) as results:
            for result in results:
                if isinstance(result, Epoch):
                    self._check_held()
                if self.watcher:
                    self.watcher.read(result)
                if isinstance(result, Epoch):
                    self._keep(result)
                yield result
                if isinstance(result, Epoch) and self._stops_early():
                    return

    def _keep(self, result: Epoch) -> None:
        """Write an epoch: after its diagnostics its metrics, then the checkpoints, the last last.

        A crash between any two of these leaves `last.npz` behind the others, and resuming
        from it writes them again with the same bits.
        """
        row = EpochRow.model_validate(
            {
                "epoch": result.epoch,
                "step": result.step,
                "val_loss": None,
                "val_accuracy": None,  # without a validation set
                **result.metrics,
                "learning_rate": result.learning_rate,
                "epoch_seconds": result.seconds,
                "elapsed_seconds": self._elapsed(),
            }
        )
        self.run.append_metrics(row)
        self.history.append(row)
        self.done = Progress(result.epoch, result.step)
        best = self._best()
        if best is row:
            self._save(self.run.best)
        self._save(self.run.last)
        self._write(epoch=result.epoch, best=best, last=row)

    def _finish(self) -> None:
        """Score the test set with the best checkpoint, the only time that it is looked at."""
        restore(self.run.best, self.trained.network)
        test = self.trained.evaluate(self.dataset.test)
        if not math.isfinite(test.loss):  # without validation, nothing has noticed it yet
            raise DivergedError(self.done.epoch, self.done.step, "the test loss")
        test.save(self.run.predictions)
        self._write(test_accuracy=test.accuracy, test_loss=test.loss)
        self._end("finished")
        if self.record.outcome == "collapsed":
            rows = self.run.diagnostics_lines().rows if self.watcher else []
            why = diagnostics.why_collapsed(self.config, self.record.warnings, rows)
            self._write(reason=why)

    def _best(self) -> EpochRow | None:
        stopping = self.config.early_stopping
        return best_epoch(self.history, stopping.metric if stopping else "val_accuracy")

    def _stops_early(self) -> bool:
        stopping = self.config.early_stopping
        return stopping is not None and patience_is_over(stopping, self.history)

    def _save(self, path: Path) -> None:
        save(path, self.trained.network, self.trainer.state, self.done)

    def _end(self, status: Status, reason: str | None = None) -> None:
        self._write(status=status, reason=reason, ended=environment.now())

    def _elapsed(self) -> float:
        return self.spent + time.perf_counter() - self.began

    def _write(self, **changes: Any) -> None:
        self._check_held()
        self.record = self.record.model_copy(update=changes | {"seconds": self._elapsed()})
        self.run.write_record(self.record)

    def _check_held(self) -> None:
        if not self.held():
            raise GoneError(self.run)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):  # NumPy's says how much it wanted, Python's nothing
        return f"out of memory: {error}".removesuffix(": ")
    return str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"


def best_epoch(history: Sequence[EpochRow], metric: str) -> EpochRow | None:
    """The first epoch of the highest accuracy or lowest loss; without validation, the last one."""
    scored = [row for row in history if _score(row, metric) > -math.inf]
    if scored:
        return max(scored, key=lambda row: _score(row, metric))
    return history[-1] if history else None


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


def likely_causes(config: Config) -> str:
    """What a user may try when the loss of ``config`` stopped being finite."""
    clipping = "" if config.optimizer.clip_norm else ", or bound the gradient by clip_norm"
    init = INITIALIZERS.name(config.init)
    plugin = ", or a plugin's gradient wrong: try `nnbasic gradcheck`" if config.plugins else ""
    return (
        f"likely causes: a learning rate too high (optimizer.lr is {config.optimizer.lr:g}:"
        f" try a tenth{clipping}), or initial weights too large (init is {init}){plugin}"
    )
