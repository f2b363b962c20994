"""Reading `.npz` files of others: no array is larger than the file, whose size is bounded.

`numpy.load` takes the file's word for how far a member expands and how large its array is.
`numpy.savez` compresses nothing, so that a file with anything compressed is none of ours.
"""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from nnbasic.data.files import opened
from nnbasic.model.arrays import Array

HEADER = 1 << 10
"""Bytes that a member has beside its array, and the list for it; NumPy's have 128 and 100."""

LIST = 1 << 20
"""Bytes of the list of members, which zipfile reads as a whole: some 10,000 arrays."""

_END = struct.Struct("<4s4H2LH")  # of the list of members: the last record of a zip file


class DamagedError(Exception):
    """The file is no `.npz` of plain arrays, or not the one that it should be; says why."""


def read_arrays(path: Path, names: Sequence[str], largest: int) -> dict[str, Array]:
    """The arrays ``names``, read-only, of the file at ``path``: at most ``largest`` bytes in all.

    FileNotFoundError if there is no file, KeyError, with the name, if it lacks an array,
    DamagedError if it cannot be read. Types and shapes are what the file says.
    """
    try:
        with opened(path, largest + HEADER * len(names)) as stream:
            size = _check_list(stream)
            with zipfile.ZipFile(stream) as file:
                members = {each.filename: each for each in file.infolist()}
                return {name: _array(file, members[f"{name}.npy"], size) for name in names}
    except KeyError as error:
        raise KeyError(str(error.args[0]).removesuffix(".npy")) from None
    except (FileNotFoundError, DamagedError):
        raise
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from None
    except Exception as error:  # what is parsed may be anything, and fails in many ways
        text = " ".join(str(error).split())
        raise DamagedError(f"{type(error).__name__}: {text}"[:200]) from None


def _check_list(stream: IO[bytes]) -> int:
    """Refuse a list of members that is long, or may be; returns the size of the file.

    NumPy writes no comment, so that the last record stands at the end. A file of 4 GiB has another
    record before it, whose numbers replace those here; a smaller one has no use for that.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END.size - 20))
    content = stream.read()
    if content[-_END.size :][:4] != b"PK\5\6" or len(content) < _END.size:
        raise DamagedError("it is no zip file as NumPy writes it")
    *_, length, _, comment = _END.unpack(content[-_END.size :])
    if length > LIST or comment or (content[:4] == b"PK\6\7" and size < 1 << 32):
        raise DamagedError("its list of arrays is too long")
    return size


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> Array:
    """The array of plain numbers in ``member`` of a file of ``size`` bytes."""
    if member.compress_type != zipfile.ZIP_STORED or member.file_size > size:
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
