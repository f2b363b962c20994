"""One run in a process of its own: both ends of it.

The process has one BLAS thread, which must be set before NumPy is loaded, and keeps a run that
fails from all others. It ends with the process that started it, however that one ends: its stdin
is a pipe of which nobody else has the other end, and when that end is closed it interrupts itself
as Ctrl-C would, so that the run can be resumed.
"""

from __future__ import annotations

import _thread
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nnbasic.configs import ConfigError, loads
from nnbasic.data import DataError, load
from nnbasic.model import DivergedError
from nnbasic.runs.record import Run
from nnbasic.runs.storage import RunError
from nnbasic.runs.training import FailedError, start, train

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
POLL = 0.2
"""Seconds between two looks at whether to stop."""


@dataclass(frozen=True)
class Task:
    """What the process is told: the run to train, in words that fit into JSON."""

    config: str
    name: str
    note: str
    dataset: str
    """``mnist`` or ``digits``: what was found for all runs, so that none looks for itself."""
    sha256: str
    runs: str
    data: str | None
    resume: str | None = None
    """The directory of a run that has begun."""


def train_in_subprocess(task: Task, stopped: Callable[[], bool]) -> tuple[Run | None, str]:
    """Carry out ``task`` in a process of its own, and interrupt it once ``stopped``.

    Returns the run, if it began, in whose record stands how it ended, and what there is to say
    besides: the last words of a process that ended badly, or what killed it.
    """
    if stopped():
        return None, "not started"
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "nnbasic.sweeps.worker"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | ONE_THREAD,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then closes the pipe
        )
    except OSError as error:
        return None, f"no process could be started: {error.strerror}"
    pipe, process.stdin = process.stdin, None  # or else `communicate` would close it
    assert pipe is not None
    with pipe:
        with contextlib.suppress(BrokenPipeError):
            pipe.write(json.dumps(asdict(task)).encode() + b"\n")
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                stdout, stderr = process.communicate(timeout=POLL)
                break
            if stopped():
                pipe.close()
    directory = os.fsdecode(stdout.removesuffix(b"\n"))
    return Run(Path(directory)) if directory else None, _last_words(process.returncode, stderr)


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
    """The other end: read the task from stdin, write the run's directory to stdout, and train."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    line = sys.stdin.readline()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # where a plugin may print what it likes
            _carry_out(Task(**json.loads(line)))
    except (DivergedError, KeyboardInterrupt):
        pass  # an outcome like another; it stands in the record
    except (ConfigError, DataError, RunError, FailedError) as error:
        sys.exit(_one_line(str(error)))
    except Exception as error:  # a fault in a plugin, or in here
        sys.exit(_one_line(f"{type(error).__name__}: {error}"))


def _carry_out(task: Task) -> None:
    config = loads(task.config)
    directory = None if task.data is None else Path(task.data)
    dataset = load(task.dataset, validation=config.data.validation, directory=directory)
    if dataset.sha256 != task.sha256:
        raise DataError(
            f"the {task.dataset} images here have the SHA-256 {dataset.sha256}, those of the sweep"
            f" {task.sha256}; runs on other data would not compare"
        )
    if task.resume is not None:
        run = Run(Path(task.resume))
    else:
        run = start(config, dataset, runs=Path(task.runs), name=task.name)
        run.write_user(run.user().model_copy(update={"notes": task.note}))
    os.write(1, os.fsencode(run.directory) + b"\n")
    with contextlib.closing(train(run, dataset, config)) as events:
        for _ in events:
            pass


def _end_with_parent() -> None:
    os.read(0, 1)  # returns at the end of the pipe: nothing more is ever sent
    _thread.interrupt_main(signal.SIGTERM)


def _interrupt(number: int, frame: Any) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):  # one is enough: the record is being written now
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
