"""The IDX format of MNIST: arrays of any rank and of six types, as they are or gzipped.

A file is two zero bytes, one byte for the type, one for the rank, the length of each dimension
as a big-endian 32-bit number, and the elements, big-endian, the last dimension fastest
(Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits").
"""

import gzip
import hashlib
import io
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from nnbasic.data.files import DataError, opened, replacing

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
"""Type byte → NumPy's name of the type."""

LIMIT = 1 << 31
"""The most bytes of elements that `read` accepts by default."""

_CHUNK = 1 << 20  # bytes per read: much less than the array, and few system calls


def read(path: Path, *, limit: int = LIMIT) -> np.ndarray:
    """The array in an IDX file, gzipped or not (its first bytes tell), in native byte order.

    It is read only if its size in the header is at most ``limit`` bytes, and bytes without a second
    copy. DataError if the file cannot be read or is not exactly one IDX array.
    """
    try:
        with opened(path) as file:
            zipped = file.peek(2)[:2] == b"\x1f\x8b"
            return _read(gzip.GzipFile(fileobj=file) if zipped else file, limit)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip stream is broken ({error}); get it again") from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path}: cannot be read ({reason}); check its permissions") from error
    except ValueError as damage:
        raise DataError(
            f"{path}: {damage}; get it again, or check that it is the file you meant"
        ) from damage


def _read(file: io.BufferedIOBase, limit: int) -> np.ndarray:
    """`read` from an open file; ValueError says what is wrong with its content."""
    dtype, shape = _header(file)
    size = math.prod(shape) * dtype.itemsize
    what = f"{' × '.join(map(str, shape)) or 'one'} elements of {dtype.itemsize} bytes"
    # An array without elements must not have more rows than one can have, either.
    if max(size, math.prod(length or 1 for length in shape)) > limit:
        raise ValueError(f"promises {what}, and at most {limit:,} bytes are accepted")
    content, filled = np.empty(size, np.uint8), 0
    while count := file.readinto(content.data[filled : filled + _CHUNK]):
        filled += count
    if filled < size:
        raise ValueError(f"promises {what} and was cut short after {filled:,} bytes of them")
    if file.read(1):
        raise ValueError(f"goes on after the {what} that it promises")
    return content.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _header(file: io.BufferedIOBase) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """The type of the elements (big-endian) and the shape."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        known = ", ".join(f"{code:02x}" for code in TYPES)
        raise ValueError(
            f"starts with the bytes {magic.hex(' ') or '(none)'}, so it is not an IDX file, which"
            f" starts with 00 00, one of {known}, and the rank"
        )
    rank = magic[3]
    dimensions = file.read(4 * rank)
    if len(dimensions) < 4 * rank:
        raise ValueError(f"ends within the header, which should list {rank} dimensions")
    return np.dtype(TYPES[magic[2]]).newbyteorder(">"), struct.unpack(f">{rank}I", dimensions)


def sha256(array: np.ndarray) -> str:
    """The SHA-256, in hex, of the content of the IDX file that holds ``array``."""
    digest = hashlib.sha256(header(array))
    digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder(">")).data)
    return digest.hexdigest()


def header(array: np.ndarray) -> bytes:
    """The bytes before the elements of ``array`` in an IDX file; DataError for another type."""
    codes = {np.dtype(name): code for code, name in TYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(str(dtype) for dtype in codes)
        raise DataError(f"IDX has no type for {array.dtype} arrays; convert it to one of {known}")
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)


def write(path: Path, array: np.ndarray) -> None:
    """Write ``array`` to an IDX file, gzipped if the name ends in ``.gz``.

    The same array always gives the same bytes. DataError if IDX cannot hold the array or the
    file cannot be written; ``path`` is then left as it was.
    """
    content = header(array) + array.astype(array.dtype.newbyteorder(">"), copy=False).tobytes()
    if path.suffix == ".gz":
        content = gzip.compress(content, mtime=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error
