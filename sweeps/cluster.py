"""The jobs of a sweep on a Dask cluster.

A worker trains each run in a process, as a sweep on one machine does, in a temporary folder, and
sends back its files, which are written here unchanged. When a worker dies, its processes end with
it, and other workers repeat its jobs.
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

from nnbasic.data.files import read_bytes, sync_folder, syncing
from nnbasic.sweeps.plan import Job, Outcome, outcome
from nnbasic.sweeps.worker import Server, Task, train_in_process
from nnbasic.training.directory import Run
from nnbasic.training.storage import FILES, RunError, needs_extra, write_bytes

if TYPE_CHECKING:
    from distributed import Client, Future

CONTACT = 5
"""Seconds that a scheduler has for its answer."""

FAREWELL = 30
"""Seconds that interrupted runs have to come back."""

LARGEST_FILE = 1 << 32
"""Bytes of a file of a run that is sent."""

Files = dict[str, bytes]
"""The files of a run by name, and under ``""`` its id; empty if it never began."""

_server = Server()
"""On a worker: it reads each data set once."""

_stopped: set[str] = set()
"""On a worker: the ids of the sweeps that were interrupted."""


@contextlib.contextmanager
def connected(address: str) -> Iterator[Client]:
    """A client of the scheduler at ``address``; RunError if no scheduler answers there."""
    try:
        from distributed import Client
    except ImportError:
        raise RunError(needs_extra("Dask clusters", "dask")) from None
    try:
        kind = asyncio.run(asyncio.wait_for(_kind(address), CONTACT))
    except ValueError as error:
        raise RunError(
            f"--dask {address!r} is not an address such as tcp://host:8786: {error}"
        ) from None
    except Exception as error:  # anything may listen there, and answer anything
        raise RunError(
            f"no Dask scheduler answered at {address} within {CONTACT} s; is it running?"
        ) from error
    if kind != "Scheduler":
        raise RunError(f"{address} is a Dask {kind}; give the address of its scheduler")
    for name in ("distributed", "distributed.client", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the outcomes name what is lost
    with Client(address, timeout=CONTACT) as client:
        yield client


async def _kind(address: str) -> str:
    """The kind of Dask process at ``address``. A `Client` would wait for an answer forever."""
    from distributed import rpc

    async with rpc(address) as remote:
        return str((await remote.identity())["type"])


def run_on_dask(
    jobs: Sequence[Job], runs: Path, data: Path | None, client: Client, sync: bool = True
) -> Generator[Outcome, None, None]:
    """Train ``jobs``, one per worker thread; yield the outcome of each as it ends.

    Closing the generator, or an interrupt, interrupts the runs at work and fetches their files.
    """
    from distributed import as_completed

    sweep = uuid.uuid4().hex
    folder = None if data is None else data.resolve()
    futures: dict[Future[Any], Job] = {}
    try:
        for job in jobs:
            begun = {} if job.begun is None else read_files(job.begun)
            task = job.task(Path(), folder, sync)
            futures[client.submit(train_on_worker, task, begun, sweep, pure=False)] = job
        for future in as_completed(list(futures)):
            yield _received(futures.pop(future), future, runs, sync)
    finally:
        if futures:
            with contextlib.suppress(Exception):  # it may be the cluster that has failed
                client.run(stop_on_worker, sweep)
                for future in as_completed(list(futures), timeout=FAREWELL):
                    _received(futures.pop(future), future, runs, sync)


def _received(job: Job, future: Future[Any], runs: Path, sync: bool) -> Outcome:
    try:
        files, words = future.result()
        with syncing(sync):
            run = write_files(runs, files, job.begun) if files else None
        return outcome(job, run, words)
    except Exception as error:  # a worker or the network may fail with anything
        return Outcome(job, "failed", f"on the cluster: {error}")
    finally:
        future.release()  # or the cluster would repeat it if its worker died later


def train_on_worker(task: Task, begun: Files, sweep: str) -> tuple[Files, str]:
    """Train on a worker: a new run, or one that has ``begun``, from its files.

    Returns the files of the run, and the last words of its process.
    """
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def stopped() -> bool:
        state = worker.state.tasks.get(key)  # cancelled once nothing waits for it
        return sweep in _stopped or state is None or state.state == "cancelled"

    with tempfile.TemporaryDirectory(dir=worker.local_directory) as folder:
        runs = Path(folder)
        resume = str(write_files(runs, begun).directory) if begun else None
        here = replace(task, runs=folder, resume=resume)
        run, words = train_in_process(_server, here, stopped)
        return read_files(run) if run else {}, words


def stop_on_worker(sweep: str) -> None:
    """Interrupt the runs of ``sweep`` on this worker, and start no more of them."""
    _stopped.add(sweep)


def read_files(run: Run) -> Files:
    """The files of a run: no others, nor what a link in its directory leads to."""
    found: Files = {"": run.id.encode()}
    for name in FILES:
        path = run.directory / name
        with contextlib.suppress(FileNotFoundError):
            if not path.is_symlink():
                found[name] = read_bytes(path, LARGEST_FILE)
    return found


def write_files(runs: Path, files: Files, begun: Run | None = None) -> Run:
    """Write the files of a run: a new one in ``runs``, or the one that had ``begun``.

    Raises OSError if ``runs`` has another run of this id, RunError if ``begun`` is being trained
    or the names are not those of a run's files.
    """
    names = dict(files)
    word = names.pop("").decode()
    if not word or word != Path(word).name or word.startswith(".") or "\0" in word:
        raise RunError(f"a worker sent the id {word!r}, which is none")
    run = Run(runs / word)
    if foreign := names.keys() - set(FILES):
        raise RunError(f"{run.id}: a worker sent {min(foreign)!r}, which is no file of a run")
    if begun is not None:
        with begun.claim():
            # The order of `training.train`: a crash between any two leaves what can be resumed.
            order = {"last.npz": 1, "run.json": 2}
            for name in sorted(names.keys() - {"user.json"}, key=lambda name: order.get(name, 0)):
                write_bytes(begun.directory / name, names[name])
        return begun
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=runs) as folder:
        arrived = Path(folder) / run.id
        arrived.mkdir()
        for name, content in names.items():
            write_bytes(arrived / name, content)
        arrived.rename(run.directory)
        sync_folder(runs)
    return run
