"""Where the sheet of paper is in a picture, and where the table or the shadow of a window is."""

import numpy as np

from nnbasic.inference.components import Mask, components
from nnbasic.inference.pieces import filled
from nnbasic.model.arrays import Array

TILES = 48
"""Along the longer side of a picture; the sheet is looked for in the means of tiles."""

APART = 40.0
"""The least difference between the colours of sheet and table, of 255."""

SHARP, NEAR = 0.5, 0.006
"""At the edge of a sheet this part of the difference is passed from one tile to the next but one.
What has the colour of the sheet is a table, and no shadow, only if as much is passed within
``NEAR`` of the picture's longer side."""

SHADE, HUE = 0.48, 0.12
"""A shadow leaves at least this part of the light, and the same of each colour up to ``HUE``."""

FILLED, BITTEN = 0.8, 0.003
"""A sheet, which may lie turned, fills this part of the rectangle around it, and no larger part of
it may be missing between two of its tiles."""


def opaque_window(alpha: Array) -> Mask | None:
    """Where a picture with ``alpha`` (height, width), 0 to 255, is opaque, if that is a rectangle.

    As a picture of a window is, with a shadow around; None for a drawing on nothing.
    """
    opaque = alpha >= 250
    if opaque.all() or not opaque.any():
        return None
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    box = opaque[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return opaque if box.mean() > 0.95 else None


def find_sheet(colours: Array) -> Mask:
    """Where the sheet is in ``colours`` (height, width, channels); everywhere, if it fills them.

    Tiles fall into two groups along the colours' principal axis, at the threshold that parts them
    best (Otsu, "A threshold selection method from gray-level histograms", 1979). The sheet is the
    group in the middle of the picture, if it is a rectangle with a sharp edge.
    """
    height, width = colours.shape[:2]
    everywhere = np.ones((height, width), dtype=bool)
    side = max(1, -(-max(height, width) // TILES))
    if min(height, width) < 8 * side:
        return everywhere
    tiles = _tiles(colours, side)
    group = _two_groups(tiles)
    rows, columns = group.shape
    middle = group[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4]
    sheet = filled(_largest(group == (middle.mean() > 0.5)))
    if sheet.all() or not (_is_rectangle(sheet) and _differs(sheet, tiles, colours, side)):
        return everywhere
    inner = np.kron(_eroded(sheet), np.ones((side, side), dtype=bool))
    rest = [(0, n - m) for n, m in zip((height, width), inner.shape, strict=True)]
    return np.pad(inner, rest, mode="edge")


def _tiles(colours: Array, side: int) -> Array:
    """The means of tiles of ``side`` pixels, without strokes: medians over 5 × 5 of them."""
    rows, columns = (n // side for n in colours.shape[:2])
    cut = colours[: rows * side, : columns * side]
    means = cut.reshape(rows, side, columns, side, -1).mean(axis=(1, 3))
    padded = np.pad(means, [(2, 2), (2, 2), (0, 0)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    medians: Array = np.median(windows, axis=(3, 4))
    return medians


def _two_groups(tiles: Array) -> Mask:
    flat = tiles.reshape(-1, tiles.shape[2])
    centred = flat - flat.mean(axis=0)
    values = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
    order = np.sort(values)
    below = np.arange(1, len(order))
    sums = np.cumsum(order)
    # The variance between the groups, but for what all thresholds have in common.
    between = sums[:-1] ** 2 / below + (sums[-1] - sums[:-1]) ** 2 / (len(order) - below)
    return np.asarray((values > order[between.argmax()]).reshape(tiles.shape[:2]))


def _largest(mask: Mask) -> Mask:
    labels, _ = components(mask)
    return np.asarray(labels == np.bincount(labels[mask], minlength=2).argmax())


def _is_rectangle(sheet: Mask) -> bool:
    rows, columns = np.flatnonzero(sheet.any(axis=1)), np.flatnonzero(sheet.any(axis=0))
    box = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return bool(box.mean() >= FILLED) and not (_bitten(sheet) or _bitten(sheet.T))


def _bitten(sheet: Mask) -> bool:
    """Whether rows of ``sheet`` have gaps, as where a broad digit reaches the edge of a picture."""
    begun = np.maximum.accumulate(sheet, axis=1)
    goes_on = np.maximum.accumulate(sheet[:, ::-1], axis=1)[:, ::-1]
    gaps = begun & goes_on & ~sheet
    deep = gaps[1:] & gaps[:-1]  # an edge that runs through a row of tiles is ragged by one
    return bool(np.count_nonzero(deep) > BITTEN * np.count_nonzero(sheet))


def _differs(sheet: Mask, tiles: Array, colours: Array, side: int) -> bool:
    """Whether what is beside ``sheet`` has another colour, and is not a shadow that lies on it."""
    inside, outside = np.median(tiles[sheet], axis=0), np.median(tiles[~sheet], axis=0)
    difference = float(np.linalg.norm(inside - outside))
    if difference < APART or _step(sheet, tiles, 1, 2) < SHARP * difference:
        return False
    ratio = np.maximum(outside, 1) / np.maximum(inside, 1)
    ratio = 1 / ratio if ratio.mean() > 1 else ratio  # the middle may be what lies in the shadow
    like_shade = ratio.min() >= SHADE and np.ptp(ratio) <= HUE
    near = max(1, round(NEAR * max(colours.shape)))
    return not like_shade or _step(sheet, colours, side, near) >= SHARP * difference


def _step(sheet: Mask, colours: Array, side: int, distance: int) -> float:
    """The largest difference within ``distance`` pixels at a tile's edge of the sheet, typically.

    A tile has ``side`` × ``side`` pixels of ``colours``.
    """
    found = []
    for axis in (0, 1):
        flags, values = np.moveaxis(sheet, axis, 0), np.moveaxis(colours, axis, 0)
        steps = np.zeros(values.shape[:2])
        steps[: len(values) - distance] = np.linalg.norm(
            values[distance:] - values[:-distance], axis=2
        )
        rows, columns = flags.shape
        blocks = steps[: rows * side, : columns * side].reshape(rows, side, columns, side)
        largest = blocks.max(axis=(1, 3))
        edge = flags[1:] != flags[:-1]
        found.extend(np.maximum(largest[1:], largest[:-1])[edge])
    return float(np.median(found))


def _eroded(mask: Mask) -> Mask:
    """``mask`` without the tiles beside others; beyond the edge of the picture it goes on."""
    padded = np.pad(mask, 1, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return np.asarray(windows.all(axis=(2, 3)))
