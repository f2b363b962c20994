"""The figures of the report, a function each: from numbers to a matplotlib Figure.

A figure's label describes it to those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.exhibits import Confusion, Course, Curves, Dots, HeatMap, Histograms
from nnbasic.compare.pooling import Pooled
from nnbasic.compare.scales import WITHIN, around, bulk, logit
from nnbasic.compare.theme import (
    DASHES,
    INK,
    LINE,
    MUTED,
    SERIES,
    WIDTH,
    depth,
    logarithmic,
    panels,
    stretched,
    styled,
)
from nnbasic.configs import printable

TITLE, LABEL, NAME = 36, 40, 9
"""How many letters of a title, of a legend's label and of a layer's or a class's name fit."""

NAMES = {"val_accuracy": "validation accuracy, %", "train_loss": "training loss"}

ON_DARK, ON_BRIGHT = "#fefefe", "#101010"
"""Text on the colours of a heat map, which are the same on a dark page."""


@styled
def curves(shown: Curves) -> Figure:
    """Mean curves with their bands: accuracies on the stretched scale, losses on a logarithmic."""
    labels = [_cut(line.label, LABEL) for line in shown.lines]
    columns, below = _legend(labels)
    figure, ((axes,),) = panels(2.02 + below, left=0.58, bottom=0.46 + below)
    for line, label in zip(shown.lines, labels, strict=True):
        band, colour = line.band, SERIES[line.series]
        if band.low is not None and band.high is not None:
            low, high = (np.clip(edge, *shown.limits) for edge in (band.low, band.high))
            axes.fill_between(band.x, low, high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            band.x,
            np.clip(band.mean, *shown.limits),
            color=colour,
            linestyle=DASHES[line.series],
            marker="o" if len(band.x) == 1 else "",
            label=label,
        )
    if shown.y == "val_accuracy":
        stretched(axes, "y", shown.limits)
    else:
        logarithmic(axes, shown.limits)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=shown.x == "epoch", min_n_ticks=1))
    axes.set(title=_cut(shown.title, TITLE), xlabel=shown.x, ylabel=NAMES[shown.y])
    figure.legend(loc="lower center", ncols=columns)
    every = ", ".join(line.label for line in shown.lines)
    return _described(figure, f"{NAMES[shown.y]} by {shown.x}, {shown.title}: {every}")


@styled
def heat_map(shown: HeatMap) -> Figure:
    """A grid of mean accuracies with their texts; brighter is better."""
    low, high = map(logit, shown.limits)
    rows = [_cut(text, 24) for text in shown.rows]
    columns = [_cut(text, 16) for text in shown.columns]
    left, longest = 0.2 + 0.055 * max(map(len, rows)), 0.065 * max(map(len, columns))
    slanted = longest > (WIDTH - left) / len(columns)
    bottom = 0.25 + (0.5 * longest if slanted else 0)
    figure, ((axes,),) = panels(0.3 + bottom + 0.42 * len(rows), left=left, bottom=bottom)
    for (row, column), (mean, text) in shown.cells.items():
        ink = MUTED
        if mean is not None:
            place = (logit(mean) - low) / ((high - low) or 1)
            red, green, blue, _ = matplotlib.colormaps["cividis"](place)
            axes.add_patch(Rectangle((column, row), 1, 1, color=(red, green, blue)))
            ink = ON_DARK if 0.21 * red + 0.72 * green + 0.07 * blue < 0.45 else ON_BRIGHT
        axes.text(column + 0.5, row + 0.5, text, color=ink, ha="center", va="center")
    slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if slanted else {}
    _table(axes, rows, columns, **slant)
    axes.tick_params(labelcolor=INK)
    axes.set_title(f"{_cut(shown.title, TITLE - 14)}  mean ± SD, %".strip())
    names = f"{', '.join(rows)} by {', '.join(columns)}"
    return _described(figure, f"Validation accuracy of {names} {shown.title}".strip())


@styled
def dots(shown: Dots) -> Figure:
    """A row a group: a dot for each run, the mean as a bar, its 95 % interval as a line."""
    labels = [_cut(row.label, 32) for row in shown.rows]
    left = 0.2 + 0.055 * max(map(len, labels))
    figure, ((axes,),) = panels(0.7 + 0.21 * len(labels), left=left, bottom=0.4)
    look: dict[str, Any] = {"alpha": 0.55, "markersize": 4.5, "markeredgewidth": 0}
    for y, (_, values, mean) in enumerate(shown.rows):
        axes.plot(np.clip(values, *WITHIN), [y] * len(values), "o", color=SERIES[0], **look)
        if mean.ci95:
            axes.plot(np.clip(mean.ci95, *WITHIN), [y, y], color=INK, linewidth=1)
        if mean.mean is not None:
            axes.plot(mean.mean, y, "|", color=INK, markersize=9, markeredgewidth=1.6)
    runs = [value for row in shown.rows for value in row.values]
    stretched(axes, "x", around(min(runs), max(runs)))
    axes.set(title="single seeds", xlabel="best validation accuracy, %")
    axes.set(ylim=(len(labels) - 0.5, -0.5))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines["left"].set_visible(False)
    return _described(figure, f"Best validation accuracy of {len(runs)} runs, a dot each")


@styled
def histograms(shown: Histograms) -> Figure:
    """Activations before and after training, a row a layer.

    Those of an unbounded activation are drawn up to where all but half a percent at either end
    lie.
    """
    names = [_cut(layer.name, NAME) for layer in shown.layers]
    pairs = [(layer.before, layer.after) for layer in shown.layers]
    low, high = shown.bounds or bulk([each for pair in pairs for each in pair if each])
    figure, ((left, right),) = panels(
        0.72 + 0.42 * len(names), 1, 2, left=0.55, bottom=0.24, sharex=True, sharey=True
    )
    height = figure.get_figheight()
    figure.subplots_adjust(top=1 - 0.48 / height, wspace=0.16)
    for row, (before, after) in enumerate(pairs):
        _hills(left, row, before, MUTED)
        _hills(right, row, after, SERIES[0])
    left.set(xlim=(low, high), ylim=(len(names), 0))
    left.set_yticks(np.arange(len(names)) + 0.55, names)
    for axes, heading in ((left, "before training"), (right, "after training")):
        axes.set_title(heading, fontsize=8, fontweight="normal", color=MUTED)
        if shown.bounds:
            axes.set_xticks([low, (low + high) / 2, high])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(3, prune="upper"))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    title = figure.suptitle(_cut(shown.title, TITLE), x=0.1 / WIDTH, y=1 - 0.06 / height)
    title.set(ha="left", va="top", fontsize=9, fontweight="bold")
    return _described(figure, f"Histograms of the activations of each layer, {shown.title}")


@styled
def course(shown: Course) -> Figure:
    """Above the gradient's norm; below the shares of dead and of saturated units."""
    names = [_cut(layer.name, NAME) for layer in shown.layers]
    columns, legend = _legend(names)
    figure, ((above,), (below,)) = panels(
        3.1 + legend, 2, left=0.7, bottom=0.46 + legend, sharex=True, height_ratios=(2, 1)
    )
    figure.subplots_adjust(hspace=0.25)
    for number, layer in enumerate(shown.layers):
        colour = depth(number, len(names))
        above.plot(*layer.gradient, label=names[number], color=colour)
        for (epochs, shares), dash in ((layer.dead, DASHES[0]), (layer.saturated, DASHES[2])):
            below.plot(epochs, [100 * share for share in shares], color=colour, linestyle=dash)
    if shown.limits:
        logarithmic(above, shown.limits)
    above.set(title=_cut(shown.title, TITLE), ylabel="gradient norm")
    below.set_title("dead (line) and saturated (dots)", fontsize=8, fontweight="normal")
    below.set(ylabel="units, %", xlabel="epoch", ylim=(-4, 104), yticks=[0, 50, 100])
    below.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    figure.align_ylabels([above, below])
    figure.legend(loc="lower center", ncols=columns)
    words = "Gradient norm, dead and saturated units by layer and epoch"
    return _described(figure, f"{words}, {shown.title}")


@styled
def confusion(shown: Confusion) -> Figure:
    """Test images by true class (row) and predicted class (column); 0 is left empty."""
    classes = [_cut(name, NAME) for name in shown.classes]
    longest = max(map(len, classes))
    room = 0.06 * (longest - 1)
    wrong = shown.counts * (1 - np.eye(len(classes)))
    darkest = math.sqrt(wrong.max() or 1)
    figure, ((axes,),) = panels(WIDTH, left=0.45 + room, bottom=0.4 + room)
    for row, column in zip(*np.nonzero(shown.counts), strict=True):
        count = shown.counts[row, column]
        colour, alpha = SERIES[1], 0.75 * math.sqrt(count) / darkest
        if row == column:
            colour, alpha = SERIES[0], 0.22
        cell = Rectangle((column, row), 1, 1, color=colour, alpha=alpha, linewidth=0)
        axes.add_patch(cell)
        text = f"{count:.0f}" if count >= 0.95 else f"{count:.1f}"[1:]
        axes.text(column + 0.5, row + 0.5, text, fontsize=7.5, ha="center", va="center")
    _table(axes, classes, classes, rotation=90 if longest > 2 else 0)
    axes.set(title=_cut(shown.title, TITLE), xlabel="predicted", ylabel="true", aspect="equal")
    return _described(figure, f"Confusion matrix, {shown.title}")


def _hills(axes: Axes, row: int, found: Pooled | None, colour: str) -> None:
    """A histogram as an area that stands on the lower part of ``row``; 0 is at its bottom."""
    ground = row + 0.9
    axes.axhline(ground, color=LINE, linewidth=0.8)
    if found is not None:
        tops = ground - 0.85 * np.sqrt(found.counts / found.counts.max())
        axes.stairs(tops, found.edges, baseline=ground, fill=True, color=colour, linewidth=0)


def _table(axes: Axes, rows: Sequence[str], columns: Sequence[str], **slant: Any) -> None:
    """Make ``axes`` a grid of cells of size 1, the first one at the top left, without lines."""
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, **slant)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _legend(labels: Sequence[str]) -> tuple[int, float]:
    """The columns of a legend, and how high it is in inches."""
    columns = min(max(int(WIDTH / (0.52 + 0.06 * max(map(len, labels)))), 1), len(labels))
    return columns, 0.04 + 0.16 * math.ceil(len(labels) / columns)


def _described(figure: Figure, description: str) -> Figure:
    figure.set_label(printable(description))
    return figure


def _cut(text: str, length: int) -> str:
    """``text`` as it can be drawn: without control characters, and no longer than ``length``."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
