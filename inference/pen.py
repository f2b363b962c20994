"""A pen that stays as thick as MNIST's, whatever the size of what is written.

`preparation.js` writes with the same one in the page to draw on, pixel for pixel.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from nnbasic.inference.preparation import BOX
from nnbasic.model.arrays import Array

FINE = 10
"""Pixels that are written to for one of MNIST's."""

THICKNESS = 2.5
"""The median width of the strokes of MNIST's test images, in their pixels."""

RADIUS = FINE * THICKNESS / 2
LENGTH = FINE * BOX


def write(strokes: Sequence[ArrayLike]) -> Array:
    """The ink of ``strokes``, float64 between 0 and 1, its longer side of `LENGTH` pixels.

    A stroke is (n, 2): the points x, y through which the pen moves, in any unit, y pointing down.
    ValueError if there is no point.
    """
    lines = [np.asarray(stroke, dtype=np.float64).reshape(-1, 2) for stroke in strokes]
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    # A dot would have no size: it becomes as large as a digit.
    scale = (LENGTH - 2 * RADIUS) / extent.max() if extent.max() > 0 else 0.0
    width, height = np.ceil(extent * scale + 2 * RADIUS).astype(int)
    ink = np.zeros((height, width))
    for line in lines:
        placed = (line - low) * scale + RADIUS
        for a, b in pairwise(placed if len(placed) > 1 else placed.repeat(2, axis=0)):
            _segment(ink, a, b)
    return ink


def _segment(ink: Array, a: Array, b: Array) -> None:
    """Draw a line with round ends from ``a`` to ``b``; at its edge a pixel is inked in part."""
    reach = RADIUS + 1
    left, top = np.maximum(np.floor(np.minimum(a, b) - reach), 0).astype(int)
    right, bottom = np.ceil(np.maximum(a, b) + reach).astype(int)
    part = ink[top:bottom, left:right]
    rows, columns = part.shape
    y = np.arange(top, top + rows)[:, np.newaxis] + 0.5 - a[1]
    x = np.arange(left, left + columns) + 0.5 - a[0]
    dx, dy = b - a
    squared = dx * dx + dy * dy
    along = np.clip((x * dx + y * dy) / squared, 0, 1) if squared > 0 else 0.0
    x, y = x - along * dx, y - along * dy
    distance = np.sqrt(x * x + y * y)
    np.maximum(part, np.clip(RADIUS + 0.5 - distance, 0, 1), out=part)
