"""The built-in digits: 28×28 grey images that look handwritten, the same bits on every machine.

They stand in for MNIST where it cannot be had. `nnbasic.data.strokes` holds the skeletons and
`nnbasic.data.pen` draws them; here they become labelled sets, and a file that saves drawing twice.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbasic.data.pen import SIDE, write
from nnbasic.data.strokes import STYLES

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]

CLASSES = 10
PIXELS = SIDE * SIDE
TRAIN_COUNT, TEST_COUNT = 12_000, 2_000
TRAIN_SEED, TEST_SEED = 1, 2
FILE = "digits.bin"
SHA256 = "855eb8f40cfff1b53b95f91f486fa8ca2906464dbc569284fd20752acf7fa5c2"
"""Of all training images, training labels, test images and test labels, in this order."""

_CHUNK = 128  # images drawn at a time: few enough to stay in the processor's cache


def generate(count: int, *, seed: int) -> tuple[Images, Labels]:
    """Draw ``count`` digits: images uint8 (count, 784), ink 255 on 0, and labels uint8 (count,).

    The classes are as equal in number as ``count`` allows, in random order. The same ``count`` and
    ``seed`` give the same bits on every machine.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = (np.arange(count) % CLASSES).astype(np.uint8)
    labels = labels[np.argsort(rng.random(count), kind="stable")]
    choice = rng.random(count)
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    for digit in range(CLASSES):
        rows = np.flatnonzero(labels == digit)
        styles = [style for style in STYLES if style.digit == digit]
        limits = np.cumsum([style.share for style in styles])
        chosen = np.searchsorted(limits, choice[rows] * limits[-1], side="right")
        for number, style in enumerate(styles):
            mine = rows[chosen == number]
            for first in range(0, len(mine), _CHUNK):
                chunk = mine[first : first + _CHUNK]
                images[chunk] = write(style, len(chunk), rng)
    return images.reshape(count, PIXELS), labels


def load(cache: Path) -> tuple[Images, Labels, Images, Labels]:
    """The built-in set: 12,000 training images and labels, 2,000 test images and labels.

    They are read from the folder ``cache`` if the file there is whole and of this version, else
    drawn and written there for the next time. A folder that cannot be written is no error.
    """
    path = cache / FILE
    content = _read(path)
    if content is None:
        parts = (*generate(TRAIN_COUNT, seed=TRAIN_SEED), *generate(TEST_COUNT, seed=TEST_SEED))
        content = np.concatenate([part.ravel() for part in parts])
        _write(path, content)
    sizes = [TRAIN_COUNT * PIXELS, TRAIN_COUNT, TEST_COUNT * PIXELS, TEST_COUNT]
    train_images, train_labels, test_images, test_labels = np.split(content, np.cumsum(sizes)[:-1])
    return (
        train_images.reshape(TRAIN_COUNT, PIXELS),
        train_labels,
        test_images.reshape(TEST_COUNT, PIXELS),
        test_labels,
    )


def _read(path: Path) -> NDArray[np.uint8] | None:
    """The content of the file, or None unless it is exactly the set of this version."""
    try:
        content = np.fromfile(path, dtype=np.uint8, count=(TRAIN_COUNT + TEST_COUNT) * 785 + 1)
    except OSError:
        return None
    return content if hashlib.sha256(content.data).hexdigest() == SHA256 else None


def _write(path: Path, content: NDArray[np.uint8]) -> None:
    """Put the file in place in one step, so that no other process ever reads half of it."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content.data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
