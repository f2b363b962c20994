"""Several digits in one picture: which pieces of ink are one digit, and in what order to read."""

from typing import NamedTuple

import numpy as np

from nnbasic.inference.pieces import Box, find_pieces, numbered
from nnbasic.model.arrays import Array

ABOVE = 0.5
"""Pieces are of one digit if this part of the narrower one is above or below the other one …"""

SMALL, BESIDE = 0.5, 0.12
"""… or if one is lower than this part of the tallest piece and, also as a part of that height, no
farther to the side of the other one …"""

GAP, TALL = 0.3, 1.3
"""… and if, as parts of that height too, no larger gap is between one and the other below it and
they are not taller together."""

FLAT = 0.3
"""What is lower than this part of the tallest piece is a sign, and no digit; nor is a lone piece
that is lower than this part of its width."""

UNDERLINE = 0.15
"""What is near a digit, broader, and lower than this part of its width, is a line beside it."""

NEAR = 0.2
"""Where there is one digit, pieces belong to it that are no farther from the largest one than this
part of its longer side."""

LINE = 0.4
"""A digit continues a line if it shares this part of its height, or of the last digit's there."""


class Digits(NamedTuple):
    """The ink of each digit (height, width), tight, and how many signs are no digits."""

    inks: list[Array]
    signs: int


def split(ink: Array) -> Digits:
    """The digits in ``ink`` (height, width), in reading order; touching ones are one.

    What is low beside the tallest piece, as a minus sign or a point, is no digit.
    """
    pieces = find_pieces(ink > 0)
    tallest = max(box.height for box in pieces.boxes)
    groups = _groups(pieces.boxes, tallest)
    digits = [box for box in groups if box.height >= FLAT * tallest]
    inks = []
    for box in _in_reading_order(digits):
        part = np.s_[box.top : box.bottom, box.left : box.right]
        inks.append(np.where(numbered(pieces.labels[part], groups[box]), ink[part], 0))
    return Digits(inks, len(groups) - len(digits))


def main_digit(ink: Array) -> Array:
    """The ink of the largest piece of ``ink`` (height, width), and of those that are near it."""
    pieces = find_pieces(ink > 0)
    upright = [box for box in pieces.boxes if box.height >= FLAT * box.width]
    main = max(upright or pieces.boxes, key=lambda box: box.side)
    near = [
        number
        for number, box in enumerate(pieces.boxes)
        if box.gap(main) <= NEAR * main.side and not _underlines(box, main)
    ]
    return np.where(numbered(pieces.labels, near), ink, 0)


def _groups(boxes: list[Box], tallest: int) -> dict[Box, list[int]]:
    """The box of each group of pieces that may be a digit, with their indices."""
    groups = [(box, [number]) for number, box in enumerate(boxes)]
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


def _underlines(box: Box, main: Box) -> bool:
    return box.width > main.width and box.height < UNDERLINE * box.width


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
