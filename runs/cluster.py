"""Carrying out the jobs of a sweep on a Dask cluster.

A worker trains in a folder of its own and sends back the files of the run; they are put into
the runs here in one step, byte for byte. The training is part of the worker's process and ends
with it: when a worker dies, its job is done again elsewhere, and nothing of the first try is
left to finish unseen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnbasic.configs import dump, loads
from nnbasic.runs.execute import Outcome
from nnbasic.runs.files import RunError
from nnbasic.runs.record import Run
from nnbasic.runs.sweep import Job

if TYPE_CHECKING:
    from distributed import Client, Future

Files = dict[str, bytes]
"""The files of a run by name, and its directory's name under ``""``."""


class DaskCluster:
    """Runs jobs on the workers of the cluster at ``address``, one a worker thread."""

    def __init__(self, runs: Path, data: Path | None, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise RunError(
                'a Dask cluster needs the extra "dask": pip install "nnbasic[dask]"'
            ) from None
        try:
            self.client: Client = Client(address, set_as_default=False, timeout=10)
        except (OSError, ValueError) as error:
            raise RunError(f"no Dask scheduler answers at {address}: {error}") from None
        self.runs = runs
        self.data = data

    def outcomes(self, jobs: Sequence[Job]) -> Generator[Outcome, None, None]:
        """Carry out ``jobs``; tell of each as it ends."""
        from distributed import as_completed

        try:
            futures: dict[Future, Job] = {
                self.client.submit(
                    train_files,
                    dump(job.config),
                    job.name,
                    None if job.run is None else read_files(job.run),
                    None if self.data is None else str(self.data),
                    pure=False,
                ): job
                for job in jobs
            }
            for future in as_completed(list(futures)):
                yield self._received(futures[future], future)
        finally:
            self.client.close()

    def _received(self, job: Job, future: Future) -> Outcome:
        if future.status != "finished":
            return Outcome(job, "failed", f"on the cluster: {future.exception()}")
        run = write_files(self.runs, future.result())
        record = run.record()
        best = record.best and record.best["val_accuracy"]
        return Outcome(job, record.status, record.reason or "", best, run)


def train_files(config: str, name: str, begun: Files | None, data: str | None) -> Files:
    """Train on a worker, from the start or from the files of a run that has ``begun``."""
    from nnbasic.data import load
    from nnbasic.model import DivergedError
    from nnbasic.runs.training import start, train

    with tempfile.TemporaryDirectory() as folder:
        parsed = loads(config)
        dataset = load(
            parsed.data.dataset,
            validation=parsed.data.validation,
            directory=None if data is None else Path(data),
        )
        runs = Path(folder)
        if begun is None:
            run = start(parsed, dataset, runs=runs, name=name)
        else:
            run = write_files(runs, begun)
        try:
            for _ in train(run, dataset):
                pass
        except DivergedError:
            pass  # an outcome like another; it stands in the record
        return read_files(run)


def read_files(run: Run) -> Files:
    """All that a run has left, except what belongs to this machine alone."""
    files = {
        file.name: file.read_bytes()
        for file in run.directory.iterdir()
        if file.is_file() and not file.name.startswith(".")
    }
    return {"": run.id.encode(), **files}


def write_files(runs: Path, files: Files) -> Run:
    """Put a run's files into ``runs`` under its id; a run that is there already is completed."""
    names = dict(files)
    run = Run(runs / names.pop("").decode())
    runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=runs) as folder:
        arrived = Path(folder) / run.id
        arrived.mkdir()
        for name, content in names.items():
            (arrived / name).write_bytes(content)
        if not run.directory.exists():
            arrived.rename(run.directory)
        else:
            with run.claim():
                # run.json comes last: until then the run is as unfinished as it was
                for name in sorted(names, key=lambda name: name == "run.json"):
                    (arrived / name).replace(run.directory / name)
    return run
