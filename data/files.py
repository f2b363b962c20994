"""The error of this room, and the one way in which files are written, here and for runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""How the name of a file ends that is being written; a killed process leaves one behind."""


class DataError(Exception):
    """Images or labels that cannot be had or used; the text says where, what and what to do."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that takes the place of ``path`` only once all of it is written.

    It is written beside ``path`` under a name of its own, so that whoever reads sees the old file
    or the new one, never a part of it, and any number of processes and threads may do this at
    once. If the block raises, nothing is left.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
