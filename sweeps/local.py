"""The jobs of a sweep in processes on this machine."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from nnbasic.sweeps.outcome import Outcome, outcome
from nnbasic.sweeps.plan import Job
from nnbasic.sweeps.worker import train_in_subprocess


def run_local(
    jobs: Sequence[Job], runs: Path, data: Path | None, workers: int, sync: bool = True
) -> Generator[Outcome, None, None]:
    """Train ``jobs``, ``workers`` at a time; yield the outcome of each as it ends.

    Closing the generator, or an interrupt, interrupts the runs at work and waits for them.
    """
    stop = threading.Event()

    def run(job: Job) -> Outcome:
        return outcome(job, *train_in_subprocess(job.task(runs, data, sync), stop.is_set))

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(run, job) for job in jobs]):
                yield future.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
