"""Processes that train one run each, forked from one that is warm.

A server has imported what a training needs and holds the images; for each task it forks a process.
So a run costs its training, its scores and its files, and what one does harms no other. What the
standard library has was looked at first: its `multiprocessing` starts no process in a daemonic one,
as Dask's workers are, and its fork server cannot hold the images.

The server has one BLAS thread, which must be set before NumPy is loaded. All end with the process
that started the server, however that one ends: a task's process holds one end of a socket whose
other end only that process has, and when this is closed it interrupts itself as Ctrl-C would, so
that the run can be resumed.
"""

import _thread
import contextlib
import functools
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from nnbasic.configs import ConfigError, loads
from nnbasic.configs.schema import Data
from nnbasic.data import DataError, Dataset
from nnbasic.data.files import syncing
from nnbasic.model import DivergedError, Epoch
from nnbasic.training import machine
from nnbasic.training.directory import Run
from nnbasic.training.record import RateSearch, from_json
from nnbasic.training.session import FailedError, start, train
from nnbasic.training.storage import RunError
from nnbasic.training.trained import load_dataset

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
POLL = 0.2
"""Seconds between two checks whether to stop."""

GRACE = 5.0
"""Seconds in which a process that is to stop writes its record; then it is killed."""

FORKS = sys.platform == "linux"
"""Whether a server forks: macOS's own BLAS forbids it, and there each task has a server."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """The run that a process is to train, as it is sent to it."""

    config: str
    """The complete config as YAML."""
    name: str
    rate_search: RateSearch | None
    queued: str
    images: dict[str, Any]
    """The config's ``data``, which the server reads the images by."""
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


class Server:
    """Starts a process for each task, and the server that forks them when the first one comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: tuple[subprocess.Popen[bytes], socket.socket] | None = None

    def start(self, task: Task) -> socket.socket:
        """Start ``task``; a socket on which its process says what it does, a JSON object a line.

        OSError if no process can be started.
        """
        content = json.dumps(asdict(task)).encode()
        with self._lock:
            if self._server is None or self._server[0].poll() is not None or not FORKS:
                self.close()
                self._server = self._launched()
            ours, theirs = socket.socketpair()
            with theirs:
                size = len(content).to_bytes(4)
                socket.send_fds(self._server[1], [size], [theirs.fileno()])
                self._server[1].sendall(content)
        return ours

    def close(self) -> None:
        """Let the server end once its processes have."""
        if self._server is not None:
            process, connection = self._server
            connection.close()
            process.wait()

    @staticmethod
    def _launched() -> tuple[subprocess.Popen[bytes], socket.socket]:
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as on_failure:
            on_failure.push(ours)
            process = subprocess.Popen(
                # -P: nothing is imported from this folder
                [sys.executable, "-P", "-m", "nnbasic.sweeps.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | machine.variables() | ONE_THREAD,
                start_new_session=True,  # Ctrl-C reaches this process alone, which closes sockets
                pass_fds=[theirs.fileno()],
            )
            on_failure.pop_all()
        return process, ours


def train_in_process(
    server: Server,
    task: Task,
    stopped: Callable[[], bool],
    progress: Callable[[int], object] | None = None,
) -> tuple[Run | None, str]:
    """Do ``task`` in a process of ``server``, and interrupt it once ``stopped`` returns true.

    ``progress`` is told the number of epochs that it has trained, when there is another one.
    Returns the run, whose record says how it ended, or None if it never began; and why its process
    failed, or the signal that killed it.
    """
    if stopped():
        return None, "not started"
    try:
        connection = server.start(task)
    except OSError as error:
        return None, f"no process could be started: {error.strerror}"
    said: dict[str, Any] = {}
    unread, overdue = b"", math.inf
    with connection:
        while True:
            if select.select([connection], [], [], POLL)[0]:
                content = connection.recv(1 << 16)
                if not content:
                    run = Run(Path(said["run"])) if "run" in said else None
                    return run, said.get("words", "")
                *lines, unread = (unread + content).split(b"\n")
                for line in lines:
                    said |= (news := json.loads(line))
                    if progress and "epochs" in news:
                        progress(news["epochs"])
            if time.monotonic() > overdue:
                _send(signal.SIGKILL, said)
            elif overdue == math.inf and stopped():
                connection.shutdown(socket.SHUT_WR)
                overdue = time.monotonic() + GRACE
                _send(signal.SIGCONT, said)  # it may have been stopped, by Ctrl-Z or a debugger


def _send(number: signal.Signals, said: dict[str, Any]) -> None:
    """Send a signal to the process that ``said`` which it is."""
    if "process" in said:
        with contextlib.suppress(ProcessLookupError):
            os.kill(said["process"], number)


AtWork = dict[int, tuple[int, socket.socket]]
"""A descriptor that becomes readable when a process ends → its id, and its socket."""


def main() -> None:
    """The server: for each task that comes, with a socket, fork a process that does it."""
    tasks = socket.socket(fileno=int(sys.argv[1]))
    at_work: AtWork = {}
    more = True
    while more or at_work:
        waiting = [*at_work, *([tasks.fileno()] if more else [])]
        for ready in select.select(waiting, [], [])[0]:
            if ready in at_work:
                _ended(*at_work.pop(ready))
                os.close(ready)
            elif not _begin(tasks, at_work):  # their sender has ended, or wants no more of them
                more = False
                for pid, _ in at_work.values():
                    os.kill(pid, signal.SIGCONT)  # one that is stopped would not see it


def _begin(tasks: socket.socket, at_work: AtWork) -> bool:
    """Read the next task, its images unless they are here, and fork; False if no more will come."""
    head, descriptors, _, _ = socket.recv_fds(tasks, 4, 1)
    if not head:
        return False
    task = from_json(Task, json.loads(tasks.recv(int.from_bytes(head), socket.MSG_WAITALL)))
    connection = socket.socket(fileno=descriptors[0])  # that of the task's process
    try:
        dataset = _load(json.dumps(task.images), task.dataset, task.data)
        pid = os.fork() if FORKS else 0
    except (DataError, OSError) as error:
        _say(connection, words=str(error))
        connection.close()
        return True
    if not pid:
        for descriptor, (_, other) in at_work.items():
            other.close()
            os.close(descriptor)
        _work(task, dataset, connection)
    _say(connection, process=pid)
    at_work[os.pidfd_open(pid)] = pid, connection
    return True


def _ended(pid: int, connection: socket.socket) -> None:
    """Say how a process has ended, if it could not; then its socket has no other end any more."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with connection:
        if code < 0:
            _say(connection, words=f"killed by {signal.Signals(-code).name}")
        elif code > 1:
            _say(connection, words=f"ended with exit code {code}")


def _work(task: Task, dataset: Dataset, connection: socket.socket) -> NoReturn:
    """Do ``task`` in this process, and end it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    code = 0
    try:
        with syncing(task.sync):
            _train(task, dataset, connection)
    except (DivergedError, KeyboardInterrupt):
        pass  # an outcome like any other; the record has it
    except BaseException as error:
        known = isinstance(error, (ConfigError, DataError, RunError, FailedError))
        _say(connection, words=f"{'' if known else f'{type(error).__name__}: '}{error}")
        code = 1
    sys.exit(code)


def _train(task: Task, dataset: Dataset, connection: socket.socket) -> None:
    config = loads(task.config)
    if dataset.sha256 != task.sha256:
        raise DataError(
            f"the {task.dataset} images here have the SHA-256 {dataset.sha256}, those of the sweep"
            f" {task.sha256}; runs on other data would not compare"
        )
    if task.resume is not None:
        run = Run(Path(task.resume))
    else:
        run = start(
            config,
            dataset,
            runs=Path(task.runs),
            name=task.name,
            rate_search=task.rate_search,
            queued=task.queued,
        )
    _say(connection, run=str(run.directory))
    epochs = 0
    with contextlib.closing(train(run, dataset, config)) as results:
        for result in results:
            if isinstance(result, Epoch):
                epochs += 1
                _say(connection, epochs=epochs)


@functools.cache
def _load(wanted: str, dataset: str, folder: str | None) -> Dataset:
    """The images that the config's ``data``, in JSON, asks for; once for all tasks."""
    data = Data.model_validate(json.loads(wanted))
    loaded = load_dataset(data, dataset, directory=None if folder is None else Path(folder))
    loaded.scale(data.scale)  # fitted here, it is there for all
    return loaded


def _say(connection: socket.socket, **what: Any) -> None:
    with contextlib.suppress(OSError):  # nobody may listen any more
        connection.sendall(json.dumps(what).encode() + b"\n")


def _end_with_parent(connection: socket.socket) -> None:
    connection.recv(1)  # returns when the other end is closed, for nothing is ever sent
    _thread.interrupt_main(signal.SIGTERM)


def _interrupt(number: int, frame: Any) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):  # once is enough: now the record is written
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
