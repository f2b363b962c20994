"""Which of the dark pixels are writing: lines, boxes, and what reaches the edge are not."""

from typing import NamedTuple

import numpy as np

from nnbasic.data import DataError
from nnbasic.inference.components import Mask
from nnbasic.inference.lines import box_lines, ruled
from nnbasic.inference.pieces import Box, Pieces, filled, find_pieces, numbered
from nnbasic.model.arrays import Array

FAINT, STRONG = 0.25, 0.5
"""Parts of the darkest ink: a pixel below the first is paper, and a piece of ink that does not
reach the second is a shadow or a smudge."""

SPECK = 0.02
"""Pieces with less than this part of the pixels of the largest one are specks."""

LOW = 0.6
"""Lines are looked for in pixels that are darker than this part of the faintest ink."""

THIN = 0.02
"""The most that a ruled line may be thick, as a part of the picture's longer side."""

INNER = 0.08
"""As a part of that too, the longer side of a piece beside which those at the edge are no digit."""

LONG = 0.8
"""What is at the edge and longer than this part of the picture is a frame or a table."""

ENCLOSED = 0.3
"""A piece is a ring around another one whose longer side is at least this part of its own."""

ROUNDS = 4
"""So many times pieces are taken away: a frame first, then what only the frame had outshone."""


class Writing(NamedTuple):
    """The pixels that are writing, and whether some is at the edge, or was left out there."""

    pixels: Mask
    at_edge: bool
    left_out: bool


def find_writing(darkness: Array, inside: Mask, least: float, noise: float) -> Writing:
    """Where the writing is among pixels of some ``darkness`` that lie ``inside`` the sheet.

    Ink is darker than ``noise``, and ``least`` somewhere. DataError if there is none.
    """
    beyond = np.pad(~inside, 1, constant_values=True)
    thickest = max(3.0, THIN * max(inside.shape))
    left_out = False
    for _ in range(ROUNDS):
        faint = max(FAINT * float(darkness.max()), noise)
        across, down = ruled(darkness > LOW * faint, thickest, ~inside)
        darkness = np.where(across.pixels | down.pixels, 0, darkness)
        darkest = float(darkness.max())
        if darkest < least:
            raise DataError("has no ink but lines, and what lies at its edge")
        pieces = find_pieces(darkness > faint)
        strong = _strong(pieces, darkness, STRONG * darkest)
        edge = _at_edge(pieces, strong, beyond)
        gone = numbered(pieces.labels, edge)
        beyond[1:-1, 1:-1] |= gone
        left_out |= any(_like_digit(pieces.boxes[n], inside.shape) for n in edge if n in strong)
        gone |= _boxes(pieces, strong)
        if not gone.any():
            break
        darkness = np.where(_grown(gone), 0, darkness)
    if not strong:
        raise DataError("has no ink that stands out from its paper")
    keep = [n for n in strong if pieces.sizes[n] >= SPECK * pieces.sizes[strong].max()]
    at_edge = not set(keep).isdisjoint(_touching(pieces, beyond))
    return Writing(numbered(pieces.labels, keep), at_edge, left_out)


def _strong(pieces: Pieces, darkness: Array, strong: float) -> list[int]:
    """The pieces that are somewhere as dark as ``strong``."""
    inked = pieces.labels > 0
    darkest = np.zeros(len(pieces.boxes))
    np.maximum.at(darkest, pieces.labels[inked] - 1, darkness[inked])
    return np.flatnonzero(darkest >= strong).tolist()


def _touching(pieces: Pieces, beyond: Mask) -> list[int]:
    """The pieces beside what is ``beyond`` the paper, which is a pixel larger on each side."""
    windows = np.lib.stride_tricks.sliding_window_view(beyond, (3, 3))
    near = np.unique(pieces.labels[windows.any(axis=(2, 3))])
    return [int(number) - 1 for number in near if number]


def _at_edge(pieces: Pieces, strong: list[int], beyond: Mask) -> list[int]:
    """The pieces at the edge, if there is anything else that may be a digit."""
    edge = _touching(pieces, beyond)
    longest = max(pieces.labels.shape)
    inner = any(pieces.boxes[n].side >= INNER * longest for n in set(strong) - set(edge))
    return edge if inner else []


def _like_digit(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a piece at the edge is as large as a digit, and neither a frame nor a table."""
    return INNER * max(shape) <= box.side < LONG * min(shape)


def _boxes(pieces: Pieces, strong: list[int]) -> Mask:
    """The lines of boxes around other pieces or in which a digit touches a side."""
    found = np.zeros(pieces.labels.shape, dtype=bool)
    for number in strong:
        top, bottom, left, right = pieces.boxes[number]
        part = np.s_[top:bottom, left:right]
        piece = pieces.labels[part] == number + 1
        lines = box_lines(piece)
        if lines is not None:
            found[part] |= lines
        elif _encloses(pieces, number, strong):
            found[part] |= piece
    return found


def _encloses(pieces: Pieces, number: int, strong: list[int]) -> bool:
    """Whether a piece is a ring around another one, as a circle or a box with round corners is."""
    box = pieces.boxes[number]
    within = [
        n
        for n in strong
        if n != number
        and pieces.boxes[n].side >= ENCLOSED * box.side
        and box.union(pieces.boxes[n]) == box
    ]
    if not within:
        return False
    part = np.s_[box.top : box.bottom, box.left : box.right]
    labels = pieces.labels[part]
    inside = filled(labels == number + 1)
    return any(inside[labels == n + 1].all() for n in within)


def _grown(mask: Mask) -> Mask:
    """``mask`` and the pixels beside it, to which its blur reaches."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(mask, 1), (3, 3))
    return np.asarray(windows.any(axis=(2, 3)))
