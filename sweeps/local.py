"""The jobs of a sweep in processes on this machine."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from nnbasic.sweeps.outcome import Outcome, Progress, outcome
from nnbasic.sweeps.plan import Job
from nnbasic.sweeps.worker import Server, train_in_process
from nnbasic.training.storage import RunError


def run_local(
    jobs: Sequence[Job], runs: Path, data: Path | None, workers: int, sync: bool = True
) -> Generator[Progress | Outcome, None, None]:
    """Train ``jobs``, ``workers`` at a time; yield their progress, and how each of them ended.

    RunError if the system starts no threads. Closing the generator, or an interrupt, interrupts the
    runs at work and waits for them.
    """
    stop, server = threading.Event(), Server()
    events: SimpleQueue[Progress | Future[Outcome]] = SimpleQueue()

    def run(job: Job) -> Outcome:
        def progress(epochs: int) -> None:
            events.put(Progress(job, epochs))

        task = job.task(runs, data, sync)
        return outcome(job, *train_in_process(server, task, stop.is_set, progress))

    with ThreadPoolExecutor(workers) as pool:
        try:
            try:
                for job in jobs:
                    pool.submit(run, job).add_done_callback(events.put)
            except RuntimeError as error:
                raise RunError(f"a sweep needs a thread for each process: {error}") from None
            left = len(jobs)
            while left:
                event = events.get()
                if isinstance(event, Progress):
                    yield event
                else:
                    left -= 1
                    yield event.result()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
            server.close()
