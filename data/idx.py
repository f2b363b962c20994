"""The IDX format of MNIST: arrays of any rank and of six types, as they are or gzipped.

A file is two zero bytes, one byte for the type, one for the rank, the length of each dimension
as a big-endian 32-bit number, and the elements, big-endian, the last dimension fastest
(Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits").
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nnbasic.data.files import DataError, opened, replacing

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: "i2", 0x0C: "i4", 0x0D: "f4", 0x0E: "f8"}
"""Type byte → NumPy's name of the type."""

LIMIT = 1 << 31
"""The most bytes of elements that `read` accepts by default."""

_CHUNK = 1 << 20  # bytes per read: much less than the array, and few system calls
_MAX_RANK = 64  # NumPy's own limit
_DEFLATE = 1032  # the most that a deflate stream (RFC 1951) can expand


class Digest(Protocol):
    """A hash object of `hashlib`."""

    def update(self, data: Any, /) -> None: ...


def read(path: Path, *, limit: int = LIMIT, digest: Digest | None = None) -> np.ndarray:
    """The array in an IDX file, gzipped or not (its first bytes tell), in native byte order.

    The elements are read directly into the array, without a second copy. It is allocated only if
    the size in the header is at most ``limit`` bytes and possible for a file of this length.
    ``digest`` is updated with the decompressed content of the file. DataError if the file cannot
    be read or is not exactly one IDX array.
    """
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            if not zipped:
                return _read(file, path, size, limit, digest)
            with gzip.GzipFile(fileobj=file) as unzipped:
                return _read(unzipped, path, size * _DEFLATE, limit, digest)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: the gzip stream is broken ({error}); the file is damaged or was copied or"
            " downloaded in part: get it again"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{path}: cannot be read ({reason}); check the path and its permissions"
        ) from error


def _read(
    file: io.BufferedIOBase, path: Path, room: int, limit: int, digest: Digest | None
) -> np.ndarray:
    """`read` from an open file with at most ``room`` bytes of content."""
    header, dtype, shape = _header(file, path)
    if digest is not None:
        digest.update(header)
    size = math.prod(shape) * dtype.itemsize
    what = f"{' × '.join(map(str, shape)) or 'one'} elements of {dtype.itemsize} bytes"
    if not size and math.prod(length or 1 for length in shape) > limit:
        raise DataError(
            f"{path}: the header promises {what}: nothing, in more rows than an array can have; it"
            " is damaged: get the file again"
        )
    if size > limit:
        raise DataError(
            f"{path}: the header promises {what}, {size:,} bytes, and at most {limit:,} are"
            " accepted; this is not the file it should be, or its header is damaged"
        )
    if size > room - len(header):
        raise DataError(
            f"{path}: the header promises {what}, {size:,} bytes, more than the file holds;"
            " it was cut short or its header is damaged: get it again"
        )
    content = np.empty(size, dtype=np.uint8)
    filled = 0
    while filled < size:
        piece = content.data[filled : filled + _CHUNK]
        count = file.readinto(piece)
        if not count:
            raise DataError(
                f"{path}: ends after {filled:,} bytes of elements, and its header promises {what},"
                f" {size:,} bytes; it was cut short: get it again"
            )
        if digest is not None:
            digest.update(piece[:count])
        filled += count
    if file.read(1):
        raise DataError(
            f"{path}: goes on after the {what} that its header promises; it is damaged or not IDX:"
            " get it again"
        )
    array = content.view(dtype).reshape(shape)
    return array if dtype.isnative else array.byteswap(inplace=True).view(dtype.newbyteorder("="))


def _header(file: io.BufferedIOBase, path: Path) -> tuple[bytes, np.dtype[Any], tuple[int, ...]]:
    """The header's bytes, the type of the elements (big-endian) and the shape."""
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        known = ", ".join(f"{code:02x}" for code in TYPES)
        raise DataError(
            f"{path}: starts with the bytes {magic.hex(' ') or '(none)'}, so it is not an IDX file,"
            f" which starts with 00 00, one of {known}, and the rank; check that it is the file"
            " you meant"
        )
    rank = magic[3]
    if rank > _MAX_RANK:
        raise DataError(
            f"{path}: the header promises {rank} dimensions, and at most {_MAX_RANK} are accepted;"
            " the header is damaged: get the file again"
        )
    dimensions = file.read(4 * rank)
    if len(dimensions) < 4 * rank:
        raise DataError(
            f"{path}: ends within the header, which should list {rank} dimensions; it was cut"
            " short: get it again"
        )
    shape = struct.unpack(f">{rank}I", dimensions)
    return magic + dimensions, np.dtype(TYPES[magic[2]]).newbyteorder(">"), shape


def read_labelled(
    images: Path, labels: Path, *, classes: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """The arrays in a file of images and in the file of their labels.

    DataError if one cannot be read, if there are no images, or if the labels are not one whole
    number below ``classes`` per image.
    """
    x, y = read(images), read(labels)
    if x.ndim < 2 or not len(x):
        raise DataError(
            f"{images}: an array of shape {x.shape}; expected images, one after another"
        )
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise DataError(
            f"{labels}: an array of shape {y.shape} and type {y.dtype}; expected one whole number"
            " for each image: check that it is the file of the labels"
        )
    if len(x) != len(y):
        raise DataError(
            f"{labels}: {len(y):,} labels for the {len(x):,} images of {images}; expected as many:"
            " check that the two files belong together"
        )
    if y.min() < 0 or y.max() >= classes:
        raise DataError(
            f"{labels}: labels from {y.min()} to {y.max()}; expected 0 to {classes - 1}: the file"
            " is damaged or has other classes"
        )
    return x, y


def header(array: np.ndarray) -> bytes:
    """The bytes before the elements of ``array`` in an IDX file.

    DataError if the format has no such type, rank or length.
    """
    codes = {np.dtype(name): code for code, name in TYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(str(dtype) for dtype in codes)
        raise DataError(f"IDX has no type for {array.dtype} arrays; convert it to one of {known}")
    if array.ndim > _MAX_RANK or max(array.shape, default=0) >= 1 << 32:
        raise DataError(
            f"IDX cannot hold an array of shape {array.shape}; it takes up to {_MAX_RANK}"
            " dimensions, each shorter than 2**32"
        )
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)


def write(path: Path, array: np.ndarray) -> None:
    """Write ``array`` to an IDX file, gzipped if the name ends in ``.gz``.

    The same array always gives the same bytes. DataError if IDX cannot hold the array or the
    file cannot be written; ``path`` is then left as it was.
    """
    start = header(array)
    elements = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder(">"))
    content = elements.reshape(-1).view(np.uint8).data
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            if path.suffix != ".gz":
                file.write(start)
                file.write(content)
                return
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
                zipped.write(start)
                zipped.write(content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error
