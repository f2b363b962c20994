"""Draw the built-in digits, the same bits on every machine.

``python benchmarks/digits/draw.py data/digits.npz`` makes the file that the package ships.
`strokes` has the skeletons, `pen` draws them, and this module makes labelled sets of them.
"""

import argparse
from pathlib import Path

import numpy as np

from pen import SIDE, Images, Style, write
from strokes import DRAWINGS

TRAIN_COUNT, TEST_COUNT = 12_000, 2_000
TRAIN_SEED, TEST_SEED = 1, 2

_CHUNK = 128  # images drawn at a time: few enough to stay in the processor's cache


def generate(count: int, *, seed: int) -> tuple[Images, Images]:
    """Draw ``count`` digits: images uint8 (count, 28, 28), ink 255 on 0, and labels uint8 (count,).

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
    return images, labels


def pack(images: Images) -> Images:
    """The images in 16 greys, two rows of pixels in one of bytes: uint8 (count, 14, 28)."""
    greys = (images // 17 + (images % 17 > 8)).astype(np.uint8)  # to the nearest multiple of 17
    return greys[:, ::2] << 4 | greys[:, 1::2]


def content() -> dict[str, Images]:
    """The arrays of the file: packed images and labels, those for training first."""
    sets = generate(TRAIN_COUNT, seed=TRAIN_SEED), generate(TEST_COUNT, seed=TEST_SEED)
    images, labels = map(np.concatenate, zip(*sets, strict=True))
    return {"images": pack(images), "labels": labels}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="the file to write, data/digits.npz")
    np.savez_compressed(parser.parse_args().file, **content())


if __name__ == "__main__":
    main()
