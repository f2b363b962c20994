"""Carrying out the jobs of a sweep on a Dask cluster.

A worker trains each run in a process of its own, as a sweep on one machine does, in a folder of
its own, and sends back the files; they are put into the runs here byte for byte. When a worker
dies, so do its processes, and its jobs are done again elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic.runs.record import Run
from nnbasic.runs.storage import RunError
from nnbasic.sweeps.local import Outcome, outcome
from nnbasic.sweeps.plan import Job
from nnbasic.sweeps.worker import Task, train_in_subprocess

if TYPE_CHECKING:
    from distributed import Client, Future

CONTACT = 5
"""Seconds in which a scheduler must have answered."""

FAREWELL = 30
"""Seconds in which interrupted runs must have come back."""

Files = dict[str, bytes]
"""The files of a run by name, and its directory's name under ``""``; empty if it never began."""

_stopped: set[str] = set()
"""On a worker: the sweeps that were interrupted."""


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at ``address``; RunError if there is none."""
    try:
        from distributed import Client
    except ImportError:
        raise RunError(
            'a Dask cluster needs the extra "dask": pip install "nnbasic[dask]"'
        ) from None
    try:
        kind = asyncio.run(asyncio.wait_for(_kind(address), CONTACT))
    except ValueError as error:
        raise RunError(
            f"--dask {address!r} is no address such as tcp://host:8786: {error}"
        ) from None
    except Exception as error:  # what listens there may be anything, and answer anything
        raise RunError(
            f"no Dask scheduler answered at {address} within {CONTACT} s; is it at work there?"
        ) from error
    if kind != "Scheduler":
        raise RunError(f"{address} is a Dask {kind}; give the address of its scheduler")
    for name in ("distributed", "distributed.client", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the outcomes say what is lost
    with Client(address, timeout=CONTACT) as client:
        yield client


async def _kind(address: str) -> str:
    """What answers at ``address``; a `Client` would wait for it forever, or for ten seconds."""
    from distributed import rpc

    async with rpc(address) as remote:
        return str((await remote.identity())["type"])


def run_on_dask(
    jobs: Sequence[Job], runs: Path, data: Path | None, client: Client
) -> Generator[Outcome, None, None]:
    """Carry out ``jobs``, one a worker thread; tell of each as it ends.

    Closing the generator, or an interrupt, interrupts those at work and fetches how far they got.
    """
    from distributed import as_completed

    sweep = uuid.uuid4().hex
    folder = None if data is None else data.resolve()
    futures: dict[Future[Any], Job] = {}
    try:
        for job in jobs:
            begun = {} if job.begun is None else read_files(job.begun)
            task = job.task(Path(), folder)
            futures[client.submit(train_on_worker, task, begun, sweep, pure=False)] = job
        for future in as_completed(list(futures)):
            yield _received(futures.pop(future), future, runs)
    finally:
        if futures:
            with contextlib.suppress(Exception):  # the cluster may be what broke off
                client.run(stop_on_worker, sweep)
                for future in as_completed(list(futures), timeout=FAREWELL):
                    _received(futures.pop(future), future, runs)


def _received(job: Job, future: Future[Any], runs: Path) -> Outcome:
    try:
        files, words = future.result()
        run = write_files(runs, files, job.begun) if files else None
        return outcome(job, run, words)
    except Exception as error:  # whatever a worker or the network can come to grief with
        return Outcome(job, "failed", f"on the cluster: {' '.join(str(error).split())}")
    finally:
        future.release()  # or the cluster would do it again, should its worker die later on


def train_on_worker(task: Task, begun: Files, sweep: str) -> tuple[Files, str]:
    """Train on a worker, from the start or from the files of a run that has ``begun``.

    Returns the files of the run, and what there is to say besides.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def stopped() -> bool:
        state = worker.state.tasks.get(key)  # cancelled when nobody waits for it any longer
        return sweep in _stopped or state is None or state.state == "cancelled"

    with tempfile.TemporaryDirectory(dir=worker.local_directory) as folder:
        runs = Path(folder)
        resume = str(write_files(runs, begun).directory) if begun else None
        run, words = train_in_subprocess(replace(task, runs=folder, resume=resume), stopped)
        return read_files(run) if run else {}, words


def stop_on_worker(sweep: str) -> None:
    """Interrupt the runs of ``sweep`` on this worker, and begin no more of them."""
    _stopped.add(sweep)


def read_files(run: Run) -> Files:
    """All that a run has left, except what belongs to this machine alone."""
    files = {
        file.name: file.read_bytes()
        for file in run.directory.iterdir()
        if file.is_file() and not file.name.startswith(".")
    }
    return {"": run.id.encode(), **files}


def write_files(runs: Path, files: Files, begun: Run | None = None) -> Run:
    """Put a run's files into ``runs`` under its id in one step, or into the run that had begun.

    Raises OSError if there is another run of the same id, RunError if ``begun`` is being trained.
    """
    names = dict(files)
    run = Run(runs / names.pop("").decode())
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=runs) as folder:
        arrived = Path(folder) / run.id
        arrived.mkdir()
        for name, content in names.items():
            (arrived / name).write_bytes(content)
        if begun is None:
            arrived.rename(run.directory)
            return run
        with begun.claim():
            for name in sorted(names.keys() - {"user.json"}, key=_writing_order):
                (arrived / name).replace(begun.directory / name)
    return begun


def _writing_order(name: str) -> int:
    """As `train` writes them, so that a run can go on after a crash between any two."""
    return {"last.npz": 1, "run.json": 2}.get(name, 0)
