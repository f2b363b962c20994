"""The errors of this room, and the one way in which files are written, here and for runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""The suffix of a file that is being written; a killed process leaves one behind."""


class DataError(Exception):
    """Images or labels are missing or cannot be used; the text says where, what and what to do."""


class MnistError(DataError):
    """A file of MNIST is missing, or is not what it should be."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that replaces ``path`` at the end of the block.

    It is written beside ``path`` under a unique name, so that readers see the old file or the new
    one and never a part of it, and several processes and threads may do this at once. If the block
    raises, ``path`` stays as it is and the new file is removed.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
