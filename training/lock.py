"""Who is at work on a run: locks on its directory, which the kernel releases when a process ends.

A process id in a file would outlive a killed process, and could later belong to another one.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from io import BufferedWriter
from pathlib import Path

from nnbasic.data.files import appending, opened
from nnbasic.training.storage import RunError, refuse_link

if sys.platform != "win32":  # which has no such locks
    import fcntl

PATIENCE = 5.0
"""Seconds to wait for another command that edits the run: each does so for a moment."""

_held: set[BufferedWriter] = set()


def _give_up() -> None:
    """Close the locks in a fork: else they would last until it has ended, too."""
    for file in _held:
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_give_up)


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[Callable[[], bool]]:
    """Lock the run in ``directory`` for this process; RunError if another one holds it.

    What this gives tells whether ``directory`` is still the one that was locked: not deleted, moved
    or replaced.
    """
    refuse_link(directory)
    path = directory / ".lock"
    try:
        file = appending(path)
    except OSError as error:
        raise RunError(f"{directory}: cannot be written: {error.strerror}") from None
    with file:
        try:
            if not _lock(file.fileno()):
                raise RunError(
                    f"{directory}: another process is training this run; end it first"
                    " (Ctrl-C keeps it)"
                )
        except OSError as error:
            raise RunError(
                f"{directory}: its file system has no locks ({error.strerror}), so two"
                " processes could train the run at once; put it on a local disk"
            ) from None
        _check_there(directory, path, file.fileno())
        _held.add(file)
        try:
            yield lambda: _is_open_at(path, file.fileno())
        finally:
            _held.discard(file)


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
    try:
        number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise RunError(f"{directory}: cannot be opened: {error.strerror}") from None
    try:
        end = time.monotonic() + PATIENCE
        with contextlib.suppress(OSError):
            while not _lock(number):
                if time.monotonic() > end:
                    raise RunError(f"{directory}: another command is changing it")
                time.sleep(0.01)
        _check_there(directory, directory, number)
        yield
    finally:
        os.close(number)


def is_free(directory: Path) -> bool:
    """Whether no process has claimed the run; False also where that cannot be tested."""
    if sys.platform == "win32":
        return False
    try:
        with opened(directory / ".lock") as file:
            return _lock(file.fileno(), shared=True)  # others may test it too
    except FileNotFoundError:  # nobody ever held it
        return True
    except OSError:
        return False


def _lock(number: int, *, shared: bool = False) -> bool:
    """Lock an open file or directory, unless another process holds it; OSError without locks."""
    if sys.platform != "win32":
        try:
            fcntl.flock(number, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _check_there(directory: Path, path: Path, number: int) -> None:
    if not _is_open_at(path, number):  # moved since it was opened
        raise RunError(f"{directory}: another process has just moved or deleted it")


def _is_open_at(path: Path, number: int) -> bool:
    """Whether the open file or directory ``number`` is the one that is at ``path`` now."""
    try:
        return os.path.samestat(path.stat(), os.fstat(number))
    except OSError:
        return False
