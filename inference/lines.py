"""Straight printed lines: those of ruled paper, boxes and tables, which are not the digit.

A line runs from side to side. It is followed as staff lines of music are, and taken away column
by column except where it is much thicker than elsewhere, for there a stroke crosses it: the method
"LineTrack Height" in Dalitz, Droettboom, Pranzas and Fujinaga, "A comparative study of staff
removal algorithms", IEEE Transactions on Pattern Analysis and Machine Intelligence 30 (2008).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnbasic.inference.components import Mask

STRIPS = 24
"""In so many parts of its length a line is looked for."""

COVERED, PART = 0.5, 0.85
"""A strip belongs to a line if this part of its columns is inked, and so many strips must."""

DRIFT = 0.1
"""The most that a line may rise or fall, as a part of its length: 6°."""

CROSSED = 1.5
"""A column's run of ink that is longer than this many times the line's thickness, and a pixel,
is crossed by a stroke."""

NEAR = 2
"""Pixels by which a line may leave its straight course."""


BOXED = 0.15
"""The least distance between the sides of a box, as a part of the piece."""

SIDES = 0.06
"""The most that the sides of a box may be thick, as a part of it."""


class Lines(NamedTuple):
    """The pixels (height, width) to take away, and the rows that the lines have in the middle."""

    pixels: Mask
    rows: list[float]


def ruled(mask: Mask, thickest: float, outside: Mask | None = None) -> tuple[Lines, Lines]:
    """The lines that run through ``mask`` (height, width) from side to side, and down it.

    No line is thicker than ``thickest`` pixels. Of what is ``outside`` the sheet, nothing is known.
    Of the lines that run down, the rows are columns.
    """
    across = _ruled(mask, thickest, outside)
    # Without those that were found: where two lines cross, each looks like a stroke at first.
    rest = mask & ~across.pixels
    down = _ruled(rest.T, thickest, None if outside is None else outside.T)
    return across, Lines(down.pixels.T, down.rows)


def box_lines(mask: Mask) -> Mask | None:
    """The lines of ``mask``, a piece in its box, if it is a box or several joined; else None."""
    if min(mask.shape) < 2 * STRIPS or mask.mean() > 0.5:
        return None
    found = ruled(mask, max(3.0, SIDES * min(mask.shape)))
    for lines, length in zip(found, mask.shape, strict=True):
        if len(lines.rows) < 2 or np.ptp(lines.rows) < BOXED * length:
            return None
    return found[0].pixels | found[1].pixels


def _ruled(mask: Mask, thickest: float, outside: Mask | None) -> Lines:
    """The lines from side to side."""
    height, width = mask.shape
    found = Lines(np.zeros_like(mask), [])
    if width < 2 * STRIPS or height < 3:
        return found
    votes, drifts = _votes(mask, outside)
    length, middle = _runs(mask)
    while votes.max() >= PART * STRIPS:
        which, row = np.unravel_index(votes.argmax(), votes.shape)
        votes[:, max(0, row - NEAR) : row + NEAR + 1] = 0
        rows = _follow(mask, row + drifts[which] * ((np.arange(width) + 0.5) / width - 0.5))
        columns = np.flatnonzero(rows >= 0)
        runs, centres = length[rows[columns], columns], middle[rows[columns], columns]
        thickness = float(np.median(runs)) if len(runs) else np.inf
        if thickness <= thickest:
            thin = runs <= CROSSED * thickness + 1
            _mark(found.pixels, columns[thin], centres[thin], runs[thin])
            found.rows.append(float(row))
    return found


def _mark(
    pixels: Mask, columns: NDArray[np.intp], centres: NDArray[np.float64], runs: NDArray[np.intp]
) -> None:
    """Set the runs with these centres and lengths in these columns of ``pixels``."""
    last = (centres + (runs - 1) / 2).astype(int)
    for step in range(runs.max(initial=0)):
        pixels[np.maximum(last - step, last - runs + 1), columns] = True


def _votes(mask: Mask, outside: Mask | None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How many strips a line covers that has its middle in a row, for each drift: (drifts, rows).

    0 if it does not reach both sides. A drift is by how many rows it falls on its way.
    """
    height, width = mask.shape
    edges = np.linspace(0, width, STRIPS + 1).astype(int)
    seen = _shares(mask, edges) >= COVERED
    seen[:, 1:-1] |= seen[:, :-2] | seen[:, 2:]
    passed = seen if outside is None else seen | (_shares(outside, edges) >= COVERED)
    most = max(1, int(DRIFT * width))
    # Beyond the picture a line goes on as at its edge: the sides of a box are at its very edge.
    near = [(0, 0), (NEAR, NEAR)]
    beyond = [(0, 0), (most - NEAR, most - NEAR)] if most > NEAR else [(0, 0), (0, 0)]
    seen, passed = (np.pad(np.pad(a, near, mode="edge"), beyond) for a in (seen, passed))
    most = max(most, NEAR)
    drifts = np.arange(-most, most + 1)
    places = (np.arange(STRIPS)[:, np.newaxis] + 0.5) / STRIPS - 0.5
    strips = np.arange(STRIPS)[:, np.newaxis]
    votes = np.zeros((len(drifts), height), dtype=np.intp)
    for index, drift in enumerate(drifts):
        rows = most + np.rint(drift * places).astype(int) + np.arange(height)
        on = passed[strips, rows]
        known = seen[strips, rows].sum(axis=0) >= PART * STRIPS / 2
        votes[index] = np.where(on[0] & on[-1] & known, on.sum(axis=0), 0)
    return votes, drifts


def _shares(mask: Mask, edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """The part of each strip that is set in each row: (strips, rows)."""
    sums = np.add.reduceat(mask, edges[:-1], axis=1, dtype=np.intp)
    return (sums / np.diff(edges)).T


def _runs(mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Of the column's run of ink that each pixel is in: its length, and the row of its middle."""
    height = len(mask)
    rows = np.arange(height)[:, np.newaxis]
    before = np.maximum.accumulate(np.where(mask, -1, rows), axis=0)
    after = np.minimum.accumulate(np.where(mask, height, rows)[::-1], axis=0)[::-1]
    return after - before - 1, (after + before) / 2


def _follow(mask: Mask, course: NDArray[np.float64]) -> NDArray[np.intp]:
    """The row of the inked pixel nearest to ``course`` in each column, or -1."""
    height, width = mask.shape
    columns = np.arange(width)
    found = np.full(width, -1)
    for step in sorted(range(-NEAR - 1, NEAR + 2), key=abs):
        rows = np.rint(course).astype(int) + step
        inked = (rows >= 0) & (rows < height) & mask[np.clip(rows, 0, height - 1), columns]
        found = np.where((found < 0) & inked, rows, found)
    return found
