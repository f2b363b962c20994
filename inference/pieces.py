"""Pieces of ink: where each is, how large."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnbasic.inference.components import Mask, components


class Box(NamedTuple):
    """Rows ``top`` to before ``bottom`` and columns ``left`` to before ``right``."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def side(self) -> int:
        """The longer side."""
        return max(self.height, self.width)

    def union(self, other: Box) -> Box:
        return Box(
            min(self.top, other.top),
            max(self.bottom, other.bottom),
            min(self.left, other.left),
            max(self.right, other.right),
        )

    def gap(self, other: Box) -> int:
        """Pixels between the two, 0 if they overlap or touch."""
        down = max(self.top, other.top) - min(self.bottom, other.bottom)
        across = max(self.left, other.left) - min(self.right, other.right)
        return max(0, down, across)


class Pieces(NamedTuple):
    """Connected pieces: ``labels`` (height, width), 0 or the number of a piece from 1, and of each
    piece, from index 0, its box and its pixels."""

    labels: NDArray[np.intp]
    boxes: list[Box]
    sizes: NDArray[np.intp]


def find_pieces(mask: Mask) -> Pieces:
    """The connected pieces of ``mask`` (height, width)."""
    labels, count = components(mask)
    rows, columns = np.nonzero(mask)
    which = labels[rows, columns] - 1
    bounds = []
    for places, length in ((rows, mask.shape[0]), (columns, mask.shape[1])):
        first, last = np.full(count, length), np.zeros(count, dtype=np.intp)
        np.minimum.at(first, which, places)
        np.maximum.at(last, which, places + 1)
        bounds += [first.tolist(), last.tolist()]
    boxes = [Box(*numbers) for numbers in zip(*bounds, strict=True)]
    return Pieces(labels, boxes, np.bincount(which, minlength=count))


def filled(mask: Mask) -> Mask:
    """``mask`` with its holes."""
    labels, _ = components(np.pad(~mask, 1, constant_values=True))
    return np.asarray(labels[1:-1, 1:-1] != 1)


def numbered(labels: NDArray[np.intp], numbers: list[int]) -> Mask:
    """The pixels of the pieces with these indices from 0."""
    chosen = np.zeros(int(labels.max(initial=0)) + 1, dtype=bool)
    chosen[[number + 1 for number in numbers]] = True
    return np.asarray(chosen[labels])
