"""The ink in a picture: what is left when paper, light and noise are taken away.

For photographs and scans of dark ink on light paper, and the reverse, as for drawings made on a
screen.
"""

from __future__ import annotations

import numpy as np

from nnbasic.data import DataError
from nnbasic.inference.components import components
from nnbasic.model.arrays import Array

LIMIT = 1000
"""Pixels along the longer side with which ink is looked for: larger pictures are averaged down."""

GRID, WINDOW = 32, 17
"""Paper is looked at in at most ``GRID`` × ``GRID`` tiles; its brightness at one of them is the
median over ``WINDOW`` × ``WINDOW``. Ink that covers less than half of such a window, which is half
of the picture, does not change it, and the straight edge of a shadow stays an edge."""

FAINT = 0.25
"""The part of the darkest ink below which a pixel is paper."""

STRONG = 0.5
"""A piece of ink must reach this part of the darkest: what does not is a shadow or a ruled line."""

SPECK = 0.02
"""Pieces with less than this part of the pixels of the largest one are specks."""

NOISE, CLEAR = 4.0, 8.0
"""Multiples of the standard deviation of the paper's noise: what is below the first is paper, and
where nothing is above the second, there is no ink."""

CONTRAST = 24.0
"""The least difference between paper and ink, of 255."""

SHADOW = 48.0
"""Paper that is darker counts as if it were so bright."""


def brightness(picture: Array) -> Array:
    """The brightness of ``picture``, float32 (height, width), from 0 to 255.

    ``picture`` is (height, width), or has a last axis of grey (1), with alpha (2), RGB (3) or
    RGBA (4); of uint8, uint16, bools, or floats from 0 to 1. DataError for any other array.
    """
    channels = picture.shape[2] if picture.ndim == 3 else 1
    if picture.ndim not in (2, 3) or channels not in (1, 2, 3, 4) or not picture.size:
        raise DataError(
            f"is an array of shape {picture.shape}; a picture is (height, width), or has a last"
            " axis of 1 to 4 channels"
        )
    alpha = channels % 2 == 0
    values = _levels(picture).reshape(*picture.shape[:2], channels)
    colours = values[:, :, : channels - alpha]
    luma = np.array([0.299, 0.587, 0.114] if channels > 2 else [1], np.float32)  # ITU-R BT.601
    grey: Array = colours @ luma
    if not alpha:
        return grey
    # What is transparent gets the colour that the opaque stands out from.
    opaque = values[:, :, -1] / 255
    light = float((grey * opaque).sum()) < 127.5 * float(opaque.sum())
    return grey * opaque + 255 * light * (1 - opaque)


def _levels(picture: Array) -> Array:
    """The values as float32 from 0 to 255."""
    kind = picture.dtype
    if kind.kind not in "buif":
        raise DataError(f"holds values of type {kind}, which are no brightness")
    with np.errstate(over="ignore"):  # it is refused below
        values = picture.astype(np.float32)
    if kind == np.uint8:
        return values
    if kind == np.uint16:
        return values / np.float32(257)
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        low, high = picture.min(), picture.max()
        raise DataError(
            f"holds values from {low} to {high} of type {kind}; expected uint8, uint16, or numbers"
            " from 0 to 1"
        )
    return values * np.float32(255)


def find_ink(grey: Array) -> Array:
    """The amount of ink in each pixel of a brightness, float32 between 0 (paper) and 1.

    A picture with more than `LIMIT` pixels along a side comes back smaller by a whole factor.
    DataError if there is no ink in it.
    """
    grey = _reduce(grey)
    paper = _paper(grey)
    darkness = paper - grey
    # Paper and its noise differ from their median to both sides alike, ink to one side alone.
    if np.vdot(darkness * darkness, darkness) < 0:  # light ink on dark paper
        darkness, paper = -darkness, 255 - paper
    smooth = _blur(darkness)
    if smooth.max() < max(CONTRAST, CLEAR * _noise(smooth)):
        raise DataError("has no ink that stands out from its paper")
    light = 255 / np.maximum(paper, SHADOW)  # a shadow takes its part of paper and ink alike
    darkness, smooth = darkness * light, smooth * light
    darkest = float(smooth.max())
    faint = max(FAINT * darkest, NOISE * _noise(smooth))
    written = _written(smooth, faint, STRONG * darkest)
    full = np.percentile(darkness[written], 90)
    ink: Array = np.where(written, np.clip(darkness / full, 0, 1), 0)
    return ink


def _written(darkness: Array, faint: float, strong: float) -> Array:
    """Where the pieces are that are darker than ``faint``, ``strong`` somewhere, and no specks."""
    mask = darkness > faint
    labels, count = components(mask)
    pieces = labels[mask]
    darkest = np.zeros(count + 1)
    np.maximum.at(darkest, pieces, darkness[mask])
    size = np.bincount(pieces, minlength=count + 1)
    keep = (darkest >= strong) & (size >= SPECK * size.max())
    found: Array = keep[labels]
    return found


def _reduce(grey: Array) -> Array:
    """``grey`` with at most `LIMIT` pixels along a side: the means of squares of pixels."""
    factor = -(-max(grey.shape) // LIMIT)
    height, width = (length // factor for length in grey.shape)
    if factor == 1 or not height or not width:
        return grey
    squares = grey[: height * factor, : width * factor].reshape(height, factor, width, factor)
    small: Array = squares.mean(axis=(1, 3), dtype=np.float32)
    return small


def _paper(grey: Array) -> Array:
    """The brightness that the paper has, or would have, at each pixel."""
    height, width = grey.shape
    tile = max(1.0, max(height, width) / GRID)
    rows, columns = max(1, round(height / tile)), max(1, round(width / tile))
    down = overlap(height, 0, height / rows, rows).astype(np.float32)
    across = overlap(width, 0, width / columns, columns).astype(np.float32)
    tiles = down @ grey @ across.T
    reach = [min(WINDOW // 2, count - 1) for count in (rows, columns)]
    # Mirrored upside down at the edges, so that a slope of light goes on there as a slope.
    padded = np.pad(tiles, [(r, r) for r in reach], mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, [2 * r + 1 for r in reach])
    medians = np.median(windows.reshape(rows, columns, -1), axis=2)
    paper: Array = _between(height, rows) @ medians @ _between(width, columns).T
    return np.clip(paper, 0, 255)


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
