"""Training a run: a new one (see `nnbasic.training.starting`), or one that was stopped.

It reads the stream of `nnbasic.model.steps`, writes what belongs on disk, and passes it on.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
import warnings
from collections.abc import Generator, Iterator
from dataclasses import asdict
from typing import Any

from nnbasic.configs import Config
from nnbasic.data import Batches, Dataset
from nnbasic.model import (
    INITIALIZERS,
    DivergedError,
    EpochResult,
    StepResult,
    first_non_finite,
    parallel,
    steps,
    stream,
)
from nnbasic.training import diagnostics, environment
from nnbasic.training.checkpoint import Progress, restore, save
from nnbasic.training.collapse import why_collapsed
from nnbasic.training.directory import Run
from nnbasic.training.failing import FailedError, GoneError, explained
from nnbasic.training.history import best_epoch, patience_is_over
from nnbasic.training.record import EpochRow, Record, Status
from nnbasic.training.scoring import check_dataset
from nnbasic.training.storage import RunError, clear
from nnbasic.training.trained import Trained, build

SMALLEST_SHARE = 16
"""The fewest rows of a batch that are worth a process of their own."""


def train(run: Run, dataset: Dataset) -> Generator[StepResult | EpochResult, None, None]:
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

    def train(self) -> Generator[StepResult | EpochResult, None, None]:
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
                raise FailedError(f"{type(error).__name__}: {error}") from error
            try:
                yield from self._until_the_end()
            except DivergedError:
                raise
            except Exception as error:
                here = not isinstance(error, OSError) or self.held()
                cause = error if here else GoneError(self.run)
                why = explained(cause, self.run, self.trained.network)
                with contextlib.suppress(OSError, GoneError):  # which may be what it failed for
                    self._end("failed", why)
                raise FailedError(why) from cause

    def _until_the_end(self) -> Iterator[StepResult | EpochResult]:
        try:
            yield from self._epochs()
            self._finish()
        except DivergedError as error:
            self._end("diverged", f"{error}; {likely_causes(self.config)}")
            raise
        except (KeyboardInterrupt, GeneratorExit):
            self._end("interrupted")
            raise

    def _restore(self) -> None:
        """Check that the run can go on here, and read its state, or set up that of a new one."""
        self.record = self.run.record()  # another process may have trained it until now
        self._check()
        network = build(self.config)
        self.trained = Trained(network, self.record.scale, self.config)
        self.state = self.config.optimizer.init(network.vector)
        self.done = Progress(0, 0)
        clear(self.run.directory)
        if self.run.last.exists():
            self.done = restore(self.run.last, network, self.state)
        self.history = self.run.keep_metrics(self.done.epoch)
        self.watcher = None
        if self.config.diagnostics:
            diagnostics.keep(self.run, self.done.epoch)
            self.watcher = diagnostics.Watcher(self.run, network, self.config, self.dataset)
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

    def _epochs(self) -> Iterator[StepResult | EpochResult]:
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
        save(self.run.last, self.trained.network, self.state, self.done)
        if self._stops_early():
            return
        with contextlib.closing(self._stream()) as stream:
            for result in stream:
                if isinstance(result, EpochResult):
                    self._check_held()
                if self.watcher:
                    self.watcher.read(result)
                if isinstance(result, EpochResult):
                    self._keep(result)
                yield result
                if isinstance(result, EpochResult) and self._stops_early():
                    return

    def _finish(self) -> None:
        """Score the test set with the best checkpoint, the only time that it is looked at."""
        network = self.trained.network
        restore(self.run.best, network)
        test = self.trained.evaluate(self.dataset.test)
        if not math.isfinite(test.loss):  # without validation, nothing has noticed it yet
            raise DivergedError(self.done.epoch, self.done.step, first_non_finite(network))
        test.save(self.run.predictions)
        self._write(test_accuracy=test.accuracy, test_loss=test.loss)
        self._end("finished")
        if self.record.outcome == "collapsed":
            rows = diagnostics.read(self.run) if self.watcher else []
            self._write(reason=why_collapsed(self.config, self.record.warnings, rows))

    def _end(self, status: Status, reason: str | None = None) -> None:
        self._write(status=status, reason=reason, ended=environment.now())

    def _stream(self) -> Generator[StepResult | EpochResult, None, None]:
        config, data = self.config, self.dataset
        batches = Batches(
            data.train.images,
            data.train.labels,
            batch_size=config.batch_size,
            scale=self.trained.scale,
            dtype=config.dtype,
            order=stream(config.seed, "batch_order"),
        )
        network = self.trained.network
        return steps(
            network,
            batches,
            optimizer=config.optimizer,
            schedule=config.schedule,
            epochs=config.epochs,
            validation=self.trained.batches(data.validation) if self.record.val_images else None,
            state=self.state,
            done=self.done.epoch,
            processes=1 if network.state else _possible(processes(config.batch_size)),
        )

    def _keep(self, result: EpochResult) -> None:
        """Write an epoch: after its diagnostics its metrics, then the checkpoints, the last last.

        A crash between any two of these leaves `last.npz` behind the others, and resuming
        from it writes them again with the same bits.
        """
        row = EpochRow(**asdict(result), elapsed_seconds=self._elapsed())
        self.run.append_metrics(row)
        self.history.append(row)
        self.done = Progress(result.epoch, result.step)
        best = best_epoch(self.history)
        network = self.trained.network
        if best is self.history[-1]:
            save(self.run.best, network, self.state, self.done)
        save(self.run.last, network, self.state, self.done)
        self._write(epoch=result.epoch, best=best, last=self.history[-1])

    def _stops_early(self) -> bool:
        stopping = self.config.early_stopping
        return stopping is not None and patience_is_over(stopping, self.history)

    def _elapsed(self) -> float:
        return self.spent + time.perf_counter() - self.began

    def _write(self, **changes: Any) -> None:
        self._check_held()
        self.record = self.record.model_copy(update=changes | {"seconds": self._elapsed()})
        self.run.write_record(self.record)

    def _check_held(self) -> None:
        if not self.held():
            raise GoneError(self.run)


def processes(batch_size: int) -> int:
    """How many processes share the batches: one for each thread that the BLAS would use.

    Fewer if a process had less than `SMALLEST_SHARE` rows of a batch.
    """
    if not parallel.AVAILABLE:
        return 1
    return max(1, min(environment.blas_threads(), batch_size // SMALLEST_SHARE))


def _possible(wanted: int) -> int:
    """``wanted`` processes; one, with a warning, if this process must not be forked now."""
    if wanted > 1 and (why := parallel.obstacle()):
        warnings.warn(
            f"training in one process, not in {wanted}: {why}; the last bits may differ from those"
            f" of {wanted}",
            RuntimeWarning,
            stacklevel=2,
        )
        return 1
    return wanted


def likely_causes(config: Config) -> str:
    """What a user may try when the loss of ``config`` stopped being finite."""
    clipping = "" if config.optimizer.clip_norm else ", or bound the gradient by clip_norm"
    init = INITIALIZERS.name(config.init)
    return (
        f"likely causes: a learning rate too high (optimizer.lr is {config.optimizer.lr:g}:"
        f" try a tenth{clipping}), or initial weights too large (init is {init})"
    )
