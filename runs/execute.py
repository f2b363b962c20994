"""Carrying out the jobs of a sweep: in processes here, or on a Dask cluster."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnbasic.configs import dump
from nnbasic.runs.record import Run
from nnbasic.runs.sweep import Job

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``status`` as in the record, or ``failed`` with what the process said."""

    job: Job
    status: str
    message: str
    best: float | None = None
    """The best validation accuracy, if the run got that far."""
    run: Run | None = None

    def annotate(self) -> None:
        """Write the job's note to the run's."""
        if self.run is not None and self.job.note:
            self.run.write_user(self.run.user().model_copy(update={"notes": self.job.note}))


class LocalProcesses:
    """Runs jobs as `nnbasic train` processes, ``workers`` at a time, with one BLAS thread each.

    A process a run keeps one failing run from the others, and lets the thread count be set
    before NumPy is loaded. `close` interrupts those still at work, which leaves them resumable.
    """

    def __init__(self, runs: Path, data: Path | None, workers: int) -> None:
        self.common = ["--quiet", "--json", "--runs", str(runs)]
        if data is not None:
            self.common += ["--data", str(data)]
        self.workers = workers
        self.closing = False
        self.processes: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()

    def outcomes(self, jobs: Sequence[Job]) -> Generator[Outcome, None, None]:
        """Carry out ``jobs``; tell of each as it ends."""
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for future in as_completed([pool.submit(self._run, job) for job in jobs]):
                    yield future.result()
            finally:
                self.close()

    def close(self) -> None:
        """Start no more jobs, and interrupt those at work."""
        with self.lock:
            self.closing = True
            for process in self.processes:
                process.terminate()

    def _run(self, job: Job) -> Outcome:
        if job.run is not None:
            return self._train(job, ["--resume", str(job.run.directory)])
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "config.yaml"
            config.write_text(dump(job.config), "utf-8")
            return self._train(job, ["--config", str(config), "--name", job.name])

    def _train(self, job: Job, arguments: Sequence[str]) -> Outcome:
        with self.lock:
            if self.closing:
                return Outcome(job, "interrupted", "not started")
            process = subprocess.Popen(
                [sys.executable, "-m", "nnbasic.cli", "train", *self.common, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | ONE_THREAD,
                start_new_session=True,  # a Ctrl-C reaches it once, from `close`
            )
            self.processes.add(process)
        stdout, stderr = process.communicate()
        with self.lock:
            self.processes.discard(process)
        return outcome(job, stdout, stderr, process.returncode)


def outcome(job: Job, stdout: str, stderr: str, code: int) -> Outcome:
    """What a `nnbasic train --json` process said of ``job``."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        said: dict[str, Any] = json.loads(stdout)
        best = said["best"] and said["best"]["val_accuracy"]
        run = Run(Path(said["directory"]))
        return Outcome(job, said["status"], said["reason"] or "", best, run)
    lines = stderr.strip().splitlines() or [f"the process ended with exit code {code}"]
    return Outcome(job, "failed", lines[-1])
