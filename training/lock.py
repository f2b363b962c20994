"""Who is at work on a run: locks on files in its directory, which end with their process.

A process id in a file would outlive a killed process, and could later belong to another one.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from io import BufferedWriter
from pathlib import Path
from weakref import WeakSet

from nnbasic.data.files import appending, opened
from nnbasic.training.storage import RunError, refuse_link, run_error

if sys.platform != "win32":  # which has no such locks
    import fcntl

TRAINING = ".lock"
"""The file that is locked by the process that trains the run."""

EDITING = ".lock-user"
"""The file that is locked to edit `user.json` or to move the run, which takes a moment."""

PATIENCE = 5.0
"""Seconds to wait for another command that edits the run."""

_held: WeakSet[BufferedWriter] = WeakSet()


def _give_up() -> None:
    """Close the locks in a fork: else they would last until it has ended, too."""
    for file in _held:
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_give_up)


@contextlib.contextmanager
def locked(directory: Path, name: str = TRAINING) -> Iterator[Callable[[], bool]]:
    """Lock the file ``name`` of the run in ``directory``; RunError if another process has it.

    What this gives tells whether ``directory`` is still the one that was locked: not deleted, moved
    or replaced. Where there are no locks, nobody is kept from editing, and training is refused.
    """
    refuse_link(directory)
    path, end = directory / name, time.monotonic() + PATIENCE

    def there() -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(file.fileno()))
        except OSError:
            return False

    with run_error(directory):
        file = appending(path)
    with file:
        while not _lock(file.fileno(), directory, needed=name == TRAINING):
            if name == TRAINING:
                raise RunError(
                    f"{directory}: another process is training this run; end it first"
                    " (Ctrl-C keeps it)"
                )
            if time.monotonic() > end:
                raise RunError(f"{directory}: another command is changing it")
            time.sleep(0.01)
        if not there():
            raise RunError(f"{directory}: another process has just moved or deleted it")
        _held.add(file)
        yield there


def is_free(directory: Path) -> bool:
    """Whether no process trains the run; False also where that cannot be tested."""
    if sys.platform == "win32":
        return False
    try:
        with opened(directory / TRAINING) as file:  # others may test it too
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            return True
    except OSError as error:
        return isinstance(error, FileNotFoundError)  # nobody ever locked it


def _lock(descriptor: int, directory: Path, *, needed: bool) -> bool:
    """Lock an open file, unless another process has; RunError without locks if it is ``needed``."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if needed:
                raise RunError(
                    f"{directory}: its file system has no locks ({error.strerror}), so two"
                    " processes could train the run at once; put it on a local disk"
                ) from None
    return True
