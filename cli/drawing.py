"""Grey images as text: two rows of pixels in each line, so that they keep their proportions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCKS = " ▄▀█"
RAMP = " .:-=+*#%@"
EDGE = 1  # the outermost pixels of a digit are nearly always empty; so three fit into 80 columns


def side_by_side(
    images: np.ndarray, captions: Sequence[str], *, columns: int, blocks: bool
) -> list[str]:
    """The lines of uint8 images (n, 784), as many side by side as fit into ``columns``.

    With ``blocks`` a pixel is half a character, inked or not; otherwise two pixels are one ASCII
    character, darker or lighter.
    """
    pictures = [_picture(image.reshape(28, 28), blocks) for image in images]
    width = 28 - 2 * EDGE
    abreast = max(1, (columns + 1) // (width + 1))
    lines = []
    for start in range(0, len(pictures), abreast):
        row = slice(start, start + abreast)
        for cells in [tuple(captions[row]), *zip(*pictures[row], strict=True)]:
            lines.append(" ".join(cell.ljust(width) for cell in cells).rstrip())
    return lines


def _picture(image: np.ndarray, blocks: bool) -> list[str]:
    inner = image[EDGE:-EDGE, EDGE:-EDGE].astype(int)
    upper, lower = inner[::2], inner[1::2]
    if blocks:
        # A third of full ink is where the thin strokes of MNIST still hold together.
        codes, characters = 2 * (upper > 85) + (lower > 85), BLOCKS
    else:
        codes, characters = (upper + lower) * len(RAMP) // 511, RAMP
    return ["".join(characters[code] for code in row) for row in codes]
