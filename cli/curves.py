"""The picture of `nnbasic activations`: each function with its derivative, in one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnbasic.compare.style import looks
from nnbasic.model import Layer
from nnbasic.model.arrays import Array
from nnbasic.model.curves import curve, pieces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
SIDES = (-4.0, 4.0)
HEIGHTS = (-2.0, 3.0)
GREY, INK, GRID = "#767676", "#222222", "#dddddd"
FUNCTION: dict[str, Any] = {"linewidth": 2.4}
DERIVATIVE: dict[str, Any] = {"linewidth": 1.2, "dashes": (4, 1.5)}


def draw(activations: Sequence[tuple[str, str, Layer]]) -> Figure:
    """The picture of activations, each with its name and its options, which stand beside it."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    columns = min(COLUMNS, len(activations))
    rows = -(-len(activations) // columns)
    figure = Figure(figsize=(2.6 * columns + 0.6, 1.9 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).reshape(-1)
    colours = looks([name for name, _, _ in activations])
    for axes, (name, options, activation) in zip(panels, activations, strict=False):
        _panel(axes, name, options, activation, colours[name].colour)
    for axes in panels[len(activations) :]:
        axes.set_visible(False)
    _, labels = panels[0].get_legend_handles_labels()
    # each function has its own colour
    lines = [Line2D([], [], color=INK, **look) for look in (FUNCTION, DERIVATIVE)]
    figure.legend(lines, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=11)
    return figure


def _panel(axes: Axes, name: str, options: str, activation: Layer, colour: str) -> None:
    z = np.linspace(*SIDES, 1601)
    a, slope = curve(activation, z)
    axes.grid(color=GRID, linewidth=0.6)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.axvline(0, color=GREY, linewidth=0.8)
    slopes, offsets = pieces(activation)
    if len(slopes) > 1:
        axes.plot(z, z[:, np.newaxis] * slopes + offsets, color=GREY, linewidth=0.8, dashes=(2, 2))
    axes.plot(z, _broken(a), color=colour, label="function", **FUNCTION)
    axes.plot(z, _broken(slope), color=INK, label="derivative", **DERIVATIVE)
    axes.set(xlim=SIDES, ylim=HEIGHTS, xticks=range(-4, 5, 2), yticks=range(-2, 4))
    axes.set_title(name, fontsize=11, fontweight="bold", color=INK, loc="left", pad=4)
    axes.set_title(options, fontsize=8, color=GREY, loc="right", pad=4)
    axes.tick_params(labelsize=8, length=0, colors=INK)
    axes.spines[:].set_visible(False)


def _broken(values: Array) -> Array:
    """``values`` with a gap where the curve jumps."""
    broken: Array = values.copy()
    broken[:-1][np.abs(np.diff(values)) > 0.1] = np.nan
    return broken
