"""A run from its start, or from its last checkpoint, to its end: a reader of the stream that
`nnbasic.model.steps` tells, which writes the record and passes the stream on."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nnbasic.configs import Config, EarlyStopping, shortage
from nnbasic.data import Batches, Dataset
from nnbasic.model import (
    INITIALIZERS,
    DivergedError,
    EpochResult,
    StepResult,
    parallel,
    steps,
    stream,
)
from nnbasic.model.diagnostics import diagnose
from nnbasic.runs import diagnostics, environment
from nnbasic.runs.checkpoint import Progress, restore, save
from nnbasic.runs.record import Record, Run, Status, create, write_new
from nnbasic.runs.scoring import build, check_dataset, predict, scoring_batches
from nnbasic.runs.storage import RunError, clear

HEARTBEAT = 30.0
"""Seconds between two signs of life within an epoch."""

SMALLEST_SHARE = 16
"""The fewest rows of a batch that are worth a process of their own."""


class FailedError(Exception):
    """A run could not go on: no space on the disk, no memory, a plugin's fault; says which.

    The run can be resumed. The cause is the exception that it failed with.
    """


def start(config: Config, dataset: Dataset, *, runs: Path, name: str) -> Run:
    """A new run directory in ``runs``, ready for `train`, diagnosed before its first step."""
    if reason := shortage(config, processes(config.batch_size)):
        raise RunError(f"layers {config.layers}: {reason}")
    versions, machine = environment.versions(), environment.machine()
    layers = None
    if config.diagnostics:
        layers = diagnose(build(config), *diagnostics.probe(config, dataset))
    warning = layers and diagnostics.mismatch(config, layers)
    name = name.encode(errors="replace").decode()  # an argument may be no Unicode
    run = create(runs, name)
    moment = environment.now()
    record = Record(
        id=run.id,
        status="interrupted",  # until `train` takes it up
        config=config.model_dump(),
        identity=config.identity(),
        dataset=dataset.name,
        dataset_sha256=dataset.sha256,
        versions=versions,
        machine=machine,
        threads=environment.blas_threads(),
        warnings=[warning] if warning else [],
        started=moment,
        process=os.getpid(),
        heartbeat=moment,
    )
    try:
        if layers:
            diagnostics.append(run, 0, 0, layers)
        write_new(run, record, config, name)
    except BaseException as error:  # an interrupt too leaves nothing half begun
        shutil.rmtree(run.directory, ignore_errors=True)
        if isinstance(error, OSError):
            raise RunError(f"{runs}: cannot begin a run: {error.strerror}") from error
        raise
    return run


def train(
    run: Run, dataset: Dataset, config: Config | None = None
) -> Generator[StepResult | EpochResult, None, None]:
    """Train ``run`` from where it stands to its end, and score the test set once.

    ``config`` is that of the run, from a caller who has read it; else it is read here.
    The results are passed on after they are on disk. Closing the generator, or an interrupt,
    leaves a run that a later call takes up with the same bits. Raises RunError for a run that
    has ended or is being trained elsewhere, DivergedError, and FailedError for anything else.
    """
    with run.claim():
        try:
            session = _Session(run, dataset, run.config() if config is None else config)
        except (OSError, MemoryError) as error:
            raise FailedError(f"{type(error).__name__}: {error}") from error
        try:
            yield from session.train()
            session.finish()
        except DivergedError as error:
            session.end("diverged", f"{error}; {likely_causes(session.config)}")
            raise
        except (KeyboardInterrupt, GeneratorExit):
            session.end("interrupted")
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            with contextlib.suppress(OSError):  # a full disk may be what it failed for
                session.end("failed", reason)
            raise FailedError(reason) from error


class _Session:
    """One process at work on a run."""

    def __init__(self, run: Run, dataset: Dataset, config: Config) -> None:
        self.run = run
        self.dataset = dataset
        self.config = config
        self.record = run.record()
        if self.record.status in ("finished", "diverged"):
            raise RunError(
                f"{run.directory}: the run has {self.record.status}; there is nothing to resume"
            )
        same = self.config.identity() == self.record.identity
        if not same or self.config.seed != self.record.config.get("seed"):
            raise RunError(
                f"{run.directory}: its config.yaml is not what it was started with, so the run"
                " cannot go on exactly; put it back, or give it to --config for a new run"
            )
        check_dataset(run, dataset)
        self.network = build(self.config)
        self.state = self.config.optimizer.init(self.network.vector)
        self.done = Progress(0, 0)
        clear(run.directory)
        if run.last.exists():
            self.done = restore(run.last, self.network, self.state)
        self.history = run.keep_metrics(self.done.epoch)
        self.watcher = None
        if self.config.diagnostics:
            diagnostics.keep(run, self.done.epoch)
            self.watcher = diagnostics.Watcher(run, self.network, self.config, dataset)
        self.spent = self.history[-1]["elapsed_seconds"] if self.history else 0.0
        self.began = time.perf_counter()
        self.beat = self.began

    def train(self) -> Iterator[StepResult | EpochResult]:
        self._write(
            status="running",
            reason=None,
            ended=None,
            epoch=self.done.epoch,  # a crash may have come between the checkpoint and the record
            best=best_epoch(self.history),
            last=self.history[-1] if self.history else None,
            process=os.getpid(),
            machine=environment.machine(),
            threads=environment.blas_threads(),
        )
        save(self.run.last, self.network, self.state, self.done)
        if self._stops_early():
            return
        with contextlib.closing(self._stream()) as stream:
            for result in stream:
                if self.watcher:
                    self.watcher.read(result)
                if isinstance(result, EpochResult):
                    self._keep(result)
                elif time.perf_counter() - self.beat > HEARTBEAT:
                    self._write()
                yield result
                if isinstance(result, EpochResult) and self._stops_early():
                    return

    def finish(self) -> None:
        """Score the test set with the best checkpoint, the only time that it is looked at."""
        restore(self.run.best, self.network)
        batches = scoring_batches(self.config, self.dataset, self.dataset.test)
        predictions = predict(self.network, batches)
        if not math.isfinite(predictions.loss):  # without validation, nobody has noticed yet
            where = self.network.first_non_finite()
            raise DivergedError(self.done.epoch, self.done.step, where)
        predictions.save(self.run.predictions)
        self._write(test_accuracy=predictions.accuracy, test_loss=predictions.loss)
        self.end("finished")

    def end(self, status: Status, reason: str | None = None) -> None:
        self._write(status=status, reason=reason, ended=environment.now())

    def _stream(self) -> Generator[StepResult | EpochResult, None, None]:
        config, data = self.config, self.dataset
        batches = Batches(
            data.train.images,
            data.train.labels,
            batch_size=config.batch_size,
            scale=data.scale(config.data.scale),
            dtype=config.dtype,
            order=stream(config.seed, "batch_order"),
        )
        held_out = bool(len(data.validation.labels))
        return steps(
            self.network,
            batches,
            optimizer=config.optimizer,
            schedule=config.schedule,
            epochs=config.epochs,
            validation=scoring_batches(config, data, data.validation) if held_out else None,
            state=self.state,
            done=self.done.epoch,
            processes=processes(config.batch_size),
        )

    def _keep(self, result: EpochResult) -> None:
        """Write an epoch: after its diagnostics its metrics, then the checkpoints, the last last.

        A crash between any two of these leaves `last.npz` behind the others, and resuming
        from it writes them again with the same bits.
        """
        row = asdict(result) | {"elapsed_seconds": self._elapsed()}
        self.run.append_metrics(row)
        self.history.append(row)
        self.done = Progress(result.epoch, result.step)
        best = best_epoch(self.history)
        if best is row:
            save(self.run.best, self.network, self.state, self.done)
        save(self.run.last, self.network, self.state, self.done)
        self._write(epoch=result.epoch, best=best, last=row)

    def _stops_early(self) -> bool:
        stopping = self.config.early_stopping
        return stopping is not None and patience_is_over(stopping, self.history)

    def _elapsed(self) -> float:
        return float(self.spent) + time.perf_counter() - self.began

    def _write(self, **changes: Any) -> None:
        self.beat = time.perf_counter()
        changes |= {"heartbeat": environment.now(), "seconds": self._elapsed()}
        self.record = self.record.model_copy(update=changes)
        self.run.write_record(self.record)


def processes(batch_size: int) -> int:
    """How many processes share the batches: one for each thread that the BLAS would use.

    Fewer if a process had less than `SMALLEST_SHARE` rows of a batch.
    """
    if not parallel.AVAILABLE:
        return 1
    return max(1, min(environment.blas_threads(), batch_size // SMALLEST_SHARE))


def likely_causes(config: Config) -> str:
    """What a user may try when the loss of ``config`` stopped being finite."""
    clipping = "" if config.optimizer.clip_norm else ", or bound the gradient by clip_norm"
    init = INITIALIZERS.name(config.init)
    return (
        f"likely causes: a learning rate too high (optimizer.lr is {config.optimizer.lr:g}:"
        f" try a tenth{clipping}), or initial weights too large (init is {init})"
    )


def best_epoch(history: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The first row of the highest validation accuracy; without validation, the last row."""
    if not history or history[-1]["val_accuracy"] is None:
        return history[-1] if history else None
    return max(history, key=lambda row: row["val_accuracy"])


def patience_is_over(stopping: EarlyStopping, history: Sequence[dict[str, Any]]) -> bool:
    """Whether the metric has not become better by ``min_delta`` for ``patience`` epochs.

    A function of the metrics alone, so that a resumed run decides as an uninterrupted one.
    """
    sign = 1 if stopping.metric == "val_accuracy" else -1
    best, waited = float("-inf"), 0
    for row in history:
        value = row[stopping.metric]
        # a loss that was not finite is null in the file: no improvement, whatever it was
        if value is not None and sign * value > best + stopping.min_delta:
            best, waited = sign * value, 0
        else:
            waited += 1
    return waited >= stopping.patience
