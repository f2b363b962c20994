"""Reading the digits in files: pictures, arrays, whole folders. Bad files are named, not raised."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from nnbasic.data import DataError, idx
from nnbasic.inference.colours import brightness
from nnbasic.inference.ink import LIMIT
from nnbasic.inference.preparation import SIDE, Image, examine
from nnbasic.model.arrays import Array
from nnbasic.training.storage import needs_extra

if TYPE_CHECKING:
    from PIL.Image import Image as ImageFile

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF")
ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"),
    *(".npy", ".idx", ".idx.gz", "-ubyte", "-ubyte.gz"),
)
"""How the names of pictures end. Only folders go by it: what a file is, its content tells."""

UNREAD = (".heic", ".heif", ".svg", ".psd", ".dng", ".cr2", ".nef", ".arw", ".jp2", ".jxl", ".pdf")
"""How the names of pictures end that are of other formats; folders tell them from other files."""

STREAM = "-"
"""The name of what does not come from a file."""

MOST = 1_000_000
"""The most pictures in a file; a small one can promise thousands of millions, with no pixel."""

PAGES = 100
"""The most pages of a TIFF file."""

_STREAM_BYTES = 1 << 30  # the most that is read of a stream


class Digit(NamedTuple):
    """A digit, prepared; ``number`` counts those of one file from 1, and is None for only one.

    The ``warnings`` say why it may not be what was written.
    """

    file: str
    number: int | None
    image: Image
    warnings: tuple[str, ...] = ()


class Unreadable(NamedTuple):
    """A file, or the picture ``number`` in it, and why there is no digit."""

    file: str
    number: int | None
    reason: str


class Skipped(NamedTuple):
    """A folder, and the files in it, by their names in it, that are no pictures."""

    folder: str
    files: list[str]


Found = Digit | Unreadable | Skipped


def read(
    sources: Iterable[str | os.PathLike[str] | BinaryIO],
    *,
    split: bool = False,
    reframe: bool = True,
) -> Iterator[Found]:
    """The digits in files, folders (with all that they hold) and open binary files, in order.

    Image files need Pillow. Arrays, `.npy` or IDX, hold one picture, as `brightness` takes it, or
    several along a first axis, also with the channels before the rows; (n, 784), (784, n) and
    (28, 28, n) are n pictures of 28 × 28. Files in a folder that are no pictures are
    named. ``split`` reads several digits from one picture, in reading order. Without ``reframe``,
    pictures of 28 × 28 stay as they are, for networks whose images were not made as MNIST's.
    """
    for source in sources:
        if isinstance(source, (str, os.PathLike)):
            pictures, others = _files(Path(source))
            for path in pictures:
                yield from _digits(str(path), path, split, reframe)
            if others:
                yield Skipped(str(source), others)
        else:
            yield from _streamed(source, split, reframe)


def _files(path: Path) -> tuple[list[Path], list[str]]:
    """``path``, or the pictures in it if it is a folder, and the names of what else it shows."""
    if not path.is_dir():
        return [path], []
    files = [
        file
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(part[0] == "." for part in file.relative_to(path).parts)
    ]
    pictures = [file for file in files if file.name.lower().endswith((*ENDINGS, *UNREAD))]
    others = [str(file.relative_to(path)) for file in files if file not in set(pictures)]
    return pictures or [path], others


def _streamed(stream: BinaryIO, split: bool, reframe: bool) -> Iterator[Found]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stream")
        with path.open("wb") as file:
            while file.tell() <= _STREAM_BYTES and (content := stream.read(1 << 20)):
                file.write(content)
        if path.stat().st_size > _STREAM_BYTES:
            yield Unreadable(STREAM, None, "is larger than a gibibyte")
        else:
            yield from _digits(STREAM, path, split, reframe)


def _digits(name: str, path: Path, split: bool, reframe: bool) -> Iterator[Found]:
    try:
        pictures, notes = _pictures(path)
    except DataError as error:
        yield Unreadable(name, None, str(error).removeprefix(f"{path}: "))
        return
    if not len(pictures):
        yield Unreadable(name, None, "holds no picture")
    number = 0
    several = len(pictures) > 1
    for picture in pictures:
        try:
            images, doubts = examine(picture, several=split, reframe=reframe)
        except DataError as error:
            number += 1
            yield Unreadable(name, number if several else None, str(error))
            continue
        for image in images:
            number += 1
            counted = number if several or len(images) > 1 else None
            yield Digit(name, counted, image, (*notes, *doubts))


def _pictures(path: Path) -> tuple[Array | list[Array], list[str]]:
    """The pictures in a file, one after another, and what is to be said of them all.

    DataError if it has none that can be read.
    """
    if path.is_dir():
        raise DataError(f"is a folder without pictures, whose names end in {', '.join(ENDINGS)}")
    if not path.exists():
        raise DataError("there is no such file")
    if not path.is_file():
        raise DataError(f"is no file; give what comes from a pipe as {STREAM}")
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from None
    if not start:
        raise DataError("is empty")
    if start[:6] == b"\x93NUMPY":
        found = _stack(_npy(path))
    elif start[:2] == b"\x1f\x8b" or (start[:2] == b"\0\0" and start[4:8] != b"ftyp"):
        found = _stack(idx.read(path))
    else:
        return _images(path, start)
    if not found.size:
        return [], []
    if len(found) > MOST:
        raise DataError(f"holds {len(found):,} pictures, and at most {MOST:,} are read of a file")
    brightness(found[0])  # what is wrong with all of them is said once
    return found, []


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
    """The pictures of an array along its first axis, with their channels last."""
    shape = array.shape
    pixels = SIDE * SIDE
    if array.ndim in (1, 2) and shape[-1] == pixels:
        return array.reshape(-1, SIDE, SIDE)
    if array.ndim == 2 and shape[0] == pixels:
        return array.T.reshape(-1, SIDE, SIDE)
    if array.ndim == 2 or (array.ndim == 3 and shape[2] <= 4):
        return array[np.newaxis]
    if array.ndim == 3 and shape[:2] == (SIDE, SIDE) != shape[1:]:
        return np.moveaxis(array, 2, 0)
    if array.ndim == 4 and shape[1] <= 4 < shape[3]:
        return np.moveaxis(array, 1, 3)
    if array.ndim == 3 and shape[0] in (3, 4) and shape[1:] != (SIDE, SIDE):
        raise DataError(
            f"holds an array of shape {shape}: one picture in colours, or {shape[0]} pictures?"
            f" Save it as {(*shape[1:], shape[0])}, or as {(*shape, 1)}"
        )
    if array.ndim == 3 or (array.ndim == 4 and shape[3] <= 4):
        return array
    raise DataError(
        f"holds an array of shape {shape}; expected a picture (height, width), pictures"
        f" (n, height, width), either with a last axis of channels, or (n, {pixels})"
    )


def _images(path: Path, start: bytes) -> tuple[list[Array], list[str]]:
    """The pictures in an image file that begins with ``start``: the pages, or the last frame."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise DataError(needs_extra("image files", "pictures")) from None
    known = [name for name in FORMATS if name in {*Image.registered_extensions().values()}]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # odd metadata, which nobody needs here
            with Image.open(path, formats=known) as opened:
                count = getattr(opened, "n_frames", 1)
                if count == 1:
                    return [_array(opened)], []
                if opened.format != "TIFF":
                    opened.seek(count - 1)
                    note = f"is an animation of {count} frames, of which the last is read"
                    return [_array(opened)], [note]
                found = []
                for page in range(min(count, PAGES)):
                    opened.seek(page)
                    found.append(_array(opened))
                more = [f"has {count} pages, of which {PAGES} are read"] if count > PAGES else []
                return found, more
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DataError(
            f"has more than {Image.MAX_IMAGE_PIXELS or 0:,} pixels; scale it down"
        ) from None
    except UnidentifiedImageError:
        if start[4:8] == b"ftyp":
            kind = "AVIF" if start[8:11] == b"avi" else "HEIC"
            raise DataError(
                f"is a picture of the kind {kind}, which is not read; save it as JPEG or PNG, for"
                f" example with: magick {path.name} {path.stem}.jpg"
            ) from None
        raise DataError(f"is no picture of a known kind: {', '.join(known)}, .npy or IDX") from None
    except Exception as error:  # damage comes as a dozen types, from Pillow, zlib and struct
        raise DataError(f"is damaged: {error}") from None


def _array(opened: ImageFile) -> Array:
    """The picture that is open, upright; a very large one is averaged down."""
    from PIL import ImageOps

    opened.draft(None, (2 * LIMIT, 2 * LIMIT))  # decodes a large JPEG at a part of its size
    image = ImageOps.exif_transpose(opened)
    if image.mode[0] in "IF":  # 16 bits or more
        array = np.asarray(image)
        return array.astype(np.uint16) if array.dtype.kind in "iu" else array
    grey = image.mode in ("1", "L")
    alpha = image.has_transparency_data
    image = image.convert("RGBA" if alpha else "L" if grey else "RGB")
    factor = max(image.size) // LIMIT
    return np.asarray(image.reduce(factor) if factor > 1 else image)
