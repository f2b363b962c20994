"""Reading `.npz` files of others: no array is larger than the file, whose size is bounded.

`numpy.load` takes the file's word for how far a member expands and how large its array is.
`numpy.savez` compresses nothing, so that a file with anything compressed is none of ours.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from nnbasic.data.files import opened
from nnbasic.model.arrays import Array

HEADER = 1 << 10
"""Bytes that a member has beside its array, and the list for it; NumPy's have 128 and 100."""


class DamagedError(Exception):
    """The file is no `.npz` of plain arrays, or not the one that it should be; says why."""


def read_arrays(path: Path, names: Sequence[str], largest: int) -> dict[str, Array]:
    """The arrays ``names``, read-only, of the file at ``path``: at most ``largest`` bytes in all.

    FileNotFoundError if there is no file, KeyError, with the name, if it lacks an array,
    DamagedError if it cannot be read. Types and shapes are what the file says.
    """
    limit = largest + HEADER * len(names)
    try:
        with opened(path, limit) as stream, zipfile.ZipFile(stream) as file:
            members = {each.filename.removesuffix(".npy"): each for each in file.infolist()}
            return {name: _array(file, members[name], limit) for name in names}
    except (FileNotFoundError, KeyError, DamagedError):
        raise
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from None
    except Exception as error:  # what is parsed may be anything, and fails in many ways
        text = " ".join(str(error).split())
        raise DamagedError(f"{type(error).__name__}: {text}"[:200]) from None


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> Array:
    """The array of plain numbers in ``member``, which has at most ``limit`` bytes."""
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > limit:
        raise DamagedError(f"{member.filename} is compressed")
    content = file.read(member)  # also compares the checksum
    stream = io.BytesIO(content)
    if npy.read_magic(stream) != (1, 0):
        raise DamagedError(f"{member.filename} is of an unknown version")
    with warnings.catch_warnings(action="error"):  # of a header as Python 2 wrote them
        shape, fortran, dtype = npy.read_array_header_1_0(stream, max_header_size=HEADER)
    if dtype.kind not in "biuf":
        raise DamagedError(f"it has an array of {dtype}, which is not of plain numbers")
    array = np.frombuffer(content, dtype, offset=stream.tell())
    return array.reshape(shape, order="F" if fortran else "C")  # if it has as many numbers
