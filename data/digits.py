"""The built-in digits: 28×28 grey images that look handwritten, the same bits on every machine.

They replace MNIST where it is not available. `nnbasic.data.strokes` has the skeletons,
`nnbasic.data.pen` draws them, and this module makes labelled sets of them, kept in a file.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import numpy as np

from nnbasic.data.files import read_bytes, replacing
from nnbasic.data.pen import SIDE, Images, Style, write
from nnbasic.data.strokes import DRAWINGS

Labels = Images  # uint8 both

PIXELS = SIDE * SIDE
TRAIN_COUNT, TEST_COUNT = 12_000, 2_000
TRAIN_SEED, TEST_SEED = 1, 2
FILE = "digits.bin"
SHA256 = "08531ab528565b458195b9f3095de937dde763a6d6e47f78368aea4569f2c259"
"""Of that file: training images, training labels, test images and test labels, one byte each."""

_CHUNK = 128  # images drawn at a time: few enough to stay in the processor's cache


def generate(count: int, *, seed: int) -> tuple[Images, Labels]:
    """Draw ``count`` digits: images uint8 (count, 784), ink 255 on 0, and labels uint8 (count,).

    The classes are as balanced as ``count`` allows, in random order. The same ``count`` and
    ``seed`` give the same bits on every machine.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = (np.arange(count) % len(DRAWINGS)).astype(np.uint8)
    labels = labels[np.argsort(rng.random(count), kind="stable")]
    choice = rng.random(count)
    images = np.zeros((count, SIDE, SIDE), dtype=np.uint8)
    for digit, styles in DRAWINGS.items():
        rows = np.flatnonzero(labels == digit)
        limits = np.cumsum([share for share, _ in styles])
        chosen = np.searchsorted(limits, choice[rows] * limits[-1], side="right")
        for number, (_, texts) in enumerate(styles):
            style = Style.parse(texts)
            mine = rows[chosen == number]
            for first in range(0, len(mine), _CHUNK):
                chunk = mine[first : first + _CHUNK]
                images[chunk] = write(style, len(chunk), rng)
    return images.reshape(count, PIXELS), labels


def load(cache: Path) -> tuple[Images, Labels, Images, Labels]:
    """The built-in set: 12,000 training images and labels, 2,000 test images and labels.

    They are read from the folder ``cache`` if the file there is complete and of this version, else
    drawn and, if possible, written there for the next time.
    """
    content = _read(cache / FILE)
    if content is None:
        parts = (*generate(TRAIN_COUNT, seed=TRAIN_SEED), *generate(TEST_COUNT, seed=TEST_SEED))
        content = np.concatenate([part.ravel() for part in parts])
        with contextlib.suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
            with replacing(cache / FILE) as file:
                file.write(content.data)
    train, test = np.split(content, [TRAIN_COUNT * (PIXELS + 1)])
    return (*_split(train, TRAIN_COUNT), *_split(test, TEST_COUNT))


def _read(path: Path) -> Images | None:
    """The content of the file; None if it is anything but the set of this version."""
    size = (TRAIN_COUNT + TEST_COUNT) * (PIXELS + 1)
    try:
        content = np.frombuffer(read_bytes(path, size), np.uint8)
    except OSError:
        return None
    return content if hashlib.sha256(content.data).hexdigest() == SHA256 else None


def _split(content: Images, count: int) -> tuple[Images, Labels]:
    """Images (count, 784) and labels (count,): views of the bytes that hold them in this order."""
    return content[: count * PIXELS].reshape(count, PIXELS), content[count * PIXELS :]
