"""How figures look: their sizes, their axes and their scales.

A figure has the colours of a light page, and so stands alone in a file. On a page they are the
defaults of custom properties (see `nnbasic.compare.svg`), so that it can be dark as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nnbasic.compare.colours import INK, LAYERS, LINE, MUTED, PANEL
from nnbasic.compare.scales import Limits
from nnbasic.configs import printable

Drawn = Figure | SubFigure

WIDTH = 4.2
"""Inches, of every figure."""

TEXT = 8.5
"""Points, of all text but titles."""

TITLE = 9.5
"""Points, of titles."""

HEADING = 40
"""How many letters of a title there is room for."""

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)

MOST_TICKS = 6

styled = matplotlib.rc_context(
    {
        "text.parse_math": False,  # a name may hold dollars
        "font.size": TEXT,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": LINE,
        "axes.facecolor": "none",
        "axes.titlesize": TITLE,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "figure.facecolor": PANEL,
        "legend.frameon": False,
        "legend.handlelength": 2.6,
        "legend.borderaxespad": 0.2,
        "lines.linewidth": 1.6,
        "lines.solid_capstyle": "round",
    }
)
"""Decorates functions that draw a figure."""


def depth(number: int, count: int) -> str:
    """The colour of layer ``number``, from 0, of ``count``."""
    return LAYERS[round((len(LAYERS) - 1) * number / max(count - 1, 1))]


def panels(
    height: float,
    rows: int = 1,
    columns: int = 1,
    *,
    left: float,
    bottom: float,
    on: SubFigure | None = None,
    **options: Any,
) -> tuple[Drawn, Any]:
    """A figure of ``height`` inches, or a part ``on`` one, with axes of shape (rows, columns).

    ``left`` and ``bottom`` are margins in inches. They are given instead of fitted, which takes
    a tenth of the time and aligns figures that stand side by side.
    """
    figure: Drawn = on or Figure(figsize=(WIDTH, height))
    height = inches(figure)
    figure.subplots_adjust(
        left=left / WIDTH, right=1 - 0.2 / WIDTH, bottom=bottom / height, top=1 - 0.32 / height
    )
    grid = figure.subplots(rows, columns, squeeze=False, **options)
    for axes in grid.flat:
        # matplotlib makes ticks when it renders, and would take their look from its settings then
        axes.tick_params(which="both", length=0, labelsize=TEXT, labelcolor=MUTED)
        axes.grid(color=LINE, linewidth=0.6)
    return figure, grid


def inches(figure: Drawn) -> float:
    """How high a figure, or a part of one, is."""
    return float(figure.bbox.height / figure.get_figure(root=True).dpi)


def stretched(axes: Axes, which: str, limits: Limits) -> None:
    """Make axis ``which``, x or y, a logit scale: 98 and 99 % are as far apart as 50 and 67 %."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axes.set(**{f"{which}scale": "logit", f"{which}lim": limits})
    ticks = [tick for tick in TICKS if limits[0] <= tick <= limits[1]]
    if len(ticks) < 3:
        found = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(*limits)
        ticks = [float(tick) for tick in found if limits[0] <= tick <= limits[1]]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 6):g}"))


def logarithmic(axes: Axes, limits: Limits) -> None:
    """A logarithmic y axis with at most six ticks: at 1, 2 and 5, at 1 and 3, or powers of ten."""
    axes.set(yscale="log", ylim=limits)
    powers = range(math.floor(math.log10(limits[0])), math.ceil(math.log10(limits[1])) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        every = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in every if limits[0] <= tick <= limits[1]]
        if len(ticks) <= MOST_TICKS:
            break
    axes.yaxis.set_major_locator(FixedLocator(ticks[:: math.ceil(len(ticks) / MOST_TICKS) or 1]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def table(axes: Axes, rows: Sequence[str], columns: Sequence[str], **slant: Any) -> None:
    """Make ``axes`` a grid of cells of size 1, the first one at the top left, without lines."""
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, **slant)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def legend_size(labels: Sequence[str]) -> tuple[int, float]:
    """The columns of a legend, and how high it is in inches."""
    columns = min(max(int(WIDTH / (0.56 + 0.064 * max(map(len, labels)))), 1), len(labels))
    return columns, 0.04 + 0.17 * math.ceil(len(labels) / columns)


def described(figure: Drawn, description: str) -> Drawn:
    figure.set_label(printable(description))
    return figure


def cut(text: str, length: int) -> str:
    """``text`` as it can be drawn: without control characters, and no longer than ``length``."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
