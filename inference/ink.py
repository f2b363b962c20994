"""The ink in a picture: what is left when paper, light and noise are taken away.

For photographs and scans of dark ink on light paper, and the reverse, as for drawings made on a
screen. Lines, boxes, a table and a frame are not ink.
"""

from typing import NamedTuple

import numpy as np

from nnbasic.data import DataError
from nnbasic.inference.colours import brightness, colours_of, luma
from nnbasic.inference.components import Mask
from nnbasic.inference.sheet import find_sheet, opaque_window
from nnbasic.inference.writing import find_writing
from nnbasic.model.arrays import Array

LIMIT = 1000
"""Pixels along the longer side with which ink is looked for: larger pictures are averaged down."""

GRID, WINDOW = 32, 17
"""Paper is looked at in at most ``GRID`` × ``GRID`` tiles; its brightness at one of them is the
median over ``WINDOW`` × ``WINDOW``. Ink that covers less than half of such a window, which is half
of the picture, does not change it, and the straight edge of a shadow stays an edge."""

FRAME = 12.0
"""The tiles along an edge are a frame's if they differ by more from those beside them, of 255."""

NOISE, CLEAR = 4.0, 8.0
"""Multiples of the standard deviation of the paper's noise: what is below the first is paper, and
where nothing is above the second, there is no ink."""

CONTRAST = 24.0
"""The least difference between paper and ink, of 255."""

FEW, MORE = 48.0, 2.0
"""Where ink differs by less than ``FEW`` in brightness, it is looked for in another colour, if it
differs there ``MORE`` times as much."""

SHADOW = 48.0
"""Paper that is darker counts as if it were so bright."""


class Ink(NamedTuple):
    """The ``amount`` of ink in each pixel, float32 (height, width) between 0 (paper) and 1.

    Whether some of it lies at the edge of the paper, and whether ink there was left out.
    """

    amount: Array
    at_edge: bool
    left_out: bool


def find_ink(picture: Array) -> Ink:
    """The ink in a picture as `brightness` takes it, each piece of it that may be a digit's.

    A picture with more than `LIMIT` pixels along a side comes back smaller by a whole factor.
    DataError if there is no ink in it.
    """
    try:
        return _ink(*_on_paper(picture))
    except DataError:  # the sheet was none, but a bar so thick that it is a rectangle
        return _ink(*_on_paper(picture, whole=True))


def _ink(colours: Array, inside: Mask) -> Ink:
    """The ink on the paper that is ``inside``."""
    darkness, light = _darkness(colours, inside)
    smooth = _blur(darkness)
    if smooth[inside].max() < max(CONTRAST, CLEAR * _noise(smooth)):
        raise DataError("has no ink that stands out from its paper")
    darkness, smooth = darkness * light, np.where(inside, smooth * light, 0)
    noise = _noise(smooth)
    writing = find_writing(smooth, inside, max(CONTRAST, CLEAR * noise), NOISE * noise)
    full = np.percentile(darkness[writing.pixels], 90)
    if full <= 0:  # it was the blur of a line that was taken away
        raise DataError("has no ink that stands out from its paper")
    amount = np.where(writing.pixels, np.clip(darkness / full, 0, 1), 0)
    return Ink(amount, writing.at_edge, writing.left_out)


def _on_paper(picture: Array, *, whole: bool = False) -> tuple[Array, Mask]:
    """The colours (height, width, 1 or 3) around the sheet, and which of them are of the sheet.

    Without looking for a sheet if the ``whole`` picture is paper.
    """
    colours, alpha = colours_of(picture)
    window = None if alpha is None else opaque_window(alpha)
    if alpha is not None and window is None:
        colours = brightness(picture)[:, :, np.newaxis]
    colours = _reduce(colours)
    inside = np.ones(colours.shape[:2], dtype=bool) if whole else find_sheet(colours)
    if window is not None:
        inside &= _reduce(window[:, :, np.newaxis].astype(np.float32))[:, :, 0] == 1
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return colours[part], inside[part]


def _darkness(colours: Array, inside: Mask) -> tuple[Array, Array]:
    """By how much each pixel is darker than the paper, or lighter where the ink is, and a factor.

    The factor makes up for shadows, which take their part of paper and ink alike. Ink as bright
    as the paper is looked for along its own colour.
    """
    darkness, paper = _beside_paper(luma(colours), inside)
    if colours.shape[2] == 3 and _contrast(darkness) < FEW:
        other, _ = _beside_paper(_hue(colours, inside), inside)
        if _contrast(other) > MORE * _contrast(darkness):
            return other, np.ones_like(other)
    return darkness, 255 / np.maximum(paper, SHADOW)


def _contrast(darkness: Array) -> float:
    return float(np.quantile(_blur(darkness), 0.995))


def _hue(colours: Array, inside: Mask) -> Array:
    """The colours along the axis (height, width) along which they vary most but for their light.

    That is their principal axis at right angles to the colour of the paper.
    """
    paper = np.median(colours[inside], axis=0)
    paper /= max(1.0, float(np.linalg.norm(paper)))
    hues = colours - (colours @ paper)[:, :, np.newaxis] * paper
    centred = hues[inside] - np.median(hues[inside], axis=0)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return np.asarray(hues @ axis + 128, np.float32)


def _beside_paper(grey: Array, inside: Mask) -> tuple[Array, Array]:
    """How far each pixel is from the paper to the side of the ink, and the paper's brightness.

    As if it were dark ink on light paper.
    """
    paper = _paper(grey, inside)
    darkness = np.where(inside, paper - grey, 0)
    rim = max(darkness.shape) // 25  # where there may be a frame
    inner = darkness[rim:-rim, rim:-rim] if 0 < 3 * rim < min(darkness.shape) else darkness
    # Paper and its noise differ from their median to both sides alike, ink to one side alone.
    if np.vdot(inner * inner, inner) < 0:  # light ink on dark paper
        return -darkness, 255 - paper
    return darkness, paper


def _reduce(grey: Array) -> Array:
    """``grey`` with at most `LIMIT` pixels along a side: the means of squares of pixels."""
    factor = -(-max(grey.shape) // LIMIT)
    height, width = (length // factor for length in grey.shape[:2])
    if factor == 1 or not height or not width:
        return grey
    cut = grey[: height * factor, : width * factor]
    squares = cut.reshape(height, factor, width, factor, -1)
    small: Array = squares.mean(axis=(1, 3), dtype=np.float32)
    return small


def _paper(grey: Array, inside: Mask) -> Array:
    """The brightness that the paper has, or would have, at each pixel; it is seen ``inside``."""
    height, width = grey.shape
    tile = max(1.0, max(height, width) / GRID)
    rows, columns = max(1, round(height / tile)), max(1, round(width / tile))
    down = overlap(height, 0, height / rows, rows).astype(np.float32)
    across = overlap(width, 0, width / columns, columns).astype(np.float32)
    seen = down @ inside.astype(np.float32) @ across.T
    tiles = down @ np.where(inside, grey, 0) @ across.T / np.maximum(seen, 0.5)
    tiles[seen < 0.5] = np.median(tiles[seen >= 0.5])
    rims = [_rims(tiles), _rims(tiles.T)]
    tiles = tiles[rims[0][0] : rows - rims[0][1], rims[1][0] : columns - rims[1][1]]
    reach = [min(WINDOW // 2, count - 1) for count in tiles.shape]
    # Mirrored upside down at the edges, so that a slope of light goes on there as a slope.
    padded = np.pad(tiles, [(r, r) for r in reach], mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, [2 * r + 1 for r in reach])
    medians = np.median(windows.reshape(*tiles.shape, -1), axis=2)
    medians = np.pad(medians, rims, mode="reflect", reflect_type="odd")
    paper: Array = _between(height, rows) @ medians @ _between(width, columns).T
    return np.clip(paper, 0, 255)


def _rims(tiles: Array) -> tuple[int, int]:
    """1 for each end at which the row of tiles is a frame's: the paper goes on as beside it."""
    if len(tiles) < 6:
        return 0, 0
    first, second, before, last = np.median(tiles[[0, 1, -2, -1]], axis=1)
    return int(abs(first - second) > FRAME), int(abs(last - before) > FRAME)


def overlap(pixels: int, start: float, side: float, cells: int) -> Array:
    """The weight of each of ``pixels`` in the mean over each of ``cells``: (cells, pixels).

    The cells are ``side`` pixels wide and begin at ``start``.
    """
    edges = start + np.arange(cells + 1) * side
    left = np.arange(pixels)
    shared = np.minimum(edges[1:, np.newaxis], left + 1) - np.maximum(edges[:-1, np.newaxis], left)
    weights: Array = np.maximum(shared, 0) / side
    return weights


def _between(pixels: int, cells: int) -> Array:
    """Weights (pixels, cells) that go linearly from the middle of a cell to the next one's."""
    place = (np.arange(pixels) + 0.5) * cells / pixels - 0.5
    distance = np.abs(np.clip(place, 0, cells - 1)[:, np.newaxis] - np.arange(cells))
    weights: Array = np.maximum(1 - distance, 0).astype(np.float32)
    return weights


def _noise(darkness: Array) -> float:
    """The standard deviation of the paper's noise.

    From a quartile of the differences between pixels a tile apart, since up to half of the pairs
    may have an end in the ink. A normal deviate is within 0.3186 standard deviations of 0 in a
    quarter of all cases, and a difference has √2 times the deviation.
    """
    distance = min(-(-max(darkness.shape) // GRID), darkness.shape[1] - 1)
    if distance < 1:
        return 0.0
    differences = np.abs(darkness[::2, distance:] - darkness[::2, :-distance])
    return float(np.quantile(differences, 0.25)) / (0.3186 * 2**0.5)


def _blur(values: Array) -> Array:
    """The mean over 3 × 3 pixels."""
    padded = np.pad(values, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean: Array = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return mean
