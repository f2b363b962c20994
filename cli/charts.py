"""What is drawn in text: strips of intervals, curves of accuracies, grey images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click
import numpy as np

from nnbasic.cli.tables import Column
from nnbasic.cli.terminal import Printable, can_show, printable, styled
from nnbasic.training.record import EpochRow

if TYPE_CHECKING:  # a command that only trains need not load the comparison
    from nnbasic.compare.significance import Contrast

LEAST, MOST = 10, 40
"""Between how many columns a strip is wide."""

HEIGHT, WIDTH = 10, 64
"""Lines and columns of the curves."""

COLOURS = ("cyan", "yellow")

NAMES = {"val_accuracy": "validation accuracy", "train_accuracy": "training accuracy"}

BLOCKS = " ▄▀█"
RAMP = " .:-=+*#%@"
EDGE = 1  # the outermost pixels of a digit are nearly always empty; so three fit into 80 columns
PICTURE = 28 - 2 * EDGE


def strips(differences: Sequence[Contrast | None], rows: int, room: int) -> list[Column]:
    """A column with a strip for each row: its difference from the first, within its interval.

    The heading has the ends of the scale in points, and a bar stands at zero. The last of the
    ``rows`` may have no difference. There is none where the terminal has no ``room``, or no
    characters, for it.
    """
    if len(differences) < 2:
        return []
    width = min(room, MOST)
    ends = [(0.0, 0.0) if row is None else row.ci95 or (row.mean,) * 2 for row in differences]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    digits = 1 if high - low >= 0.005 else 2
    scale = tuple(f"{100 * end:+.{digits}f}" if end else "0" for end in (low, high))
    if width < max(LEAST, len(" ".join(scale))) or low == high or not can_show("─●│"):
        return []

    def column(value: float) -> int:
        return round((value - low) / (high - low) * (width - 1))

    lines = []
    for row, (left, right) in zip(differences, ends, strict=True):
        mean = column(row.mean if row else 0.0)
        lines.append(strip(width, column(left), column(right), mean, [column(0.0)]))
    lines += [""] * (rows - len(lines))
    head = f"{scale[0]}{scale[1]:>{width - len(scale[0])}}"
    return [Column(head, list(map(Printable, lines)))]


def strip(width: int, low: int, high: int, point: int, bars: Iterable[int]) -> str:
    """A line from the column ``low`` to ``high`` with a point on it, and bars across."""
    cells = [" "] * width
    cells[low : high + 1] = "─" * (high - low + 1)
    for bar in bars:
        cells[bar] = "│"
    cells[point] = "●"
    return "".join(cells).rstrip()


def curves(
    names: Sequence[str], accuracies: Sequence[Sequence[float | None]], room: int
) -> list[Printable]:
    """The accuracies of one or two runs by epoch, in ``room`` columns, and which is which."""
    marks = ("●", "○", "◉", "·") if can_show("●○◉·") else ("*", "o", "@", ".")
    known = [[value for value in curve if value is not None] for curve in accuracies]
    legend = [
        Printable(f"{styled(mark, fg=colour)} {printable(name)}, best {100 * max(values):.2f} %")
        for mark, colour, name, values in zip(marks, COLOURS, names, known, strict=False)
        if values
    ]
    epochs = max(map(len, accuracies))
    if epochs < 2 or not legend:
        return legend
    low, high = min(map(min, filter(None, known))), max(map(max, filter(None, known)))
    labels = [f"{100 * high:.2f} % ", *[""] * (HEIGHT - 2), f"{100 * low:.2f} % "]
    margin = max(map(len, labels))
    width = max(min(room - margin, WIDTH), 2)
    grid = [[Printable(" ")] * width for _ in range(HEIGHT)]
    for mark, colour, curve in zip(marks, COLOURS, accuracies, strict=False):
        places = [round(epoch / (epochs - 1) * (width - 1)) for epoch in range(len(curve))]
        there = {x: value for x, value in zip(places, curve, strict=True) if value is not None}
        for across in range(min(there, default=0), max(there, default=-1) + 1):
            value = np.interp(across, list(there), list(there.values()))
            row = grid[round((high - value) / (high - low or 1) * (HEIGHT - 1))]
            if across in there:
                both = click.unstyle(row[across]) == marks[0]
                row[across] = styled(marks[2]) if both else styled(mark, fg=colour)
            elif row[across] == " ":
                row[across] = styled(marks[3], fg=colour)
    rows = zip(labels, map("".join, grid), strict=True)
    picture = [Printable(f"{label:>{margin}}{row}".rstrip()) for label, row in rows]
    ends = f"epoch 1{epochs:>{width - len('epoch 1')}}"
    return [*picture, Printable(" " * margin + ends), Printable(""), *legend]


def accuracy_curve(metrics: Sequence[EpochRow], room: int) -> list[Printable]:
    """The curve of one run; without validation, of the training accuracy; none of no epochs."""
    for key, name in NAMES.items():
        accuracies = [getattr(row, key) for row in metrics]
        if any(accuracy is not None for accuracy in accuracies):
            return curves([name], [accuracies], room)
    return []


def side_by_side(images: np.ndarray, captions: Sequence[str], columns: int) -> list[str]:
    """The lines of uint8 images (n, 784), as many side by side as fit into ``columns``.

    A pixel is half a character, inked or not; where the terminal cannot show that, two pixels are
    one ASCII character, darker or lighter. Of a caption that is wider than its image the end stays.
    """
    blocks = can_show(BLOCKS)
    pictures = [_picture(image.reshape(28, 28), blocks) for image in images]
    captions = [printable(caption)[-PICTURE:] for caption in captions]
    lines = []
    for start in range(0, len(pictures), abreast(columns)):
        row = slice(start, start + abreast(columns))
        for cells in [tuple(captions[row]), *zip(*pictures[row], strict=True)]:
            lines.append(" ".join(cell.ljust(PICTURE) for cell in cells).rstrip())
    return lines


def abreast(columns: int) -> int:
    """How many images `side_by_side` puts beside one another."""
    return max(1, (columns + 1) // (PICTURE + 1))


def _picture(image: np.ndarray, blocks: bool) -> list[str]:
    inner = image[EDGE:-EDGE, EDGE:-EDGE].astype(int)
    upper, lower = inner[::2], inner[1::2]
    if blocks:
        # A third of full ink is where the thin strokes of MNIST still hold together.
        codes, characters = 2 * (upper > 85) + (lower > 85), BLOCKS
    else:
        codes, characters = (upper + lower) * len(RAMP) // 511, RAMP
    return ["".join(characters[code] for code in row) for row in codes]
