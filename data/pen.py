"""The pen: turn skeletons into 28×28 images, each as if another hand had written it.

Every machine must draw the same bits, so only operations that IEEE 754 rounds exactly are used, one
at a time: + - * / and square roots of single elements, comparisons, and integers. NumPy's sine,
exponential or normal deviates, and its float sums and matrix products, differ between processors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnbasic.data.strokes import Style

Floats = NDArray[np.float64]

BOX = 20
"""Side in pixels of the box that the ink fills, as in MNIST."""
SIDE = 28
"""Side of an image in pixels."""


def _spread(rng: np.random.Generator, *shape: int) -> Floats:
    """Bell-shaped values of mean 0 and variance 1 within ±3: the sum of three uniform ones."""
    u = rng.random((3, *shape))
    total: Floats = (u[0] + u[1] + u[2]) * 2.0 - 3.0
    return total


def _between(rng: np.random.Generator, low: float, high: float, *shape: int) -> Floats:
    u: Floats = rng.random(shape) * (high - low) + low
    return u


def write(style: Style, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """``count`` images (count, 28, 28) of one style, each with its own random hand and pen."""
    x, y = _deform(style, count, rng)
    px = _follow(style, x)
    py = _follow(style, y)
    radius = _pressure(style, px, py, rng)
    _fit(px, py, radius)
    softness = _between(rng, 0.9, 1.5, count)
    return _centre(_ink(style, px, py, radius, softness))


def _deform(style: Style, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The skeleton's points (count, p) of each writer, x and y, about -1 to 1."""
    drawings = style.drawings
    share = rng.random((count, len(drawings)))
    share = share * share
    total = share[:, 0].copy()
    for column in range(1, len(drawings)):
        total += share[:, column]
    points = np.zeros((count, *drawings.shape[1:]))
    for column, drawing in enumerate(drawings):
        points += (share[:, column] / total)[:, None, None] * drawing
    neat = _between(rng, 0.03, 0.16, count)[:, None]
    x = points[:, :, 0] + neat * style.reach * _spread(rng, count, drawings.shape[1])
    y = points[:, :, 1] + neat * style.reach * _spread(rng, count, drawings.shape[1])
    for end, before in style.ends:
        more = _between(rng, -0.15, 0.25, count)
        x[:, end] += more * (x[:, end] - x[:, before])
        y[:, end] += more * (y[:, end] - y[:, before])
    x = (x - 30.0) / 50.0
    y = (y - 50.0) / 50.0
    x, y = _bend(x, y, rng), _bend(y, x, rng)
    stretch = 1.0 + 0.22 * _spread(rng, count)[:, None] * 0.8
    x = x * stretch
    x = x - (0.12 + 0.2 * _spread(rng, count)[:, None]) * y
    half = 0.06 * _spread(rng, count)[:, None]  # tangent of half the angle of rotation
    cosine = (1.0 - half * half) / (1.0 + half * half)
    sine = 2.0 * half / (1.0 + half * half)
    return x * cosine - y * sine, x * sine + y * cosine


def _bend(along: Floats, across: Floats, rng: np.random.Generator) -> Floats:
    """Coordinate ``along`` under a random smooth warp: a cubic in both coordinates."""
    a = _spread(rng, 5, len(along))[:, :, None]
    square = across * across
    warp = 0.06 * a[0] * square + 0.06 * a[1] * across * along + 0.05 * a[2] * along * along
    warp = warp + 0.05 * a[3] * square * across + 0.05 * a[4] * square * along
    result: Floats = along + warp
    return result


def _follow(style: Style, values: Floats) -> Floats:
    """The pen's path (count, n) from the skeleton's points (count, p), for one coordinate."""
    path = values[:, style.sources[:, 0]] * style.weights[:, 0]
    for k in range(1, 4):
        path += values[:, style.sources[:, k]] * style.weights[:, k]
    return path


def _pressure(style: Style, px: Floats, py: Floats, rng: np.random.Generator) -> Floats:
    """The pen's radius (count, n) at each point of the path, in the path's units."""
    count, n = px.shape
    extent = np.maximum(px.max(1) - px.min(1), py.max(1) - py.min(1))
    u = rng.random((2, count))
    pixels = 0.75 + 1.7 * (0.65 * u[0] + 0.35 * u[1]) * (0.4 + 0.6 * u[1])
    radius = pixels * extent / (BOX - 2.0 * pixels)
    along = np.arange(n) / (n - 1.0)
    start, middle = 0.12 * _spread(rng, 2, count)[:, :, None]
    rough = 0.05 * _spread(rng, count, n)
    factor = 1.0 + start * (1.0 - 2.0 * along) + middle * (1.0 - 4.0 * along * (1.0 - along))
    scaled: Floats = radius[:, None] * np.maximum(factor + rough, 0.4)
    return scaled


def _fit(px: Floats, py: Floats, radius: Floats) -> None:
    """Move and scale the path in place, to pixels, so that its ink just fits the box."""
    left, top = (px - radius).min(1), (py - radius).min(1)
    width, height = (px + radius).max(1) - left, (py + radius).max(1) - top
    scale = BOX / np.maximum(width, height)
    px -= (left + width / 2.0)[:, None]
    py -= (top + height / 2.0)[:, None]
    for values in (px, py, radius):
        values *= scale[:, None]
    px += BOX / 2.0
    py += BOX / 2.0


def _ink(
    style: Style, px: Floats, py: Floats, radius: Floats, softness: Floats
) -> NDArray[np.uint8]:
    """Grey images (count, 20, 20): how much of each pixel the pen covers on its path."""
    count = len(px)
    x32, y32, r32 = (values.astype(np.float32) for values in (px, py, radius))
    centres = np.arange(BOX, dtype=np.float32) + np.float32(0.5)
    depth = np.full((count, BOX, BOX), -BOX, dtype=np.float32)
    a, b, c = (np.empty_like(depth) for _ in range(3))
    for start, end in style.segments:
        sx, sy, sr = (v[:, start, None, None] for v in (x32, y32, r32))
        ex, ey = x32[:, end, None, None] - sx, y32[:, end, None, None] - sy
        length = np.maximum(ex * ex + ey * ey, np.float32(1e-6))
        dx, dy = centres[None, None, :] - sx, centres[None, :, None] - sy
        np.add(dx * (ex / length), dy * (ey / length), out=a)  # how far along the segment
        np.maximum(a, np.float32(0), out=a)
        np.minimum(a, np.float32(1), out=a)
        np.multiply(a, ex, out=b)
        np.subtract(dx, b, out=b)
        np.multiply(b, b, out=b)
        np.multiply(a, ey, out=c)
        np.subtract(dy, c, out=c)
        np.multiply(c, c, out=c)
        np.add(b, c, out=b)
        np.sqrt(b, out=b)
        np.subtract(sr, b, out=b)
        np.maximum(depth, b, out=depth)
    depth /= softness.astype(np.float32)[:, None, None]
    depth += np.float32(0.5)
    np.clip(depth, 0, 1, out=depth)
    depth *= np.float32(255)
    depth += np.float32(0.5)
    return depth.astype(np.uint8)


def _centre(boxes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (count, 28, 28) with the centre of mass of each box's ink moved to the middle."""
    mass = boxes.sum((1, 2), dtype=np.int64)
    numbers = np.arange(BOX, dtype=np.int64)
    images = np.zeros((len(boxes), SIDE, SIDE), dtype=np.uint8)
    # rounding to whole pixels in integers: floor(14 - mean + 1/2)
    corners = [
        ((2 * SIDE // 2 + 1) * mass - 2 * (boxes.sum(axis, dtype=np.int64) * numbers).sum(1))
        // (2 * mass)
        for axis in (2, 1)
    ]
    for image, box, top, left in zip(images, boxes, *np.clip(corners, 0, SIDE - BOX), strict=True):
        image[top : top + BOX, left : left + BOX] = box
    return images
