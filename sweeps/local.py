"""The jobs of a sweep in processes on this machine."""

import contextlib
import hashlib
import shutil
import threading
from collections.abc import Generator, Iterator, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from nnbasic.sweeps.plan import ENDED, Job, Outcome, Progress, attempts, outcome
from nnbasic.sweeps.worker import Server, train_in_process
from nnbasic.training.collection import all_runs
from nnbasic.training.lock import locked
from nnbasic.training.storage import RunError

CLAIMS = ".claims"
"""The hidden folder, among the runs, of what sweeps are training."""


@contextlib.contextmanager
def claimed(runs: Path, job: Job, known: Set[Path]) -> Iterator[Outcome | None]:
    """Keep other sweeps on this machine from ``job`` during the block, or give what became of it.

    The same sweep may have been started twice. ``known`` are the runs that the plan took in,
    and those that this sweep has trained since.
    """
    folder = runs / CLAIMS / hashlib.sha256(repr(job.key).encode()).hexdigest()[:16]
    with contextlib.ExitStack() as lock:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.enter_context(locked(folder))
        except RunError:
            yield Outcome(job, "running", "another process trains it")
            return
        begun = set() if job.begun is None else {job.begun.directory}
        there = attempts(runs, known - begun).get(job.key, ())
        done = [attempt.run for attempt in there if attempt.status in (*ENDED, "running")]
        yield outcome(job, done[-1], "") if done else None
        shutil.rmtree(folder, ignore_errors=True)


def run_local(
    jobs: Sequence[Job], runs: Path, data: Path | None, workers: int, sync: bool = True
) -> Generator[Progress | Outcome, None, None]:
    """Train ``jobs``, ``workers`` at a time; yield their progress, and how each of them ended.

    RunError if the system starts no threads. Closing the generator, or an interrupt, interrupts the
    runs at work and waits for them.
    """
    stop, server = threading.Event(), Server()
    events: SimpleQueue[Progress | Future[Outcome]] = SimpleQueue()
    known = frozenset(run.directory for run in all_runs(runs))

    def run(job: Job) -> Outcome:
        nonlocal known

        def progress(epochs: int) -> None:
            events.put(Progress(job, epochs))

        with claimed(runs, job, known) as taken:
            if taken is not None:
                return taken
            task = job.task(runs, data, sync)
            ended = outcome(job, *train_in_process(server, task, stop.is_set, progress))
        if ended.run is not None:
            known |= {ended.run.directory}
        return ended

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
