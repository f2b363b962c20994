"""The figures of the report, a function each: from numbers to a matplotlib Figure.

A figure's label describes it to those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.colours import DASHES, INK, LINE, MUTED, SERIES
from nnbasic.compare.exhibits import Confusion, Course, Curves, Dots, HeatMap, Histograms
from nnbasic.compare.levels import Choice, Effect
from nnbasic.compare.pooling import Pooled
from nnbasic.compare.scales import WITHIN, around, bulk, logit
from nnbasic.compare.theme import (
    TEXT,
    TITLE,
    WIDTH,
    Drawn,
    depth,
    inches,
    logarithmic,
    panels,
    stretched,
    styled,
)
from nnbasic.configs import printable

T = TypeVar("T")

HEADING, LABEL, NAME = 40, 44, 9
"""How many letters of a title, of a legend's label and of a layer's name there is room for."""

ABREAST = 4
"""How many panels stand side by side in a file."""

MOST_BANDS = 6
"""With how many lines in a panel their bands can still be told apart."""

NAMES = {"val_accuracy": "validation accuracy, %", "train_loss": "training loss"}

ON_DARK, ON_BRIGHT = "#fefefe", "#101010"
"""Text on the colours of a heat map, which are the same on a dark page."""


@styled
def effects(shown: Sequence[Choice], on: SubFigure | None = None) -> Drawn:
    """A row a level: its difference from the best level with the interval, and its mean."""
    rows: list[tuple[str, Effect | None]] = []
    for choice in shown:
        rows += [(choice.title, None)] * bool(choice.title)
        rows += [(_cut(each.label, 28), each) for each in choice.effects]
    left = 0.25 + 0.065 * max(len(label) for label, each in rows if each)
    figure, ((axes,),) = panels(0.78 + 0.24 * len(rows), left=left, bottom=0.46, on=on)
    figure.subplots_adjust(right=1 - 0.62 / WIDTH)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    side: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center"}
    for y, (label, each) in enumerate(rows):
        if each is None:
            axes.annotate(label, (0, y), (-72 * left + 8, 0), textcoords="offset points", **side)
            continue
        name = {"textcoords": "offset points", "ha": "right", **side}
        axes.annotate(label, (0, y), (-6, 0), color=INK, **name)
        if each.ci95:
            ends = [100 * end for end in each.ci95]
            axes.plot(ends, [y, y], color=each.look.colour, linewidth=2.2)
        axes.plot(100 * each.difference, y, "o", color=each.look.colour, markersize=6.5)
        axes.annotate(f"{100 * each.mean:.2f}", (1.02, y), **side)
    axes.annotate("mean %", (1.02, -1), **side, color=MUTED, annotation_clip=False)
    axes.set(title="Effect of each choice", ylim=(len(rows) - 0.5, -0.5), yticks=[])
    axes.set_xlabel("points of validation accuracy from the best level", loc="right")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.spines["left"].set_visible(False)
    words = ", ".join(label for label, each in rows if each)
    return _described(figure, f"Difference of each level from the best one of its choice: {words}")


@styled
def curves(shown: Curves, on: SubFigure | None = None) -> Drawn:
    """Mean curves: accuracies on the stretched scale, losses on a logarithmic one.

    With their bands, unless there are more than `MOST_BANDS`.
    """
    key = [(_cut(label, LABEL), look) for label, look in shown.key]
    columns, below = _legend([label for label, _ in key])
    figure, ((axes,),) = panels(2.75 + below, left=0.62, bottom=0.5 + below, on=on)
    for line in shown.lines:
        band, colour = line.band, line.look.colour
        if band.low is not None and band.high is not None and len(shown.lines) <= MOST_BANDS:
            low, high = (np.clip(edge, *shown.limits) for edge in (band.low, band.high))
            axes.fill_between(band.x, low, high, color=colour, alpha=0.18, linewidth=0)
        mean, dash = np.clip(band.mean, *shown.limits), DASHES[line.look.dash]
        marker = "o" if len(band.x) == 1 else ""
        axes.plot(band.x, mean, color=colour, linestyle=dash, marker=marker)
    if shown.y == "val_accuracy":
        stretched(axes, "y", shown.limits)
    else:
        logarithmic(axes, shown.limits)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=shown.x == "epoch", min_n_ticks=1))
    name = NAMES[shown.y]
    title = _cut(shown.title, HEADING) or f"{name.partition(',')[0].capitalize()} by {shown.x}"
    axes.set(title=title, xlabel=shown.x, ylabel=name)
    handles = [Line2D([], [], color=look.colour, linestyle=DASHES[look.dash]) for _, look in key]
    figure.legend(handles, [label for label, _ in key], loc="lower center", ncols=columns)
    every = ", ".join(line.label for line in shown.lines)
    where = ", ".join(filter(None, [f"{name} by {shown.x}", shown.title]))
    return _described(figure, f"{where}: {every}")


@styled
def heat_map(shown: HeatMap, on: SubFigure | None = None) -> Drawn:
    """A grid of mean accuracies with their texts; brighter is better."""
    low, high = map(logit, shown.limits)
    rows = [_cut(text, 24) for text in shown.rows]
    columns = [_cut(text, 16) for text in shown.columns]
    left, longest = 0.22 + 0.062 * max(map(len, rows)), 0.07 * max(map(len, columns))
    slanted = longest > (WIDTH - left) / len(columns)
    bottom = 0.28 + (0.5 * longest if slanted else 0)
    height = 0.34 + bottom + 0.48 * len(rows)
    figure, ((axes,),) = panels(height, left=left, bottom=bottom, on=on)
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
    axes.set_title(f"{_cut(shown.title, HEADING - 14)}  mean ± SD, %".strip())
    names = f"{', '.join(rows)} by {', '.join(columns)}"
    return _described(figure, f"Validation accuracy of {names} {shown.title}".strip())


@styled
def dots(shown: Dots, on: SubFigure | None = None) -> Drawn:
    """A row a group: a dot for each run, the mean as a bar, its 95 % interval as a line."""
    labels = [_cut(row.label, 32) for row in shown.rows]
    left = 0.22 + 0.062 * max(map(len, labels))
    figure, ((axes,),) = panels(0.8 + 0.21 * len(labels), left=left, bottom=0.46, on=on)
    look: dict[str, Any] = {"alpha": 0.55, "markersize": 4.5, "markeredgewidth": 0}
    for y, (_, values, mean, own) in enumerate(shown.rows):
        axes.plot(np.clip(values, *WITHIN), [y] * len(values), "o", color=own.colour, **look)
        if mean.ci95:
            axes.plot(np.clip(mean.ci95, *WITHIN), [y, y], color=INK, linewidth=1)
        if mean.mean is not None:
            axes.plot(mean.mean, y, "|", color=INK, markersize=9, markeredgewidth=1.6)
    runs = [value for row in shown.rows for value in row.values]
    stretched(axes, "x", around(min(runs), max(runs)))
    axes.set(title="Every seed", xlabel="best validation accuracy, %")
    axes.set(ylim=(len(labels) - 0.5, -0.5))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines["left"].set_visible(False)
    return _described(figure, f"Best validation accuracy of {len(runs)} runs, a dot each")


@styled
def histograms(shown: Histograms, on: SubFigure | None = None) -> Drawn:
    """Activations before and after training, a row a layer.

    Those of an unbounded activation are drawn up to where all but half a percent at either end
    lie.
    """
    names = [_cut(layer.name, NAME) for layer in shown.layers]
    pairs = [(layer.before, layer.after) for layer in shown.layers]
    low, high = shown.bounds or bulk([each for pair in pairs for each in pair if each])
    figure, ((left, right),) = panels(
        0.8 + 0.48 * len(names), 1, 2, left=0.62, bottom=0.28, on=on, sharex=True, sharey=True
    )
    height = inches(figure)
    figure.subplots_adjust(top=1 - 0.52 / height, wspace=0.16)
    for row, (before, after) in enumerate(pairs):
        _hills(left, row, before, MUTED)
        _hills(right, row, after, shown.look.colour)
    left.set(xlim=(low, high), ylim=(len(names), 0))
    left.set_yticks(np.arange(len(names)) + 0.55, names)
    for axes, heading in ((left, "before training"), (right, "after training")):
        axes.set_title(heading, fontsize=TEXT, fontweight="normal", color=MUTED)
        if shown.bounds:
            axes.set_xticks([low, (low + high) / 2, high])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(3, prune="upper"))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    title = figure.suptitle(_cut(shown.title, HEADING), x=0.1 / WIDTH, y=1 - 0.06 / height)
    title.set(ha="left", va="top", fontsize=TITLE, fontweight="bold")
    return _described(figure, f"Histograms of the activations of each layer, {shown.title}")


@styled
def course(shown: Course, on: SubFigure | None = None) -> Drawn:
    """Above the gradient's norm; below the shares of dead and of saturated units."""
    names = [_cut(layer.name, NAME) for layer in shown.layers]
    columns, legend = _legend(names)
    figure, ((above,), (below,)) = panels(
        3.3 + legend, 2, left=0.74, bottom=0.5 + legend, on=on, sharex=True, height_ratios=(2, 1)
    )
    figure.subplots_adjust(hspace=0.25)
    for number, layer in enumerate(shown.layers):
        colour = depth(number, len(names))
        above.plot(*layer.gradient, label=names[number], color=colour)
        for (epochs, shares), dash in ((layer.dead, DASHES[0]), (layer.saturated, DASHES[2])):
            below.plot(epochs, [100 * share for share in shares], color=colour, linestyle=dash)
    if shown.limits:
        logarithmic(above, shown.limits)
    above.set(title=_cut(shown.title, HEADING), ylabel="gradient norm")
    below.set_title("dead (line) and saturated (dots)", fontsize=TEXT, fontweight="normal")
    below.set(ylabel="units, %", xlabel="epoch", ylim=(-4, 104), yticks=[0, 50, 100])
    below.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    figure.align_ylabels([above, below])
    figure.legend(loc="lower center", ncols=columns)
    words = "Gradient norm, dead and saturated units by layer and epoch"
    return _described(figure, f"{words}, {shown.title}")


@styled
def confusion(shown: Confusion) -> Drawn:
    """Test images by true class (row) and predicted class (column); 0 is left empty."""
    classes = [_cut(name, NAME) for name in shown.classes]
    longest = max(map(len, classes))
    room = 0.06 * (longest - 1)
    wrong = shown.counts * (1 - np.eye(len(classes)))
    darkest = math.sqrt(wrong.max() or 1)
    figure, ((axes,),) = panels(WIDTH, left=0.45 + room, bottom=0.44 + room)
    for row, column in zip(*np.nonzero(shown.counts), strict=True):
        count = shown.counts[row, column]
        colour, alpha = SERIES[1], 0.75 * math.sqrt(count) / darkest
        if row == column:
            colour, alpha = SERIES[0], 0.22
        cell = Rectangle((column, row), 1, 1, color=colour, alpha=alpha, linewidth=0)
        axes.add_patch(cell)
        text = f"{count:.0f}" if count >= 0.95 else f"{count:.1f}"[1:]
        axes.text(column + 0.5, row + 0.5, text, fontsize=TEXT, ha="center", va="center")
    _table(axes, classes, classes, rotation=90 if longest > 2 else 0)
    axes.set(title=_cut(shown.title, HEADING), xlabel="predicted", ylabel="true", aspect="equal")
    return _described(figure, f"Confusion matrix, {shown.title}")


@styled
def side_by_side(draw: Callable[..., Drawn], every: Sequence[T]) -> Figure | None:
    """All of ``every`` in one figure, each drawn by ``draw``, at most `ABREAST` in a row."""
    if not every:
        return None
    columns = min(math.ceil(math.sqrt(len(every))), ABREAST)
    rows = math.ceil(len(every) / columns)
    height = max(inches(draw(each)) for each in every)
    figure = Figure(figsize=(columns * WIDTH, rows * height))
    grid = figure.subfigures(rows, columns, squeeze=False)
    for each, part in zip(every, grid.flat, strict=False):
        draw(each, on=part)
    return figure


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
    columns = min(max(int(WIDTH / (0.56 + 0.064 * max(map(len, labels)))), 1), len(labels))
    return columns, 0.04 + 0.17 * math.ceil(len(labels) / columns)


def _described(figure: Drawn, description: str) -> Drawn:
    figure.set_label(printable(description))
    return figure


def _cut(text: str, length: int) -> str:
    """``text`` as it can be drawn: without control characters, and no longer than ``length``."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
