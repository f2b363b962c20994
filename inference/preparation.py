"""From a picture with ink to what the networks were trained on: MNIST's 28 × 28 pixels.

As MNIST's makers did it: the tight box of the ink, scaled so that its longer side is 20 pixels,
smoothly, and placed so that its centre of mass is in the middle of 28 × 28 (LeCun, Cortes, Burges,
"The MNIST database of handwritten digits"). `preparation.js` does the same in the page to draw on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnbasic.inference.colours import brightness
from nnbasic.inference.ink import find_ink, overlap
from nnbasic.inference.splitting import main_digit, split
from nnbasic.model.arrays import Array
from nnbasic.model.blas import one_blas_thread

SIDE = 28
BOX = 20
"""Pixels of the longer side of the ink."""

Image = NDArray[np.uint8]
"""28 × 28, ink 255 on 0."""


FINE, THIN = 12, 0.6
"""Digits whose longer side has fewer pixels than the first are too small to be read safely; those
whose strokes have become thinner than the second, in pixels of MNIST, too thin."""


class Prepared(NamedTuple):
    """The digits of a picture, and why some of them may not be what was written."""

    images: list[Image]
    warnings: list[str]


def prepare(picture: Array, *, reframe: bool = True) -> Image:
    """The digit in ``picture``, an array as `brightness` takes it, as MNIST would have it.

    Images that are so already come back as they are; without ``reframe``, so do all of 28 × 28.
    DataError if there is no ink.
    """
    return examine(picture, reframe=reframe).images[0]


def prepare_each(picture: Array) -> list[Image]:
    """The digits that stand in ``picture``, in reading order; digits that touch are taken for one.

    DataError as for `prepare`.
    """
    return examine(picture, several=True).images


@one_blas_thread()
def examine(picture: Array, *, several: bool = False, reframe: bool = True) -> Prepared:
    """What `prepare` returns, or `prepare_each` if ``several``, with warnings."""
    grey = brightness(picture)
    if not several and grey.shape == (SIDE, SIDE) and grey.any():
        image = np.rint(grey).astype(np.uint8)
        if not reframe or np.abs(frame(image).astype(int) - image).max() <= 1:
            return Prepared([image], [])
    ink = find_ink(picture)
    found = split(ink.amount)
    digits = found.inks if several else [main_digit(ink.amount)]
    warnings = []
    if ink.at_edge:
        warnings.append("the ink reaches the edge of the picture, where some may be cut off")
    if ink.left_out:
        warnings.append("ink at the edge of the picture is left out")
    if several and found.signs:
        signs = "1 sign" if found.signs == 1 else f"{found.signs} signs"
        warnings.append(f"what looks like {signs} (minus, point) is left out")
    if not several and len(found.inks) > 1:
        warnings.append(f"seems to hold {len(found.inks)} digits, and one is read; try --split")
    warnings.extend(dict.fromkeys(said for digit in digits for said in _legible(digit)))
    return Prepared([frame(digit) for digit in digits], warnings)


def _legible(ink: Array) -> list[str]:
    """What makes a digit hard to read."""
    mask = np.pad(ink > 0, 1)
    side = max(mask.any(axis=0).sum(), mask.any(axis=1).sum())
    if side < FINE:
        return [f"a digit is only {side} pixels large"]
    # A stroke has an edge on both sides; of one that slants, pixels have 4 / π times as much edge.
    edges = sum(np.count_nonzero(np.diff(mask, axis=axis)) for axis in (0, 1))
    thickness = 2 * np.count_nonzero(mask) / (edges * np.pi / 4)
    return ["the strokes are thin for their length"] if thickness * BOX < THIN * side else []


def frame(ink: Array) -> Image:
    """``ink`` (height, width), all of it that is not 0, scaled and centred as in MNIST."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    tight = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    side = max(tight.shape)
    down, across = (_into_box(length, side) for length in tight.shape)
    box = down @ tight @ across.T
    box = np.floor(box * (255 / box.max()) + 0.5)
    image = np.zeros((SIDE, SIDE), dtype=np.uint8)
    top, left = _offset(box.sum(axis=1)), _offset(box.sum(axis=0))
    image[top : top + BOX, left : left + BOX] = box
    return image


def _into_box(length: int, side: int) -> Array:
    """Weights (BOX, length) that scale ``side`` pixels to `BOX`, with ``length`` in their middle.

    In the middle as far as whole pixels of the box allow: so what has been framed before is
    framed again without a change.
    """
    cell = side / BOX
    before = BOX * (side - length) // (2 * side)
    return overlap(length, -before * cell, cell, BOX)


def _offset(mass: Array) -> int:
    """Where the box begins if the centre of its ``mass`` (BOX,) is to be at 14 and up to 15.

    Counted with the first pixel's centre at 0.5. Nothing is pushed over the edge.
    """
    centre = float(mass @ (np.arange(BOX) + 0.5) / mass.sum())
    return int(np.clip(SIDE // 2 - np.floor(centre), 0, SIDE - BOX))
