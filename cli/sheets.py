"""A picture of images in rows: black ink on white, enlarged so that each pixel is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nnbasic.data.files import replacing
from nnbasic.training.storage import RunError, needs_extra

ENLARGED, GAP, GREY = 4, 1, 208
"""How large a pixel is drawn, how many are between two images, and how light those are."""


def check() -> None:
    """RunError if Pillow is missing."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise RunError(needs_extra("PNG files", "pictures")) from None


def draw(rows: np.ndarray, file: Path) -> None:
    """Draw uint8 images (rows, columns, 784) into a PNG, the first column apart from the others.

    RunError if ``file`` cannot be written.
    """
    from PIL import Image

    down, across = rows.shape[:2]
    around = (0, 0), (0, 0), (GAP, 0), (GAP, 0)
    tiles = np.pad(255 - rows.reshape(down, across, 28, 28), around, constant_values=GREY)
    side = 28 + GAP
    pixels = tiles.swapaxes(1, 2).reshape(down * side, across * side)
    pixels = np.pad(pixels, (0, GAP), constant_values=GREY)  # at the right and below
    pixels = np.insert(pixels, [side] * 2 * GAP, GREY, axis=1)
    picture = Image.fromarray(pixels.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1))
    try:
        with replacing(file) as stream:
            picture.save(stream, "PNG")
    except OSError as error:
        raise RunError(f"{file}: the picture cannot be written: {error.strerror}") from error
