"""The errors of this room, and the one way in which files are written, here and for runs."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""The suffix of a file that is being written; a killed process leaves one behind."""


_syncing = True


class DataError(Exception):
    """Images or labels are missing or cannot be used; the text says where, what and what to do."""


class MnistError(DataError):
    """A file of MNIST is missing, or is not what it should be."""


@contextmanager
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
    with path.open("ab") as file:
        file.write(text.encode())
        file.flush()
        sync(file.fileno())


@contextmanager
def unsynced() -> Iterator[None]:
    """A block in which this process does not wait for the disk.

    A power cut may then damage all that was written in the last half a minute.
    """
    global _syncing
    before, _syncing = _syncing, False
    try:
        yield
    finally:
        _syncing = before


def sync(file: int) -> None:
    """Wait until the open file or folder is on the disk, if its file system knows how to."""
    if not _syncing:
        return
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in ``folder`` are on the disk. Windows cannot."""
    if sys.platform == "win32" or not _syncing:
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        sync(number)
    finally:
        os.close(number)
