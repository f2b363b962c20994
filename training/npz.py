"""Reading `.npz` files of others: what an array is, is known before there is memory for it.

`numpy.load` takes the file's word for all of it: how long the list of its members is, how far a
member expands, and how large and of what type its array is.
"""

from __future__ import annotations

import contextlib
import os
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.lib import format as npy

from nnbasic.data.files import opened
from nnbasic.model.arrays import Array

MEMBERS = 10_000
"""The most arrays that a file is believed to have; a network has a few for each of its layers."""

HEADER = 1 << 10
"""Bytes that a member has beside its array, and the list for it; NumPy's have 128 and 100."""

_END = struct.Struct("<4s4H2LH")  # of the list of members: the last record of a zip file
_CHUNK = 1 << 20


class DamagedError(Exception):
    """The file is no `.npz` of plain arrays, or not the one that it should be; says why."""


class Header(NamedTuple):
    """What an array is before it is read."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


Check = Callable[[Mapping[str, Header]], object]
"""Raises an error if the headers are not those that are expected."""


def read(path: Path, names: list[str], largest: int, check: Check) -> dict[str, Array]:
    """The arrays ``names`` of the file at ``path``, which takes at most ``largest`` bytes in all.

    They are read once ``check`` has seen their headers. FileNotFoundError if there is no file,
    DamagedError if it is not as it should be, KeyError, with the name, if it lacks an array.
    """
    with _damage(), opened(path, largest + HEADER * len(names)) as stream:
        _check_list(stream)
        with zipfile.ZipFile(stream) as file:
            members = {name: _member(file, name) for name in names}
            headers = {name: _header(file, each) for name, each in members.items()}
            check(headers)
            if sum(map(_size, headers.values())) > largest:
                raise DamagedError("its arrays are larger than they should be")
            return {name: _array(file, members[name], headers[name]) for name in names}


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    """Turn what zipfile, zlib and NumPy raise on damage into DamagedError."""
    try:
        yield
    except (FileNotFoundError, KeyError, DamagedError):
        raise
    except OSError as error:
        raise DamagedError(error.strerror or str(error)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise DamagedError(" ".join(str(error).split())) from None
    except (struct.error, UnicodeError, MemoryError, RecursionError, RuntimeError) as error:
        raise DamagedError(type(error).__name__) from None


def _check_list(stream: IO[bytes]) -> None:
    """Refuse a list of members that is long, or may be: zipfile would read it as a whole.

    NumPy writes no comment, so the last record stands at the end. A file of 4 GiB has another
    record before it, whose numbers replace those here; a smaller one has no use for that.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END.size - 20))
    content = stream.read()
    if len(content) < _END.size or content[-_END.size :][:4] != b"PK\5\6":
        raise DamagedError("it is no zip file as NumPy writes it")
    *_, members, length, _, comment = _END.unpack(content[-_END.size :])
    if members > MEMBERS or length > MEMBERS * HEADER or comment:
        raise DamagedError(f"it has more than {MEMBERS:,} members")
    if content[:4] == b"PK\6\7" and size < 1 << 32:
        raise DamagedError("it says that it is larger than it is")
    stream.seek(0)


def _member(file: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    try:
        member = file.getinfo(f"{name}.npy")
    except KeyError:
        raise KeyError(name) from None
    if member.flag_bits & 1:
        raise DamagedError(f"{name} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamagedError(f"{name} is compressed in an unknown way")
    return member


def _header(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    with file.open(member) as stream:
        return _read_header(stream)


def _read_header(stream: IO[bytes]) -> Header:
    """The header of an array of plain numbers; leaves ``stream`` at the first of them."""
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise DamagedError(f"arrays of version {version[0]}.{version[1]} are not known")
    read_header = npy.read_array_header_1_0 if version[0] == 1 else npy.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="error"):  # of a header as Python 2 wrote them
            shape, fortran, dtype = read_header(stream, max_header_size=HEADER)
    except Exception as error:  # it is parsed as Python, whose parser fails in many ways
        raise DamagedError(f"an array has no proper header: {type(error).__name__}") from None
    if dtype.kind not in "biuf" or fortran or min(shape, default=0) < 0:
        raise DamagedError(f"it has an array of {dtype}, which is not of plain numbers")
    return Header(dtype, shape)


def _size(header: Header) -> int:
    """Bytes of the array; a length of 0 counts as 1, or other lengths beside it went unnoticed."""
    size = header.dtype.itemsize
    for length in header.shape:
        size *= length or 1
    return size


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo, header: Header) -> Array:
    array: Array = np.empty(header.shape, header.dtype)
    content = array.reshape(-1).view(np.uint8).data
    with file.open(member) as stream:
        _read_header(stream)
        filled = 0
        while filled < len(content):
            piece = stream.read(min(_CHUNK, len(content) - filled))
            if not piece:
                raise DamagedError("an array is cut short")
            content[filled : filled + len(piece)] = piece
            filled += len(piece)
        if stream.read(1):  # also compares the checksum
            raise DamagedError("an array is longer than its header says")
    return array
