"""Who is at work on a run: a lock on its directory, and a heartbeat where no lock can be seen."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nnbasic.data.files import appending, opened
from nnbasic.training.storage import RunError, refuse_link

STALE = timedelta(minutes=5)
"""A process on another machine counts as gone when its heartbeat is this far from now."""

PATIENCE = 5.0
"""Seconds to wait for another command that edits the run: each does so for a moment."""


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[Callable[[], bool]]:
    """Lock the run in ``directory`` for this process; RunError if another one holds it.

    The kernel releases the lock when the process ends, however it ends. A process id in a file
    would outlive a killed process, and could later belong to another one. What this gives tells
    whether ``directory`` is still the one that was locked: not deleted, moved or replaced.
    """
    refuse_link(directory)
    path = _lock_file(directory)
    try:
        file = appending(path)
    except OSError as error:
        raise RunError(f"{directory}: cannot be written: {error.strerror}") from None
    with file:

        def held() -> bool:
            return _is_open_at(path, file.fileno())

        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RunError(f"{directory}: another process is training this run") from None
            except OSError as error:
                raise RunError(
                    f"{directory}: its file system has no locks ({error.strerror}), so two"
                    " processes could train the run at once; put it on a local disk"
                ) from None
        if not held():  # moved since it was opened
            raise RunError(f"{directory}: another process has just moved or deleted it")
        yield held


@contextlib.contextmanager
def editing(directory: Path) -> Iterator[None]:
    """Keep other processes that do the same from ``directory`` while the block runs.

    RunError for a link, or if one of them takes too long, or moves the directory. This lock is
    another than that of `claim`: a run may be tagged while it is trained. Where a directory cannot
    be locked, on Windows and some network file systems, nobody is kept out.
    """
    refuse_link(directory)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RunError(f"{directory}: cannot be opened: {error.strerror}") from None
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise RunError(f"{directory}: another command is changing it") from None
                time.sleep(0.01)
                continue
            except OSError:
                pass
            break
        if not _is_open_at(directory, number):
            raise RunError(f"{directory}: another process has just moved or deleted it")
        yield
    finally:
        os.close(number)


def is_alive(directory: Path, host: object, heartbeat: str) -> bool:
    """Whether the process that trains the run in ``directory`` is still there.

    A lock that is held says so. ``host`` is the machine that it ran on: only there does a free lock
    say the contrary. ``heartbeat``, the time of its last sign of life, decides elsewhere, and where
    locks cannot be tested.
    """
    locked = _is_locked(directory)
    if locked or (locked is False and host == socket.gethostname()):
        return locked
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(heartbeat)
    except (ValueError, TypeError):  # TypeError: a time without its zone
        return False
    return abs(age) < STALE  # one in the future is of a clock that has been put right


def _is_locked(directory: Path) -> bool | None:
    """Whether a process on this machine holds the lock; None where that cannot be tested."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        with opened(_lock_file(directory)) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: others may test it too
    except BlockingIOError:
        return True
    except FileNotFoundError:  # nobody ever held it
        return False
    except OSError:
        return None
    return False


def _is_open_at(path: Path, number: int) -> bool:
    """Whether the open file or directory ``number`` is the one that is at ``path`` now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(number))
    except OSError:
        return False


def _lock_file(directory: Path) -> Path:
    return directory / ".lock"
