"""Skeletons of handwritten digits: the ways in which people write each of the ten.

A style is drawn by hand as text. Points are ``x,y`` with y pointing down, a digit being about 100
units tall; the pen runs through them on a smooth curve, turns sharply at a point marked ``!``, and
is lifted at ``|``. Equal points of one drawing are one point, and move together. The drawings of
one style have the same points in the same order, so that a writer may lie anywhere between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

STEPS = 4
"""Straight pieces between two neighbouring points of a skeleton."""


@dataclass(frozen=True)
class Style:
    """One way of writing a digit, ready to be sampled.

    ``drawings`` (d, p, 2): the points of each drawing. ``reach`` (p,): distance of each point to
    its nearest neighbour on a stroke. ``ends`` (e, 2): free stroke ends, each with the point before
    it. ``sources`` and ``weights`` (n, 4): each point of the pen's path as a weighted sum of four
    skeleton points. ``segments`` (s, 2): the points of the path that the pen connects.
    """

    digit: int
    share: float
    drawings: NDArray[np.float64]
    reach: NDArray[np.float64]
    ends: NDArray[np.intp]
    sources: NDArray[np.intp]
    weights: NDArray[np.float64]
    segments: NDArray[np.intp]


Point = tuple[float, float]


def _parse(drawing: str) -> tuple[list[Point], list[list[int]]]:
    """The points of a drawing in order, and its pieces between corners as positions in them."""
    points: list[Point] = []
    pieces: list[list[int]] = []
    for stroke in drawing.split("|"):
        words = stroke.split()
        start = len(points)
        piece = [start]
        for number, word in enumerate(words):
            x, y = word.rstrip("!").split(",")
            points.append((float(x), float(y)))
            if number:
                piece.append(start + number)
            if word.endswith("!") and 0 < number < len(words) - 1:
                pieces.append(piece)
                piece = [start + number]
        pieces.append(piece)
    for piece in pieces:
        if len(piece) == 2:  # a straight piece gets a middle, so that it can bend
            (ax, ay), (bx, by) = points[piece[0]], points[piece[1]]
            piece.insert(1, len(points))
            points.append(((ax + bx) / 2, (ay + by) / 2))
    return points, pieces


def _curve(piece: list[int]) -> tuple[list[list[int]], list[list[float]]]:
    """Points on the Catmull-Rom spline through ``piece``: four sources and weights for each."""
    padded = [piece[0], *piece, piece[-1]]
    sources, weights = [], []
    for span in range(len(piece) - 1):
        for step in range(STEPS + (span == len(piece) - 2)):
            t = step / STEPS
            sources.append(padded[span : span + 4])
            weights.append(
                [
                    ((2 - t) * t - 1) * t / 2,
                    ((3 * t - 5) * t * t + 2) / 2,
                    ((4 - 3 * t) * t + 1) * t / 2,
                    (t - 1) * t * t / 2,
                ]
            )
    return sources, weights


def compile_style(digit: int, share: float, *drawings: str) -> Style:
    """Turn the drawings of one style into arrays; ValueError if they do not correspond."""
    parsed = [_parse(drawing) for drawing in drawings]
    first, pieces = parsed[0]
    if any(other != pieces for _, other in parsed):
        raise ValueError(f"the drawings of {digit} differ in strokes or corners: {drawings}")
    one = [first.index(point) for point in first]
    pieces = [[one[index] for index in piece] for piece in pieces]
    neighbours = [pair for piece in pieces for pair in pairwise(piece)]
    reach = [100.0] * len(first)
    for a, b in neighbours:
        (ax, ay), (bx, by) = first[a], first[b]
        length = math.sqrt((ax - bx) * (ax - bx) + (ay - by) * (ay - by))
        reach[a], reach[b] = min(reach[a], length), min(reach[b], length)
    uses = [index for pair in neighbours for index in pair]
    ends = [
        (end, before)
        for piece in pieces
        for end, before in ((piece[0], piece[1]), (piece[-1], piece[-2]))
        if uses.count(end) == 1
    ]
    sources: list[list[int]] = []
    weights: list[list[float]] = []
    segments: list[tuple[int, int]] = []
    for piece in pieces:
        begin = len(sources)
        where, how_much = _curve(piece)
        sources += where
        weights += how_much
        segments += [(index, index + 1) for index in range(begin, len(sources) - 1)]
    return Style(
        digit,
        share,
        np.array([points for points, _ in parsed]),
        np.array(reach),
        np.array(ends, dtype=np.intp).reshape(-1, 2),
        np.array(sources, dtype=np.intp),
        np.array(weights),
        np.array(segments, dtype=np.intp),
    )


_DRAWINGS: dict[int, list[tuple[float, list[str]]]] = {
    0: [
        (3, ["30,0 10,12 0,45 6,85 28,100 50,88 60,52 50,14 30,0",
             "52,0 20,20 0,60 6,92 28,100 58,74 76,38 72,8 52,0",
             "30,0 18,14 10,45 14,85 28,100 42,88 48,52 44,14 30,0"]),
        (3, ["38,6 16,6 0,45 8,88 30,100 52,86 60,48 50,14 30,0 14,10",
             "60,4 24,14 0,62 8,96 30,98 60,70 78,34 74,8 52,2 34,14"]),
        (2, ["34,2 10,14 0,50 10,90 32,100 56,86 64,50 58,8",
             "24,6 6,20 0,50 12,90 36,98 62,84 66,46 48,4"]),
        (2, ["30,28 38,8 20,2 4,28 0,60 12,92 34,100 56,82 62,45 44,10",
             "40,22 50,4 28,4 8,34 0,70 10,98 34,96 58,70 68,36 52,6"]),
        (2, ["46,0 14,30 0,70 12,98 38,96 58,62 60,22 46,0",
             "24,0 6,30 0,74 20,98 52,98 72,80 56,34 24,0"]),
        (1, ["10,4! 2,50 10,94 36,98 58,76 56,36 36,8 10,4",
             "20,0! 0,40 8,88 34,100 60,84 64,40 46,10 20,0"]),
    ],
    1: [
        (10, ["30,0 30,100", "90,0 8,100", "20,0 40,100", "60,0 20,100"]),
        (2, ["44,0 30,50 20,100", "36,0 40,50 20,100", "24,0 20,50 30,100"]),
        (1, ["14,16 30,0! 30,100", "30,18 56,0! 24,100", "22,8 30,0! 30,100"]),
        (0.6, ["10,24 30,0! 30,100 | 4,100 56,98", "20,20 48,0! 30,100 | -4,98 66,94"]),
        (0.5, ["30,0 28,92! 40,100", "54,0 22,94! 36,96"]),
    ],
    2: [
        (3, ["5,25 18,4 40,2 55,20 48,45 25,75 3,98! 35,97 66,95",
             "0,22 24,2 54,2 66,20 54,44 26,70 -8,96! 30,92 74,98",
             "4,20 16,2 34,2 42,18 36,45 18,75 2,98! 26,98 48,96"]),
        (3, ["5,25 20,3 45,3 55,25 42,55 18,90 3,96 4,82 20,78 42,90 70,94",
             "10,28 30,2 62,4 66,28 44,60 10,96 -8,94 -2,80 16,78 44,92 86,84",
             "2,34 8,6 36,0 50,22 38,58 14,94 2,94 6,84 22,84 38,94 60,92"]),
        (2, ["5,8 28,4 52,3! 4,96! 34,96 62,97", "0,14 30,4 64,4! 0,94! 40,90 80,92"]),
        (2, ["4,18 24,4 50,4 50,24 30,56 2,95! 22,90 45,97 72,88",
             "0,20 24,2 58,8 52,32 24,62 -10,98! 20,88 54,98 96,80"]),
        (1.5, ["18,36 2,26 14,4 40,0 56,18 46,48 22,78 2,98! 32,96 64,96",
               "22,38 6,26 24,4 54,2 64,22 46,52 16,80 -8,98! 30,90 76,94"]),
        (1, ["10,20 18,2 36,2 40,24 26,60 4,92 2,100! 28,98 58,84",
             "4,28 14,4 40,0 48,24 34,62 14,96 10,100! 30,100 60,92"]),
    ],
    3: [
        (3, ["5,14 25,0 48,8 46,32 22,46! 50,54 56,80 30,100 2,90",
             "14,12 42,0 66,8 54,32 26,46! 52,56 46,82 18,100 -12,94",
             "4,10 20,0 36,10 34,34 16,46! 38,56 42,82 20,100 0,92"]),
        (2, ["5,12 28,0 50,12 42,34 20,46 24,50 50,60 54,84 28,100 0,90",
             "10,14 36,0 58,12 44,36 26,44 30,48 54,60 48,86 20,100 -6,92"]),
        (1.5, ["5,5 28,4 52,3! 24,42! 52,55 55,82 30,100 0,90",
               "8,8 40,2 70,2! 26,42! 54,54 50,82 20,98 -8,92"]),
        (1.5, ["10,12 30,2 50,14 40,36 20,46! 44,50 62,68 46,94 6,96",
               "0,12 28,2 42,18 36,38 18,48! 48,50 66,68 58,90 30,100"]),
        (1.5, ["2,22 8,6 32,0 50,12 40,36 20,44! 48,52 56,78 34,100 0,86",
               "6,24 14,6 40,0 60,12 46,36 28,44! 54,56 52,84 24,100 -6,80"]),
        (1, ["6,10 30,2 46,16 38,34 22,48 14,44 26,42 48,56 50,82 28,100 2,92",
             "10,10 38,2 56,14 44,34 26,50 16,46 32,42 54,58 48,84 20,98 -8,94"]),
    ],
    4: [
        (3, ["10,0 4,30 0,55! 55,52 | 48,5 42,50 38,100",
             "26,0 12,30 0,58! 66,50 | 66,4 50,50 36,100",
             "6,4 4,30 2,52! 44,52 | 42,2 42,50 42,100"]),
        (3, ["5,2 0,36 8,54 30,56 54,48 | 54,0 48,50 44,100",
             "14,2 2,36 6,56 30,54 64,42 | 70,2 52,50 38,100"]),
        (1.2, ["40,0! 0,65! 62,65 | 40,0 40,100", "50,0! 0,62! 76,60 | 50,0 36,100"]),
        (2, ["6,2 2,36 16,52 46,40 54,2! 48,50 44,100",
             "14,4 2,34 14,50 50,38 66,2! 50,50 36,100"]),
        (2, ["30,0 0,60! 72,54 | 62,14 46,54 30,100", "20,0 0,56! 74,56 | 46,20 42,56 38,100"]),
        (1, ["0,0 6,36 26,46 52,36 | 58,0 48,45 34,100",
             "4,4 0,40 20,50 44,44 | 46,0 46,48 50,100"]),
        (0.7, ["44,4 12,14 0,44 10,54 42,44! 48,4! 42,52 38,100",
               "52,0 18,22 0,52 10,58 52,48! 58,0! 46,52 36,100"]),
    ],
    5: [
        (3, ["10,5 7,22 4,42! 30,36 52,55 48,85 25,100 0,90 | 10,5 34,3 58,0",
             "24,6 16,22 8,42! 34,38 48,56 40,84 14,100 -8,92 | 24,6 52,4 84,0"]),
        (3, ["60,2 36,4 14,5! 8,42! 34,38 54,60 45,90 22,100 0,92",
             "92,0 60,6 36,12! 20,44! 44,42 54,62 38,90 10,98 -8,88",
             "46,2 28,4 12,5! 10,40! 28,36 44,58 38,88 18,100 0,94"]),
        (2, ["58,8 34,2 12,14 14,36 42,52 50,78 28,100 0,90",
             "70,4 44,4 22,16 22,38 42,54 42,80 16,98 -14,94"]),
        (1.5, ["12,14 9,28 6,46! 32,42 52,60 45,88 18,100 0,90 | 8,6 34,4 62,2",
               "20,16 14,30 8,46! 34,42 50,60 40,88 14,98 -6,90 | 20,8 50,4 88,2"]),
        (1, ["56,4 34,4 12,5! 10,46! 44,44 54,66 50,92 2,96",
             "62,0 34,4 16,10! 6,40! 40,46 60,66 44,94 0,92"]),
        (0.8, ["48,2 26,0 8,8 8,34 34,42 50,62 36,96 6,100 4,84",
               "60,2 34,2 14,10 14,36 40,44 50,66 30,98 0,96 6,80"]),
    ],
    6: [
        (3, ["45,0 18,28 3,62 12,95 36,100 52,80 42,60 20,62 6,80",
             "62,0 26,26 2,64 10,96 36,98 56,78 48,60 24,66 6,86",
             "30,0 12,28 2,62 10,95 28,100 40,82 34,62 18,62 5,78"]),
        (2.5, ["22,0 8,50 6,85 25,100 48,88 46,65 25,60 8,78",
               "34,0 10,50 2,86 24,100 56,86 54,64 28,62 4,86",
               "14,0 4,50 4,86 18,100 34,88 34,66 20,60 4,74"]),
        (2, ["54,12 38,0 14,20 0,60 12,94 36,100 56,80 44,58 22,58 4,74",
             "60,6 44,0 18,24 2,64 10,96 34,100 50,82 40,64 20,66 6,82"]),
        (1.5, ["40,0 8,40 0,76 20,100 56,94 70,72 52,60 26,68 14,84",
               "36,0 6,36 0,76 26,100 66,96 84,78 66,64 38,72 30,88"]),
        (1, ["38,0 12,45 10,90 30,98 48,78 38,60 22,70 12,96",
             "60,0 20,45 4,92 30,98 58,70 46,58 22,74 0,98"]),
    ],
    7: [
        (3, ["0,8 28,5 55,3! 38,45 20,100", "0,12 34,8 70,0! 40,42 10,100",
             "0,4 22,4 44,4! 38,50 34,100"]),
        (2.5, ["4,24! 6,6! 30,6 58,4! 38,50 25,100", "6,28! 12,8! 40,8 72,0! 40,46 14,100"]),
        (1.5, ["0,8 28,5 55,3! 38,45 20,100 | 14,52 56,46",
               "0,10 34,8 64,2! 44,45 24,100 | 14,50 74,50",
               "4,6 24,4 46,4! 38,48 30,100 | 10,46 60,52"]),
        (2.5, ["0,15 25,3 52,6 54,25 36,60 24,100", "0,20 24,4 62,4 60,24 34,58 10,100",
               "0,10 22,2 44,6 50,26 46,62 44,100"]),
        (1.5, ["0,16 8,6 30,12 58,2! 36,46 18,100", "2,26 10,8 34,14 62,4! 42,50 32,100"]),
        (0.6, ["0,26 8,2 30,8 56,2! 36,46 24,100 | 12,50 58,46",
               "0,22 10,4 30,8 52,4! 40,50 34,100 | 14,54 64,48"]),
    ],
    8: [
        (3, ["50,12 30,0 8,12 14,34 42,58 50,84 28,100 5,86 12,60 42,34 50,12",
             "70,10 46,0 22,14 24,36 42,58 40,86 16,100 -4,86 10,60 48,36 70,10",
             "38,14 24,0 10,14 12,34 32,58 38,84 22,100 6,86 12,60 34,34 38,14"]),
        (2, ["28,46 8,30 12,6 30,0 48,10 46,34 28,46 6,60 2,86 28,100 54,86 50,60 28,46",
             "34,46 16,30 22,6 42,0 60,10 54,34 34,46 10,60 2,86 24,100 50,86 50,60 34,46"]),
        (2.5, ["55,8 30,0 8,14 16,36 44,60 48,86 26,100 4,86 12,60 35,40 62,6",
               "66,12 40,0 16,14 22,36 42,58 38,86 14,100 -6,86 8,62 44,40 90,2",
               "44,4 22,2 8,16 14,38 38,62 40,88 22,100 4,86 10,62 28,42 50,14"]),
        (1.5, ["8,20 20,0 44,6 40,30 10,70 12,96 38,98 46,76 20,40 8,20",
               "18,24 32,2 60,4 52,30 8,72 2,96 28,98 44,76 28,42 18,24"]),
        (1, ["30,44 10,24 30,2 54,14 40,40 12,66 8,92 34,98 40,74 30,44",
             "30,44 20,20 38,0 66,10 48,38 10,70 -2,94 24,98 36,74 30,44"]),
    ],
    9: [
        (3, ["50,12 25,0 4,18 10,42 32,46 50,25 50,12! 46,60 42,100",
             "64,8 34,0 8,22 8,44 32,46 58,22 64,8! 46,58 26,100",
             "40,12 22,0 6,18 10,40 24,44 40,26 40,12! 40,60 40,100"]),
        (1.5, ["50,12 25,0 4,18 10,42 32,46 50,25 50,12! 48,55 38,92 14,100 0,88",
               "56,10 30,0 6,20 10,42 34,46 54,24 56,10! 46,58 26,96 2,100 -10,90"]),
        (2.5, ["52,8 24,2 2,28 14,48 36,36 52,8! 38,55 22,100",
               "60,4 28,6 0,36 14,52 40,34 60,4! 40,54 14,100",
               "44,8 20,2 2,28 14,50 32,38 44,8! 44,56 48,100"]),
        (2, ["44,4 16,6 0,28 12,48 34,44 52,22 48,56 38,100",
             "36,2 10,10 0,34 16,48 40,38 54,16 50,56 46,100"]),
        (1, ["40,10 20,0 2,20 10,42 34,44 50,24 40,8 36,12! 52,24 50,60 46,100",
             "44,10 24,2 4,24 12,46 36,42 54,20 44,6 38,10! 56,22 46,60 30,100"]),
    ],
}  # fmt: skip

STYLES: tuple[Style, ...] = tuple(
    compile_style(digit, share, *drawings)
    for digit, styles in _DRAWINGS.items()
    for share, drawings in styles
)
