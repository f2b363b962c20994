"""Several digits in one picture: which pieces of ink are one digit, and in what order to read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nnbasic.inference.components import components
from nnbasic.model.arrays import Array

ABOVE = 0.5
"""Pieces are of one digit if this part of the narrower one is above or below the other one …"""

SMALL, BESIDE = 0.5, 0.12
"""… or if one is lower than this part of the tallest piece and, also as a part of that height, no
farther to the side of the other one …"""

GAP, TALL = 0.3, 1.3
"""… and if, as parts of that height too, no larger gap is between one and the other below it and
they are not taller together."""

LINE = 0.4
"""A digit continues a line if it shares this part of its height, or of the last digit's there."""


class Box(NamedTuple):
    """Rows ``top`` to before ``bottom`` and columns ``left`` to before ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    def union(self, other: Box) -> Box:
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )


def split(ink: Array) -> list[Array]:
    """The ink of each digit in ``ink`` (height, width), in reading order; touching ones are one."""
    labels, count = components(ink > 0)
    rows = [np.flatnonzero((labels == piece).any(axis=1)) for piece in range(1, count + 1)]
    columns = [np.flatnonzero((labels == piece).any(axis=0)) for piece in range(1, count + 1)]
    boxes = [
        Box(int(r[0]), int(r[-1]) + 1, int(c[0]), int(c[-1]) + 1)
        for r, c in zip(rows, columns, strict=True)
    ]
    digits = _digits(boxes)
    found = []
    for digit in _in_reading_order(list(digits)):
        top, bottom, left, right = digit
        part = np.s_[top:bottom, left:right]
        found.append(np.where(np.isin(labels[part], digits[digit]), ink[part], 0))
    return found


def _digits(boxes: list[Box]) -> dict[Box, list[int]]:
    """The box of each digit, with the numbers of its pieces, from 1."""
    tallest = max(box.bottom - box.top for box in boxes)
    groups = [(box, [number]) for number, box in enumerate(boxes, 1)]
    merged = True
    while merged:
        merged = False
        for index, (one, pieces) in enumerate(groups):
            for other, others in groups[index + 1 :]:
                if _one_digit(one, other, tallest):
                    groups.remove((other, others))
                    groups[index] = (one.union(other), pieces + others)
                    merged = True
                    break
            if merged:
                break
    return dict(groups)


def _one_digit(one: Box, other: Box, tallest: int) -> bool:
    shared = min(one.right, other.right) - max(one.left, other.left)
    narrower = min(one.right - one.left, other.right - other.left)
    lower = min(one.bottom - one.top, other.bottom - other.top)
    near = shared >= ABOVE * narrower or (lower < SMALL * tallest and -shared <= BESIDE * tallest)
    gap = max(one.top, other.top) - min(one.bottom, other.bottom)
    both = one.union(other)
    return near and gap <= GAP * tallest and both.bottom - both.top <= TALL * tallest


def _in_reading_order(boxes: list[Box]) -> list[Box]:
    """Line after line from the top, each from left to right; lines may slope."""
    lines: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.left):
        shared = [_shared_height(box, line[-1]) for line in lines]
        if shared and max(shared) >= LINE:
            lines[shared.index(max(shared))].append(box)
        else:
            lines.append([box])
    lines.sort(key=lambda line: sum(box.top + box.bottom for box in line) / len(line))
    return [box for line in lines for box in line]


def _shared_height(one: Box, other: Box) -> float:
    """How many rows two boxes share, as a part of the lower one's height."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared / min(one.bottom - one.top, other.bottom - other.top)
