"""Reading the digits in files: pictures, arrays, whole folders. Bad files are named, not raised."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from nnbasic.data import DataError, idx
from nnbasic.inference.ink import LIMIT
from nnbasic.inference.preparation import SIDE, Image, prepare, prepare_each
from nnbasic.model.arrays import Array
from nnbasic.training.storage import needs_extra

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *(".npy", ".idx", ".idx.gz", "-ubyte", "-ubyte.gz"),
)
"""How the names of pictures end. Only folders go by it: what a file is, its content tells."""

STREAM = "-"
"""The name of what does not come from a file."""

MOST = 1_000_000
"""The most pictures in a file; a small one can promise thousands of millions, with no pixel."""

_STREAM_BYTES = 1 << 30  # the most that is read of a stream


class Digit(NamedTuple):
    """A digit, prepared; ``number`` counts those of one file from 1, and is None for only one."""

    file: str
    number: int | None
    image: Image


class Unreadable(NamedTuple):
    """A file, or the picture ``number`` in it, and why there is no digit."""

    file: str
    number: int | None
    reason: str


def read(
    sources: Iterable[str | os.PathLike[str] | BinaryIO],
    *,
    split: bool = False,
    reframe: bool = True,
) -> Iterator[Digit | Unreadable]:
    """The digits in files, folders (with all that they hold) and open binary files, in order.

    Image files need Pillow. Arrays, `.npy` or IDX, hold one picture, as `brightness` takes it, or
    several along a first axis; (n, 784) are n pictures of 28 × 28. ``split`` reads several digits
    from one picture, in reading order. Without ``reframe``, pictures of 28 × 28 stay as they are,
    for networks whose images were not made as MNIST's.
    """
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            for path in _files(Path(source)):
                yield from _digits(str(path), path, split, reframe)
        else:
            yield from _streamed(source, split, reframe)


def _files(path: Path) -> list[Path]:
    """``path``, or the pictures in it if it is a folder, hidden ones left out."""
    if not path.is_dir():
        return [path]
    below = (file for file in sorted(path.rglob("*")) if file.name.lower().endswith(ENDINGS))
    shown = [
        file
        for file in below
        if file.is_file() and not any(part[0] == "." for part in file.relative_to(path).parts)
    ]
    return shown or [path]


def _streamed(stream: BinaryIO, split: bool, reframe: bool) -> Iterator[Digit | Unreadable]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stream")
        with path.open("wb") as file:
            while file.tell() <= _STREAM_BYTES and (content := stream.read(1 << 20)):
                file.write(content)
        if path.stat().st_size > _STREAM_BYTES:
            yield Unreadable(STREAM, None, "is larger than a gibibyte")
        else:
            yield from _digits(STREAM, path, split, reframe)


def _digits(name: str, path: Path, split: bool, reframe: bool) -> Iterator[Digit | Unreadable]:
    try:
        pictures = _pictures(path)
    except DataError as error:
        yield Unreadable(name, None, str(error).removeprefix(f"{path}: "))
        return
    if not len(pictures):
        yield Unreadable(name, None, "holds no picture")
    number = 0
    several = len(pictures) > 1
    for picture in pictures:
        try:
            images = prepare_each(picture) if split else [prepare(picture, reframe=reframe)]
        except DataError as error:
            number += 1
            yield Unreadable(name, number if several else None, str(error))
            continue
        for image in images:
            number += 1
            yield Digit(name, number if several or len(images) > 1 else None, image)


def _pictures(path: Path) -> Array | list[Array]:
    """The pictures in a file, one after another; DataError if it has none that can be read."""
    if path.is_dir():
        raise DataError(f"is a folder without pictures, whose names end in {', '.join(ENDINGS)}")
    if not path.exists():
        raise DataError("there is no such file")
    if not path.is_file():
        raise DataError(f"is no file; give what comes from a pipe as {STREAM}")
    try:
        with path.open("rb") as file:
            start = file.read(6)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from None
    if not start:
        raise DataError("is empty")
    if start == b"\x93NUMPY":
        found = _stack(_npy(path))
    elif start[:2] in (b"\0\0", b"\x1f\x8b"):
        found = _stack(idx.read(path))
    else:
        return [_image(path)]
    if not found.size:
        return []
    if len(found) > MOST:
        raise DataError(f"holds {len(found):,} pictures, and at most {MOST:,} are read of a file")
    return found


def _npy(path: Path) -> Array:
    try:
        # Mapped: a header that promises more than the file holds is found out before it is read.
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # the header is parsed as Python, whose parser fails in many ways
        reason = " ".join(str(error).split())
        raise DataError(f"is a damaged .npy file, or holds Python objects: {reason}") from None
    if array.dtype.kind not in "biuf":
        raise DataError(f"holds an array of {array.dtype}, and pixels are plain numbers")
    return array


def _stack(array: Array) -> Array:
    """The pictures of an array along its first axis."""
    if array.ndim in (1, 2) and array.shape[-1] == SIDE * SIDE:
        return array.reshape(-1, SIDE, SIDE)
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] <= 4):
        return array[np.newaxis]
    if array.ndim in (3, 4):
        return array
    raise DataError(
        f"holds an array of shape {array.shape}; expected a picture (height, width), pictures"
        f" (n, height, width), either with a last axis of channels, or (n, {SIDE * SIDE})"
    )


def _image(path: Path) -> Array:
    """The picture in an image file, upright, the first one if it has several."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise DataError(needs_extra("image files", "pictures")) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # odd metadata, which nobody needs here
            with Image.open(path, formats=FORMATS) as opened:
                opened.draft(None, (2 * LIMIT, 2 * LIMIT))  # decodes a large JPEG at a part of it
                image = ImageOps.exif_transpose(opened)
                if image.mode[0] in "IF":  # 16 bits or more
                    array = np.asarray(image)
                    return array.astype(np.uint16) if array.dtype.kind in "iu" else array
                grey = image.mode in ("1", "L")
                alpha = image.has_transparency_data
                image = image.convert("RGBA" if alpha else "L" if grey else "RGB")
                factor = max(image.size) // LIMIT
                return np.asarray(image.reduce(factor) if factor > 1 else image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DataError(
            f"has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels; scale it down"
        ) from None
    except UnidentifiedImageError:
        known = ", ".join(FORMATS)
        raise DataError(f"is no picture of a known kind: {known}, .npy or IDX") from None
    except Exception as error:  # damage comes as a dozen types, from Pillow, zlib and struct
        raise DataError(f"is damaged: {error}") from None
