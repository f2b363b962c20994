"""The errors of this room, and the one way in which files are opened and written, also for runs.

A folder may come from a stranger: a name in it may be a pipe on which reading waits for ever, a
device without an end, or a link to a file somewhere else.
"""

import contextlib
import errno
import math
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""The suffix of a file that is being written; a killed process leaves one behind."""

_SAFELY = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
"""Neither wait for the other end of a pipe nor take a terminal; as bytes, also on Windows."""

_syncing = True


class DataError(Exception):
    """Images or labels are missing or cannot be used; the text says where, what and what to do."""


class MnistError(DataError):
    """A file of MNIST is missing, or is not what it should be."""


def opened(path: Path, largest: int | None = None) -> BufferedReader:
    """Open the regular file at ``path``, or the one that it is a link to, for reading.

    OSError for anything else, which is never waited for, and for more than ``largest`` bytes.
    """
    file = os.fdopen(_regular(os.open(path, os.O_RDONLY | _SAFELY)), "rb")
    size = os.fstat(file.fileno()).st_size
    if largest is not None and size > largest:
        file.close()
        raise OSError(errno.EFBIG, f"has {size:,} bytes, and at most {largest:,} are read")
    return file


def read_bytes(path: Path, largest: int) -> bytes:
    """The content of the regular file at ``path``; OSError as for `opened`."""
    with opened(path, largest) as file:
        return file.read(largest)  # it may be growing


def appending(path: Path) -> BufferedWriter:
    """Open a regular file at ``path`` for writing at its end; a new one, if there is none.

    OSError for anything else, also for a link, which could lead out of the folder.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.fdopen(_regular(os.open(path, flags | _SAFELY, 0o666)), "ab")
    except OSError as error:
        if path.is_symlink():
            raise OSError(error.errno, "is a link, and may lead anywhere") from None
        raise


def _regular(descriptor: int) -> int:
    """``descriptor``, if it is of a regular file; else OSError."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file")
    return descriptor


@contextlib.contextmanager
def replacing(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """Open a new file that replaces ``path`` at the end of the block.

    It is written beside ``path`` under a unique name, so that readers see the old file or the new
    one and never a part of it, and several processes and threads may do this at once. If the block
    raises, ``path`` stays as it is and the new file is removed. After the block, the new file
    survives a power cut. FileExistsError if it is to be ``new`` and something is at ``path``.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            sync(file.fileno())
        if new:
            _give(path, part)
        else:
            part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def clear(folder: Path, age: float = -math.inf) -> None:
    """Delete what killed processes left half written in ``folder``, if older than ``age`` seconds.

    Without an age, no other process may be at work there.
    """
    for part in folder.glob(f".*{PART}"):
        with contextlib.suppress(OSError):  # another one deletes it too, or it is a directory
            if time.time() - part.lstat().st_mtime > age:
                part.unlink()


def _give(name: Path, file: Path) -> None:
    """Give ``file`` the ``name``, which nothing may have."""
    try:
        name.hardlink_to(file)  # unlike a rename, this replaces nothing
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if name.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name)) from None
        file.replace(name)


def append(path: Path, text: str) -> None:
    """Add ``text`` in UTF-8 to the file ``path``; then it survives a power cut."""
    with appending(path) as file:
        file.write(text.encode())
        file.flush()
        sync(file.fileno())


@contextlib.contextmanager
def syncing(wanted: bool) -> Iterator[None]:
    """A block in which this process waits for the disk, or does not.

    If not, a power cut may damage all that was written in the last half a minute.
    """
    global _syncing
    before, _syncing = _syncing, wanted
    try:
        yield
    finally:
        _syncing = before


def sync(descriptor: int) -> None:
    """Wait until the open file or folder is on the disk, if its file system knows how to."""
    if not _syncing:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in ``folder`` are on the disk. Windows cannot."""
    if sys.platform == "win32" or not _syncing:
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
