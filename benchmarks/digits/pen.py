"""The pen: draw skeletons as 28×28 images, each as if another person had written it.

Every machine must draw the same bits, so only operations that IEEE 754 rounds exactly are used, one
at a time: + - * / and square roots of single elements, comparisons, and integers. NumPy's sine,
exponential and normal deviates, and its float sums and matrix products, differ between processors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Images = NDArray[np.uint8]

BOX = 20
"""Side in pixels of the box that the ink fills, as in MNIST."""
SIDE = 28
"""Side of an image in pixels."""
STEPS = 4
"""Straight segments of the pen's path between two neighbouring points of a skeleton."""


@dataclass(frozen=True)
class Style:
    """One way of writing a digit, prepared for `write`.

    ``drawings`` (d, p, 2): the skeleton's points in each drawing. ``reach`` (p,): the distance of
    each point to its nearest neighbour on a stroke. ``ends``: the free ends of the strokes, each
    with the point before it. ``sources`` and ``weights`` (n, 4): each point of the pen's path as a
    weighted sum of four points of the skeleton. ``segments``: the points of the path between which
    the pen is down.
    """

    drawings: Floats
    reach: Floats
    ends: list[tuple[int, int]]
    sources: NDArray[np.intp]
    weights: Floats
    segments: list[tuple[int, int]]

    @classmethod
    def parse(cls, texts: list[str]) -> Style:
        """Parse drawings of `strokes`; ValueError if their points do not match."""
        parsed = [_parse(text) for text in texts]
        points, pieces = parsed[0]
        if any(other != pieces for _, other in parsed):
            raise ValueError(f"these drawings differ in their strokes or corners: {texts}")
        pieces = [[points.index(points[index]) for index in piece] for piece in pieces]
        path = [(number, *spot) for number, piece in enumerate(pieces) for spot in _curve(piece)]
        return cls(
            drawings=np.array([points for points, _ in parsed]),
            reach=np.array(_reach(points, pieces)),
            ends=_free_ends(pieces),
            sources=np.array([sources for _, sources, _ in path]),
            weights=np.array([weights for _, _, weights in path]),
            segments=[(i, i + 1) for i in range(len(path) - 1) if path[i][0] == path[i + 1][0]],
        )


def write(style: Style, count: int, rng: np.random.Generator) -> Images:
    """``count`` images (count, 28, 28) in one style, each with a random hand and pen."""
    x, y = _slant(*_deform(style, count, rng), rng)
    px, py = _follow(style, x), _follow(style, y)
    radius = _pressure(px, py, rng)
    _fit(px, py, radius)
    softness = _between(rng, 0.9, 1.5, count)
    return _centre(_ink(style, px, py, radius, softness))


def _parse(text: str) -> tuple[list[tuple[float, float]], list[list[int]]]:
    """The points of a drawing in order, and its pieces from corner to corner as indices."""
    points: list[tuple[float, float]] = []
    pieces: list[list[int]] = []
    for stroke in text.split("|"):
        pieces.append([])
        for word in stroke.split():
            x, y = word.rstrip("!").split(",")
            pieces[-1].append(len(points))
            if word.endswith("!"):
                pieces.append([len(points)])
            points.append((float(x), float(y)))
    for piece in pieces:
        if len(piece) == 2:  # a straight piece gets a middle, so that it can bend
            (ax, ay), (bx, by) = points[piece[0]], points[piece[1]]
            piece.insert(1, len(points))
            points.append(((ax + bx) / 2, (ay + by) / 2))
    return points, pieces


def _reach(points: list[tuple[float, float]], pieces: list[list[int]]) -> list[float]:
    """The distance of each point to its nearest neighbour on a stroke."""
    reach = [math.inf] * len(points)
    for a, b in (link for piece in pieces for link in pairwise(piece)):
        dx, dy = points[a][0] - points[b][0], points[a][1] - points[b][1]
        length = math.sqrt(dx * dx + dy * dy)
        reach[a], reach[b] = min(reach[a], length), min(reach[b], length)
    # a repeated point is written as its first occurrence, and its own numbers are not used
    return [0.0 if length == math.inf else length for length in reach]


def _free_ends(pieces: list[list[int]]) -> list[tuple[int, int]]:
    """The stroke ends that touch nothing, each with the point before it."""
    touched = [index for piece in pieces for link in pairwise(piece) for index in link]
    ends = [end for piece in pieces for end in ((piece[0], piece[1]), (piece[-1], piece[-2]))]
    return [end for end in ends if touched.count(end[0]) == 1]


def _curve(piece: list[int]) -> list[tuple[list[int], list[float]]]:
    """Points along the uniform Catmull-Rom spline through ``piece``: four sources and weights."""
    padded = [piece[0], *piece, piece[-1]]
    path = []
    for span in range(len(piece) - 1):
        for step in range(STEPS + (span == len(piece) - 2)):
            t = step / STEPS
            weights = [
                ((2 - t) * t - 1) * t / 2,
                ((3 * t - 5) * t * t + 2) / 2,
                ((4 - 3 * t) * t + 1) * t / 2,
                (t - 1) * t * t / 2,
            ]
            path.append((padded[span : span + 4], weights))
    return path


def _spread(rng: np.random.Generator, *shape: int) -> Floats:
    """Bell-shaped values of mean 0 and variance 1 within ±3: the sum of three uniform ones."""
    u = rng.random((3, *shape))
    bell: Floats = (u[0] + u[1] + u[2]) * 2.0 - 3.0
    return bell


def _between(rng: np.random.Generator, low: float, high: float, count: int) -> Floats:
    """``count`` uniform values."""
    uniform: Floats = rng.random(count) * (high - low) + low
    return uniform


def _deform(style: Style, count: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Each writer's skeleton, x and y (count, p), about -1 to 1: drawings mixed, and noise."""
    share = rng.random((len(style.drawings), count, 1))
    share = share * share
    total, x, y = 0.0, 0.0, 0.0
    for part, drawing in zip(share, style.drawings, strict=True):
        total = total + part
        x = x + part * drawing[:, 0]
        y = y + part * drawing[:, 1]
    u = rng.random((2, count, 1))
    untidy = (0.04 + 0.26 * u[0] * u[1]) * style.reach
    x = x / total + untidy * _spread(rng, count, len(style.reach))
    y = y / total + untidy * _spread(rng, count, len(style.reach))
    for end, before in style.ends:  # strokes begin and end late or early
        more = _between(rng, -0.3, 0.4, count)
        x[:, end] += more * (x[:, end] - x[:, before])
        y[:, end] += more * (y[:, end] - y[:, before])
    x, y = (x - 30.0) / 50.0, (y - 50.0) / 50.0
    return x + _bend(x, y, rng), y + _bend(y, x, rng)


def _bend(along: Floats, across: Floats, rng: np.random.Generator) -> Floats:
    """A smooth random displacement of the coordinate ``along``: quadratic and cubic terms."""
    a = _spread(rng, 5, len(along), 1)
    square = across * across
    bend: Floats = 0.09 * (a[0] * square + a[1] * across * along + a[2] * along * along)
    bend += 0.07 * (a[3] * square * across + a[4] * square * along)
    return bend


def _slant(x: Floats, y: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Narrow or widen, slant and turn each skeleton."""
    width, slant, turn = _spread(rng, 3, len(x), 1)
    x = x * (1.0 + 0.18 * width) - (0.08 + 0.22 * slant) * y
    half = 0.06 * turn  # the tangent of half the angle gives its sine and cosine without either
    scale = 1.0 + half * half
    cosine, sine = (1.0 - half * half) / scale, 2.0 * half / scale
    return x * cosine - y * sine, x * sine + y * cosine


def _follow(style: Style, values: Floats) -> Floats:
    """The pen's path (count, n) from the skeleton's points (count, p), for one coordinate."""
    path = values[:, style.sources[:, 0]] * style.weights[:, 0]
    for k in range(1, 4):
        path += values[:, style.sources[:, k]] * style.weights[:, k]
    return path


def _pressure(px: Floats, py: Floats, rng: np.random.Generator) -> Floats:
    """The pen's radius (count, n) along the path, in units of the path, varying with pressure."""
    count, n = px.shape
    extent = np.maximum(px.max(1) - px.min(1), py.max(1) - py.min(1))
    u = rng.random((2, count))
    pixels = 0.68 + 1.55 * (0.65 * u[0] + 0.35 * u[1]) * (0.4 + 0.6 * u[1])
    radius = pixels * extent / (BOX - 2.0 * pixels)
    along = np.arange(n) / (n - 1.0)
    start, middle = 0.2 * _spread(rng, 2, count, 1)
    tremble = 0.14 * _spread(rng, count, n)
    factor = 1.0 + start * (1.0 - 2.0 * along) + middle * (1.0 - 4.0 * along * (1.0 - along))
    pressure: Floats = radius[:, None] * np.maximum(factor + tremble, 0.4)
    return pressure


def _fit(px: Floats, py: Floats, radius: Floats) -> None:
    """Move and scale the path in place, to pixels, so that its ink just fits the box."""
    left, top = (px - radius).min(1), (py - radius).min(1)
    width, height = (px + radius).max(1) - left, (py + radius).max(1) - top
    scale = (BOX / np.maximum(width, height))[:, None]
    px -= (left + width / 2.0)[:, None]
    py -= (top + height / 2.0)[:, None]
    for values in (px, py, radius):
        values *= scale
    px += BOX / 2.0
    py += BOX / 2.0


def _ink(style: Style, px: Floats, py: Floats, radius: Floats, softness: Floats) -> Images:
    """Grey images (count, 20, 20): ink 255 within the pen's radius of the path, soft at its edge.

    float32, and the same few buffers for all segments, keep the work in the processor's cache.
    """
    x, y, r = (values.astype(np.float32)[:, :, None, None] for values in (px, py, radius))
    centres = np.arange(BOX, dtype=np.float32) + np.float32(0.5)
    column, row = centres[None, :], centres[:, None]
    depth = np.full((len(px), BOX, BOX), -BOX, dtype=np.float32)  # how far inside the ink
    along, distance, square = (np.empty_like(depth) for _ in range(3))
    for start, end in style.segments:
        ex, ey = x[:, end] - x[:, start], y[:, end] - y[:, start]
        dx, dy = column - x[:, start], row - y[:, start]
        length = np.maximum(ex * ex + ey * ey, np.float32(1e-6))
        np.add(dx * (ex / length), dy * (ey / length), out=along)
        np.clip(along, 0, 1, out=along)
        np.multiply(along, ex, out=distance)
        np.subtract(dx, distance, out=distance)
        np.multiply(distance, distance, out=distance)
        np.multiply(along, ey, out=square)
        np.subtract(dy, square, out=square)
        np.multiply(square, square, out=square)
        np.add(distance, square, out=distance)
        np.sqrt(distance, out=distance)
        np.subtract(r[:, start], distance, out=distance)
        np.maximum(depth, distance, out=depth)
    depth /= softness.astype(np.float32)[:, None, None]
    depth += np.float32(0.5)
    np.clip(depth, 0, 1, out=depth)
    depth *= np.float32(255)
    depth += np.float32(0.5)
    return depth.astype(np.uint8)


def _centre(boxes: Images) -> Images:
    """Images (count, 28, 28) with each box where its ink's centre of mass is in the middle."""
    mass = boxes.sum((1, 2), dtype=np.int64)
    corners = []
    for axis in (2, 1):
        moment = boxes.sum(axis, dtype=np.int64) @ np.arange(BOX, dtype=np.int64)
        corner = ((SIDE + 1) * mass - 2 * moment) // (2 * mass)  # 14 - moment / mass, rounded
        corners.append(np.clip(corner, 0, SIDE - BOX))
    images = np.zeros((len(boxes), SIDE, SIDE), dtype=np.uint8)
    for image, box, top, left in zip(images, boxes, *corners, strict=True):
        image[top : top + BOX, left : left + BOX] = box
    return images
