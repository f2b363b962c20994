"""Carrying out the jobs of a sweep in processes on this machine, and how they end."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from nnbasic.runs.record import Run
from nnbasic.runs.storage import RunError
from nnbasic.sweeps.plan import Job
from nnbasic.sweeps.worker import train_in_subprocess


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``status`` as that of a run, and what there is to say about it."""

    job: Job
    status: str
    message: str = ""
    best: float | None = None
    """The best validation accuracy, if the run got that far and has a validation set."""
    run: Run | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do."""
        return self.status in ("finished", "diverged")


def outcome(job: Job, run: Run | None, words: str) -> Outcome:
    """The outcome that stands in the record of ``run``; ``words`` are those of its process."""
    if run is None:
        return Outcome(job, "failed", words or "interrupted before it began")
    try:
        record = run.record()
        status = run.status(record)
    except RunError as error:
        return Outcome(job, "failed", str(error), run=run)
    best = record.best["val_accuracy"] if record.best else None
    return Outcome(job, status, record.reason or words, best, run)


def run_local(
    jobs: Sequence[Job], runs: Path, data: Path | None, workers: int
) -> Generator[Outcome, None, None]:
    """Carry out ``jobs``, ``workers`` at a time; tell of each as it ends.

    Closing the generator, or an interrupt, interrupts those at work and waits for them.
    """
    stop = threading.Event()

    def run(job: Job) -> Outcome:
        return outcome(job, *train_in_subprocess(job.task(runs, data), stop.is_set))

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(run, job) for job in jobs]):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
