"""A process that trains one run: the side that starts it, and the process itself.

It has one BLAS thread, which must be set before NumPy is loaded, and its failure cannot harm other
runs. It ends with the process that started it, however that one ends: its stdin is a pipe that only
that process holds open, and when the pipe is closed it interrupts itself as Ctrl-C would, so that
the run can be resumed.
"""

from __future__ import annotations

import _thread
import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from nnbasic.configs import ConfigError, loads
from nnbasic.data import DataError
from nnbasic.data.files import syncing
from nnbasic.model import DivergedError, Epoch
from nnbasic.training import images, kernels
from nnbasic.training.directory import Run
from nnbasic.training.parallel import end_with_parent
from nnbasic.training.record import RateSearch
from nnbasic.training.session import FailedError, Session, start
from nnbasic.training.storage import RunError

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
POLL = 0.2
"""Seconds between two checks whether to stop."""

EPOCH = b"."
"""What the process writes after each epoch."""

GRACE = 5.0
"""Seconds in which a process that is to stop writes its record; then it is killed."""


class Task(BaseModel):
    """The run that a process is to train, as it is sent to it."""

    model_config = ConfigDict(frozen=True)

    config: str
    """The complete config as YAML."""
    name: str
    rate_search: RateSearch | None
    queued: str
    dataset: str
    """What the images are called: found once for all runs, so that they train on the same."""
    sha256: str
    runs: str
    """The folder for a new run."""
    data: str | None
    """The folder of the images, if the sweep was told one."""
    sync: bool = True
    """Whether it waits for the disk after each epoch."""
    resume: str | None = None
    """The directory of a run that has begun."""


def train_in_subprocess(
    task: Task, stopped: Callable[[], bool], progress: Callable[[int], object] | None = None
) -> tuple[Run | None, str]:
    """Do ``task`` in a new process, and interrupt it once ``stopped`` returns true.

    ``progress`` is told the number of epochs that it has trained, when there is another one.
    Returns the run, whose record says how it ended, or None if it never began; and the last words
    of a process that failed, or the signal that killed it.
    """
    if stopped():
        return None, "not started"
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "nnbasic.sweeps.worker"],  # nothing from this folder
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | kernels.variables() | ONE_THREAD,
            start_new_session=True,  # Ctrl-C reaches only this process, which then closes the pipe
        )
    except OSError as error:
        return None, f"no process could be started: {error.strerror}"
    pipe, process.stdin = process.stdin, None  # or `communicate` would close it
    assert pipe is not None
    with pipe:
        with contextlib.suppress(BrokenPipeError):
            pipe.write(task.model_dump_json().encode() + b"\n")
        epochs = 0
        overdue = math.inf
        while True:
            try:
                stdout, stderr = process.communicate(timeout=POLL)
                break
            except subprocess.TimeoutExpired as waiting:
                if progress and (done := len(_parts(waiting.output or b"")[1])) > epochs:
                    progress(epochs := done)
            if time.monotonic() > overdue:
                process.kill()
            elif stopped() and not pipe.closed:
                pipe.close()
                overdue = time.monotonic() + GRACE
                if hasattr(signal, "SIGCONT"):  # it may have been stopped, by Ctrl-Z or a debugger
                    process.send_signal(signal.SIGCONT)
    directory = os.fsdecode(_parts(stdout)[0])
    return Run(Path(directory)) if directory else None, _last_words(process.returncode, stderr)


def _parts(stdout: bytes) -> tuple[bytes, bytes]:
    """What the process has written: the directory, and after a line break an `EPOCH` for each."""
    directory, _, epochs = stdout.rpartition(b"\n")
    return directory, epochs


def _last_words(code: int, stderr: bytes) -> str:
    if code == 0:
        return ""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-code).name}"
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"ended with exit code {code}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> None:
    """The process: read the task from stdin, write the run's directory to stdout, and train."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    if hasattr(signal, "SIGCONT"):  # if it is stopped then, it would not see the closed pipe
        end_with_parent(os.getppid(), signal.SIGCONT)
    line = sys.stdin.readline()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # for what a plugin prints
            task = Task.model_validate_json(line)
            with syncing(task.sync):
                _do(task)
    except (DivergedError, KeyboardInterrupt):
        pass  # an outcome like any other; the record has it
    except (ConfigError, DataError, RunError, FailedError) as error:
        sys.exit(_one_line(str(error)))
    except Exception as error:  # a bug in a plugin, or here
        sys.exit(_one_line(f"{type(error).__name__}: {error}"))


def _do(task: Task) -> None:
    config = loads(task.config)
    directory = None if task.data is None else Path(task.data)
    dataset = images.load(config.data, task.dataset, directory=directory)
    if dataset.sha256 != task.sha256:
        raise DataError(
            f"the {task.dataset} images here have the SHA-256 {dataset.sha256}, those of the sweep"
            f" {task.sha256}; runs on other data would not compare"
        )
    if task.resume is not None:
        run = Run(Path(task.resume))
        session = Session(run, config, run.record(), dataset)
    else:
        session = start(
            config,
            dataset,
            runs=Path(task.runs),
            name=task.name,
            rate_search=task.rate_search,
            queued=task.queued,
        )
    os.write(1, os.fsencode(session.run.directory) + b"\n")
    with contextlib.closing(session.train()) as results:
        for result in results:
            if isinstance(result, Epoch):
                os.write(1, EPOCH)


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when the pipe is closed, for nothing more is ever sent
    _thread.interrupt_main(signal.SIGTERM)


def _interrupt(number: int, frame: Any) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):  # once is enough: now the record is written
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
