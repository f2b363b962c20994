"""Reading `.npz` files of others: no code in them is run, and their size is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nnbasic.data.files import opened
from nnbasic.model.arrays import Array
from nnbasic.training.storage import RunError

HEADER = 1 << 10
"""Bytes that an array has beside its numbers; NumPy's have 230."""


def read_arrays(path: Path, names: Sequence[str], largest: int) -> dict[str, Array]:
    """The arrays ``names`` of the file at ``path``: at most ``largest`` bytes in all.

    RunError if it cannot be read, or lacks one. Types and shapes are what the file says.
    """
    try:
        with opened(path, largest + HEADER * len(names)) as stream:
            file = np.load(stream, allow_pickle=False)
            if any(member.compress_type for member in file.zip.infolist()):
                raise ValueError("it is compressed, and could grow")  # numpy.savez does not
            return {name: file[name] for name in names}
    except FileNotFoundError:
        raise RunError(f"{path}: there is no such file") from None
    except Exception as error:  # what is parsed may be anything, and fails in many ways
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise RunError(
            f"{path}: damaged, or not of this run ({reason[:200]}); put the right file there, or"
            " train the run again"
        ) from None
