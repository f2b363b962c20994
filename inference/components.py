"""Connected pieces of ink."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class _Runs(NamedTuple):
    """Neighbouring inked pixels of a row: ``start`` to before ``stop``; in reading order."""

    row: NDArray[np.intp]
    start: NDArray[np.intp]
    stop: NDArray[np.intp]


def components(mask: Mask) -> tuple[NDArray[np.intp], int]:
    """Label the pieces of ``mask`` (height, width) that hang together, corners included.

    The labels (height, width) are 0 where the mask is not set and count the pieces from 1, in
    reading order of their first pixels; the number is how many there are. Rows are first cut into
    runs; runs that touch then take the lowest number among them, until nothing changes.
    """
    runs = _runs(mask)
    above, below = _touching(runs, mask.shape[1])
    piece = np.arange(len(runs.row))
    while True:
        lowest = piece.copy()
        np.minimum.at(lowest, piece[above], piece[below])
        np.minimum.at(lowest, piece[below], piece[above])
        lowest = lowest[lowest]  # halves the way to the lowest number in each round
        if np.array_equal(lowest, piece):
            break
        piece = lowest
    _, numbers = np.unique(piece, return_inverse=True)
    labels = np.zeros(mask.shape, dtype=np.intp)
    labels[mask] = np.repeat(numbers + 1, runs.stop - runs.start)
    return labels, int(numbers.max(initial=-1)) + 1


def _runs(mask: Mask) -> _Runs:
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = mask
    change = np.diff(padded, axis=1)
    row, start = np.nonzero(change == 1)
    return _Runs(row, start, np.nonzero(change == -1)[1])


def _touching(runs: _Runs, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pairs of runs that touch, each as the numbers of its upper and of its lower run."""
    line = runs.row * (width + 2)
    first = np.searchsorted(line + runs.stop, line + width + 2 + runs.start, side="left")
    last = np.searchsorted(line + runs.start, line + width + 2 + runs.stop, side="right")
    counts = last - first
    upper = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(first, counts) + within
