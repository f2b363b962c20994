"""The figures of what happens inside the networks of a row: layer by layer, class by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.colours import DASHES, INK, LINE, MUTED, SERIES, Look
from nnbasic.compare.entries import Entry
from nnbasic.compare.figures import Panel
from nnbasic.compare.pooling import Means, Pooled, layer_histogram, layer_mean, layer_names
from nnbasic.compare.runs import RunData
from nnbasic.compare.scales import Limits, about, bulk
from nnbasic.compare.theme import (
    HEADING,
    TEXT,
    TITLE,
    WIDTH,
    Drawn,
    cut,
    depth,
    described,
    inches,
    legend_size,
    logarithmic,
    panels,
    styled,
    table,
)
from nnbasic.model import ACTIVATIONS
from nnbasic.model.arrays import Array

MOST_LAYERS = 8
"""How many layers a figure shows; of more, some from the first to the last."""

NAME = 9
"""How many letters of the name of a layer or a class there is room for."""


def histograms(every: Sequence[Entry]) -> list[Panel]:
    """The activations of the hidden layers of each row, before and after training."""
    drawn: list[Panel] = []
    for entry in every:
        names = layer_names(entry.runs)
        pairs = {
            names[layer]: (
                layer_histogram(entry.runs, layer, 0),
                layer_histogram(entry.runs, layer),
            )
            for layer in _some(len(names) - 1)  # the last one is the output
        }
        known = {name: pair for name, pair in pairs.items() if any(pair)}
        if known:
            bounds = _range(entry.runs[0])
            drawn.append(partial(_histograms, entry.title, known, bounds, entry.look))
    return drawn


def courses(every: Sequence[Entry]) -> list[Panel]:
    """Gradients, dead and saturated units by layer and epoch, of each row on one scale."""
    known: dict[str, dict[str, list[Means]]] = {}
    for entry in every:
        names, runs = layer_names(entry.runs), entry.runs
        for layer in _some(len(names)):
            known.setdefault(entry.title, {})[names[layer]] = [
                layer_mean(runs, layer, "gradient_norm", geometric=True),
                layer_mean(runs, layer, "dead"),
                layer_mean(runs, layer, "saturated"),
            ]
    norms = [norm for layers in known.values() for own in layers.values() for norm in own[0].means]
    limits = about(min(norms), max(norms)) if norms else None
    return [partial(_course, title, layers, limits) for title, layers in known.items()]


@styled
def confusion(title: str, names: Sequence[str], counts: Array) -> Drawn:
    """Test images a run, by true class (row) and predicted class (column); 0 is left empty."""
    classes = [cut(name, NAME) for name in names]
    longest = max(map(len, classes))
    room = 0.06 * (longest - 1)
    darkest = math.sqrt((counts * (1 - np.eye(len(classes)))).max() or 1)
    figure, ((axes,),) = panels(WIDTH, left=0.45 + room, bottom=0.44 + room)
    for row, column in zip(*np.nonzero(counts), strict=True):
        count = counts[row, column]
        colour, alpha = SERIES[1], 0.75 * math.sqrt(count) / darkest
        if row == column:
            colour, alpha = SERIES[0], 0.22
        axes.add_patch(Rectangle((column, row), 1, 1, color=colour, alpha=alpha, linewidth=0))
        text = f"{count:.0f}" if count >= 0.95 else f"{count:.1f}"[1:]
        axes.text(column + 0.5, row + 0.5, text, fontsize=TEXT, ha="center", va="center")
    table(axes, classes, classes, rotation=90 if longest > 2 else 0)
    axes.set(title=cut(title, HEADING), xlabel="predicted", ylabel="true", aspect="equal")
    return described(figure, f"Confusion matrix, {title}")


@styled
def _histograms(
    title: str,
    layers: dict[str, tuple[Pooled | None, Pooled | None]],
    bounds: Limits | None,
    look: Look,
    on: SubFigure | None = None,
) -> Drawn:
    """Activations before and after training, a line a layer.

    Those of an unbounded activation are drawn up to where all but half a percent at either end
    lie; ``bounds`` is the range of a bounded one.
    """
    names = [cut(name, NAME) for name in layers]
    low, high = bounds or bulk([each for pair in layers.values() for each in pair if each])
    figure, ((left, right),) = panels(
        0.8 + 0.48 * len(names), 1, 2, left=0.62, bottom=0.28, on=on, sharex=True, sharey=True
    )
    height = inches(figure)
    figure.subplots_adjust(top=1 - 0.52 / height, wspace=0.16)
    for row, (before, after) in enumerate(layers.values()):
        _hills(left, row, before, MUTED)
        _hills(right, row, after, look.colour)
    left.set(xlim=(low, high), ylim=(len(names), 0))
    left.set_yticks(np.arange(len(names)) + 0.55, names)
    for axes, heading in ((left, "before training"), (right, "after training")):
        axes.set_title(heading, fontsize=TEXT, fontweight="normal", color=MUTED)
        if bounds:
            axes.set_xticks([low, (low + high) / 2, high])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(3, prune="upper"))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    suptitle = figure.suptitle(cut(title, HEADING), x=0.1 / WIDTH, y=1 - 0.06 / height)
    suptitle.set(ha="left", va="top", fontsize=TITLE, fontweight="bold")
    return described(figure, f"Histograms of the activations of each layer, {title}")


@styled
def _course(
    title: str,
    layers: dict[str, list[Means]],
    limits: Limits | None,
    on: SubFigure | None = None,
) -> Drawn:
    """Above the gradient's norm; below the shares of dead and of saturated units."""
    names = [cut(name, NAME) for name in layers]
    columns, legend = legend_size(names)
    figure, ((above,), (below,)) = panels(
        3.3 + legend, 2, left=0.74, bottom=0.5 + legend, on=on, sharex=True, height_ratios=(2, 1)
    )
    figure.subplots_adjust(hspace=0.25)
    for number, (gradient, dead, saturated) in enumerate(layers.values()):
        colour = depth(number, len(names))
        above.plot(*gradient, label=names[number], color=colour)
        for (epochs, shares), dash in ((dead, DASHES[0]), (saturated, DASHES[2])):
            below.plot(epochs, [100 * share for share in shares], color=colour, linestyle=dash)
    if limits:
        logarithmic(above, limits)
    above.set(title=cut(title, HEADING), ylabel="gradient norm")
    below.set_title("dead (line) and saturated (dots)", fontsize=TEXT, fontweight="normal")
    below.set(ylabel="units, %", xlabel="epoch", ylim=(-4, 104), yticks=[0, 50, 100])
    below.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=1))
    figure.align_ylabels([above, below])
    figure.legend(loc="lower center", ncols=columns)
    words = "Gradient norm, dead and saturated units by layer and epoch"
    return described(figure, f"{words}, {title}")


def _hills(axes: Axes, row: int, found: Pooled | None, colour: str) -> None:
    """A histogram as an area that stands on the lower part of ``row``; 0 is at its bottom."""
    ground = row + 0.9
    axes.axhline(ground, color=LINE, linewidth=0.8)
    if found is not None:
        tops = ground - 0.85 * np.sqrt(found.counts / found.counts.max())
        axes.stairs(tops, found.edges, baseline=ground, fill=True, color=colour, linewidth=0)


def _range(run: RunData) -> Limits | None:
    """The range of the run's activation, if it is a bounded one in all hidden layers."""
    specs = run.record.config.get("activation")
    names = {
        str(spec.get("name")) if isinstance(spec, dict) else ""
        for spec in (specs if isinstance(specs, list) else [specs])
    }
    name = names.pop() if len(names) == 1 else ""
    return ACTIVATIONS[name].limits if name in list(ACTIVATIONS) else None


def _some(layers: int) -> list[int]:
    """The numbers of all layers, or of `MOST_LAYERS`, the first and the last among them."""
    if layers <= MOST_LAYERS:
        return list(range(layers))
    return [round(place * (layers - 1) / (MOST_LAYERS - 1)) for place in range(MOST_LAYERS)]
