"""The figures of the report, one function each: numbers in, SVG out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.pooling import Band, Pooled
from nnbasic.compare.scales import WITHIN, Limits, around, bulk, logarithmic, logit, stretched
from nnbasic.compare.significance import Summary
from nnbasic.compare.svg import (
    DASHES,
    INK,
    LINE,
    MUTED,
    SERIES,
    WIDTH,
    depth,
    panels,
    style,
    svg,
)
from nnbasic.model.arrays import Array

TITLE, LABEL = 36, 40
"""How many letters of a title and of a label there is room for."""

NAMES = {"val_accuracy": "validation accuracy, %", "train_loss": "training loss"}


class Line(NamedTuple):
    """A curve, with the number of its colour and dash in `SERIES`."""

    label: str
    band: Band
    series: int


class Layer(NamedTuple):
    """What a layer's figures are drawn of; epochs with the figure's mean over runs."""

    name: str
    gradient: tuple[list[int], list[float]]
    dead: tuple[list[int], list[float]]
    saturated: tuple[list[int], list[float]]


def curves(title: str, lines: Sequence[Line], *, x: str, y: str, limits: Limits) -> Markup:
    """Mean curves with their bands: accuracies on the stretched scale, losses on a logarithmic one.

    ``y`` is ``val_accuracy`` or ``train_loss``, ``limits`` the common limits of several such
    figures.
    """
    labels = [_cut(line.label, LABEL) for line in lines]
    columns, below = _legend(labels)
    with style():
        figure, ((axes,),) = panels(2.02 + below, left=0.58, bottom=0.46 + below)
        for line, label in zip(lines, labels, strict=True):
            colour, dash = SERIES[line.series], DASHES[line.series]
            band, marker = line.band, "o" if len(line.band.x) == 1 else ""
            if band.low is not None and band.high is not None:
                low, high = (np.clip(edge, *limits) for edge in (band.low, band.high))
                axes.fill_between(band.x, low, high, color=colour, alpha=0.18, linewidth=0)
            mean = np.clip(band.mean, *limits)
            axes.plot(band.x, mean, color=colour, linestyle=dash, marker=marker, label=label)
        if y == "val_accuracy":
            stretched(axes, "y", limits)
        else:
            logarithmic(axes, limits)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=x == "epoch", min_n_ticks=1))
        axes.set(title=_cut(title, TITLE), xlabel=x, ylabel=NAMES[y])
        figure.legend(loc="lower center", ncols=columns)
        return svg(figure, f"{NAMES[y]} by {x}, {title}: {', '.join(each.label for each in lines)}")


def heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[int, int], tuple[float | None, str]],
    limits: Limits,
) -> Markup:
    """A grid of accuracies with their texts, by (row, column); brighter is better.

    ``limits`` are the darkest and the brightest accuracy.
    """
    low, high = map(logit, limits)
    rows, columns = [_cut(text, 24) for text in rows], [_cut(text, 16) for text in columns]
    left, longest = 0.2 + 0.055 * max(map(len, rows)), 0.065 * max(map(len, columns))
    slanted = longest > (WIDTH - left) / len(columns)
    bottom = 0.25 + (0.5 * longest if slanted else 0)
    with style():
        figure, ((axes,),) = panels(0.3 + bottom + 0.42 * len(rows), left=left, bottom=bottom)
        for (row, column), (mean, text) in cells.items():
            ink = MUTED
            if mean is not None:
                place = (logit(mean) - low) / ((high - low) or 1)
                red, green, blue, _ = matplotlib.colormaps["cividis"](place)
                axes.add_patch(Rectangle((column, row), 1, 1, color=(red, green, blue)))
                ink = "#ffffff" if 0.21 * red + 0.72 * green + 0.07 * blue < 0.45 else "#101010"
            axes.text(column + 0.5, row + 0.5, text, color=ink, ha="center", va="center")
        heading = f"{_cut(title, TITLE - 14)}  mean ± SD, %".strip()
        axes.set(title=heading, xlim=(0, len(columns)), ylim=(len(rows), 0))
        slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if slanted else {}
        axes.set_xticks(np.arange(len(columns)) + 0.5, columns, **slant)
        axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(labelcolor=INK)
        names = f"{', '.join(rows)} by {', '.join(columns)}"
        return svg(figure, f"Validation accuracy of {names} {title}".strip())


def dots(labels: Sequence[str], values: Sequence[Sequence[float]], means: list[Summary]) -> Markup:
    """A row a group: a dot for each seed, the mean as a bar, its 95 % interval as a line."""
    everything = [value for row in values for value in row]
    with style():
        left = 0.2 + 0.055 * max(len(_cut(text, 32)) for text in labels)
        figure, ((axes,),) = panels(0.7 + 0.21 * len(labels), left=left, bottom=0.4)
        for row, (found, mean) in enumerate(zip(values, means, strict=True)):
            axes.plot(
                np.clip(found, *WITHIN),
                [row] * len(found),
                "o",
                color=SERIES[0],
                alpha=0.55,
                markersize=4.5,
                markeredgewidth=0,
            )
            if mean.ci95:
                interval = np.clip(mean.ci95, *WITHIN)
                axes.plot(interval, [row, row], color=INK, linewidth=1)
            if mean.mean is not None:
                axes.plot(mean.mean, row, "|", color=INK, markersize=9, markeredgewidth=1.6)
        stretched(axes, "x", around(min(everything), max(everything)))
        axes.set(title="single seeds", xlabel="best validation accuracy, %")
        axes.set(ylim=(len(labels) - 0.5, -0.5))
        axes.set_yticks(range(len(labels)), [_cut(label, 32) for label in labels])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.spines["left"].set_visible(False)
        return svg(figure, f"Best validation accuracy of {len(everything)} runs, a dot each")


def histograms(
    title: str,
    layers: Sequence[tuple[str, Pooled | None, Pooled | None]],
    bounds: Limits | None,
) -> Markup:
    """Activations before and after training, a row a layer: name, before, after.

    ``bounds`` is the range of a bounded activation; other ones are drawn up to what all but
    half a percent of the activations at either end lie within.
    """
    low, high = bounds or bulk([each for _, *pair in layers for each in pair if each])
    with style():
        figure, ((left, right),) = panels(
            0.72 + 0.42 * len(layers), 1, 2, left=0.55, bottom=0.24, sharex=True, sharey=True
        )
        figure.subplots_adjust(top=1 - 0.48 / figure.get_figheight(), wspace=0.16)
        for row, (_, before, after) in enumerate(layers):
            for axes, found, colour in ((left, before, MUTED), (right, after, SERIES[0])):
                axes.axhline(row + 0.9, color=LINE, linewidth=0.8)
                if found is not None:
                    edges = found.low + found.width * np.arange(len(found.counts) + 1)
                    tops = row + 0.9 - 0.85 * np.sqrt(found.counts / found.counts.max())
                    axes.stairs(
                        tops, edges, baseline=row + 0.9, fill=True, color=colour, linewidth=0
                    )
        left.set_yticks(np.arange(len(layers)) + 0.55, [name for name, _, _ in layers])
        left.set(xlim=(low, high), ylim=(len(layers), 0))
        for axes, heading in ((left, "before training"), (right, "after training")):
            axes.set_title(heading, fontsize=8, fontweight="normal", color=MUTED)
            if bounds:
                axes.set_xticks([low, (low + high) / 2, high])
            else:
                axes.xaxis.set_major_locator(MaxNLocator(3, prune="upper"))
            axes.xaxis.set_major_formatter("{x:g}")
            axes.tick_params(axis="y", labelcolor=INK)
            axes.grid(visible=False)
            axes.spines[:].set_visible(False)
        figure.suptitle(
            _cut(title, TITLE),
            x=0.1 / WIDTH,
            y=1 - 0.06 / figure.get_figheight(),
            ha="left",
            va="top",
            fontsize=9,
            fontweight="bold",
        )
        return svg(figure, f"Histograms of the activations of each layer, {title}")


def course(title: str, layers: Sequence[Layer], limits: Limits | None) -> Markup:
    """Above the gradient's norm, within ``limits``; below dead and saturated units."""
    columns, legend = _legend([layer.name for layer in layers])
    with style():
        figure, ((above,), (below,)) = panels(
            3.1 + legend, 2, left=0.7, bottom=0.46 + legend, sharex=True, height_ratios=(2, 1)
        )
        figure.subplots_adjust(hspace=0.25)
        for number, layer in enumerate(layers):
            colour = depth(number, len(layers))
            above.plot(*layer.gradient, label=layer.name, color=colour)
            for (epochs, shares), dash in ((layer.dead, DASHES[0]), (layer.saturated, DASHES[2])):
                percent = [100 * share for share in shares]
                below.plot(epochs, percent, color=colour, linestyle=dash)
        if limits:
            logarithmic(above, limits)
        above.set(title=_cut(title, TITLE), ylabel="gradient norm")
        below.set_title("dead (line) and saturated (dots)", fontsize=8, fontweight="normal")
        below.set(ylabel="units, %", xlabel="epoch", ylim=(-4, 104), yticks=[0, 50, 100])
        below.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
        figure.align_ylabels([above, below])
        figure.legend(loc="lower center", ncols=columns)
        return svg(figure, f"Gradient norm, dead and saturated units by layer and epoch, {title}")


def confusion(title: str, counts: Array) -> Markup:
    """Mean counts a run of true class (row) and predicted class (column); 0 is left empty."""
    classes = len(counts)
    wrong = counts * (1 - np.eye(classes))
    darkest = math.sqrt(wrong.max() or 1)
    with style():
        figure, ((axes,),) = panels(WIDTH, left=0.45, bottom=0.4)
        for row, column in zip(*np.nonzero(counts), strict=True):
            count = counts[row, column]
            right = row == column
            colour, alpha = (
                (SERIES[0], 0.22) if right else (SERIES[1], 0.75 * math.sqrt(count) / darkest)
            )
            cell = Rectangle((column, row), 1, 1, color=colour, alpha=alpha, linewidth=0)
            axes.add_patch(cell)
            text = f"{count:.0f}" if count >= 0.95 else f"{count:.1f}"[1:]
            axes.text(column + 0.5, row + 0.5, text, fontsize=7.5, ha="center", va="center")
        middles = np.arange(classes) + 0.5
        axes.set_xticks(middles, map(str, range(classes)))
        axes.set_yticks(middles, map(str, range(classes)))
        axes.set(title=_cut(title, TITLE), xlabel="predicted", ylabel="true")
        axes.set(xlim=(0, classes), ylim=(classes, 0), aspect="equal")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        return svg(figure, f"Confusion matrix, {title}")


def _legend(labels: Sequence[str]) -> tuple[int, float]:
    """The columns of a legend, and how high it is in inches."""
    columns = min(max(int(WIDTH / (0.52 + 0.06 * max(map(len, labels)))), 1), len(labels))
    return columns, 0.04 + 0.16 * math.ceil(len(labels) / columns)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
