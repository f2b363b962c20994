"""Who is at work on a run: a lock on its directory, and a heartbeat where no lock can be seen."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nnbasic.data.files import appending, opened
from nnbasic.runs.storage import RunError, refuse_link

STALE = timedelta(minutes=5)
"""A process on another machine counts as gone when its heartbeat is older than this."""


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[None]:
    """Lock the run in ``directory`` for this process; RunError if another one holds it.

    The kernel releases the lock when the process ends, however it ends. A process id in a file
    would outlive a killed process, and could later belong to another one.
    """
    refuse_link(directory)
    try:
        file = appending(_lock_file(directory))
    except OSError as error:
        raise RunError(f"{directory}: cannot be written: {error.strerror}") from None
    with file:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"{directory}: another process is training this run") from None
        yield


def is_alive(directory: Path, host: object, heartbeat: str) -> bool:
    """Whether the process that trains the run in ``directory`` is still there.

    ``host`` is the machine it runs on, ``heartbeat`` the time of its last sign of life: they
    decide where the lock cannot be tested, on another machine and on Windows.
    """
    if sys.platform == "win32" or host != socket.gethostname():
        try:
            age = datetime.now(UTC) - datetime.fromisoformat(heartbeat)
        except (ValueError, TypeError):  # TypeError: a time without its zone
            return False
        return age < STALE
    import fcntl

    try:
        with opened(_lock_file(directory)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may test it too
    except BlockingIOError:
        return True
    except OSError:
        pass  # no lock file: nobody holds it
    return False


def _lock_file(directory: Path) -> Path:
    return directory / ".lock"
