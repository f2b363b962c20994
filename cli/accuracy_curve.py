"""The accuracy of a run by epoch, as a curve of a few lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nnbasic.cli.terminal import encodable
from nnbasic.training.record import EpochRow

ROWS, COLUMNS = 7, 60
"""The characters that the curve takes, at most as many columns."""

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bits of a Braille character's dots, by row and column."""

NAMES = {"val_accuracy": "validation accuracy, %", "train_accuracy": "training accuracy, %"}


def accuracy_curve(metrics: Sequence[EpochRow], room: int) -> list[str]:
    """The lines of the curve; without validation, of the training accuracy; none of no epochs."""
    for key, name in NAMES.items():
        found = [getattr(row, key) for row in metrics]
        values = [100 * share for share in found if share is not None]
        if len(values) == 1:
            return [f"{name}: {values[0]:.2f} after the only epoch"]
        if values:
            return [name, *_plot(values, room)]
    return []


def _plot(values: Sequence[float], room: int) -> list[str]:
    low, high = min(values), max(values)
    labels = [f"{high:.2f}", *[""] * (ROWS - 2), f"{low:.2f}"]
    margin = max(map(len, labels))
    width = max(min(COLUMNS, room - margin - 3), 2)
    corner, bar, side, tick = "└─│┤"
    if encodable(corner) != corner:
        corner, bar, side, tick = "+-|+"
    lines = []
    for label, row in zip(labels, _drawn(values, width), strict=True):
        lines.append(f"{label:>{margin}} {tick if label else side} {row}".rstrip())
    count = str(len(values))
    axis = f"1{count:>{width - 1}}"
    return [*lines, f"{'':{margin}} {corner}{bar * (width + 1)}", f"{'epoch':>{margin}}   {axis}"]


def _drawn(values: Sequence[float], width: int) -> list[str]:
    """The curve through ``values`` in `ROWS` lines of ``width`` characters."""
    cells = [[0] * width for _ in range(ROWS)]
    for x, y in _dots(values, 2 * width, 4 * ROWS):
        cells[y // 4][x // 2] |= DOTS[y % 4][x % 2]
    braille = encodable("⣿") == "⣿"
    return [
        "".join((chr(0x2800 + bits) if braille else "*") if bits else " " for bits in row)
        for row in cells
    ]


def _dots(values: Sequence[float], width: int, height: int) -> set[tuple[int, int]]:
    """The dots (x, y) of a line through ``values``, without gaps; y is 0 at the top."""
    low, span = min(values), (max(values) - min(values)) or 1.0
    places = [
        (round(i * (width - 1) / (len(values) - 1)), (value - low) / span)
        for i, value in enumerate(values)
    ]
    dots = {(x, round((1 - share) * (height - 1))) for x, share in places}
    for (left, start), (right, end) in pairwise(places):
        steps = max(right - left, height)
        for step in range(steps + 1):
            share = start + (end - start) * step / steps
            x = left + (right - left) * step / steps
            dots.add((round(x), round((1 - share) * (height - 1))))
    return dots
