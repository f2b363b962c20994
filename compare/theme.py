"""How figures look: their colours, their axes and their scales.

A figure has the colours of a light page, and so stands alone in a file. On a page they are the
defaults of custom properties (see `nnbasic.compare.svg`), so that it can be dark as well.
"""

from __future__ import annotations

import math
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nnbasic.compare.scales import Limits

COLOURS = {
    "panel": ("#ffffff", "#181c22"),
    "ink": ("#16191d", "#e6e9ed"),
    "muted": ("#565f6b", "#a3acb8"),
    "line": ("#d9dde3", "#333b45"),
    "series-1": ("#0072b2", "#56b4e9"),
    "series-2": ("#d55e00", "#ff9248"),
    "series-3": ("#00845f", "#2fcf9f"),
    "series-4": ("#a9467f", "#f08fc4"),
    "series-5": ("#86690a", "#e3cf4a"),
    "series-6": ("#4a4f57", "#c3c8cf"),
    "layer-1": ("#cf7a00", "#ffc65c"),
    "layer-2": ("#b5723a", "#ecc280"),
    "layer-3": ("#9c6a50", "#d9bc9b"),
    "layer-4": ("#846160", "#c7b6b3"),
    "layer-5": ("#6c576b", "#b4b0c8"),
    "layer-6": ("#554b75", "#a2a8db"),
    "layer-7": ("#3f3e7c", "#909fee"),
    "layer-8": ("#2b2d83", "#7f95ff"),
}
"""Name → the colour on a light and on a dark page. No two light ones are equal."""

PANEL, INK, MUTED, LINE = (COLOURS[name][0] for name in ("panel", "ink", "muted", "line"))
SERIES = tuple(light for name, (light, _) in COLOURS.items() if name.startswith("series"))
LAYERS = tuple(light for name, (light, _) in COLOURS.items() if name.startswith("layer"))
"""A ramp from the first layer to the last, in equal steps of OKLab."""

DASHES = ("-", (0, (4, 1.2)), (0, (1.2, 1)), (0, (6, 1.2, 1.2, 1.2)), (0, (2.5, 1)), (0, (9, 1.5)))
"""A second sign for each of `SERIES`, for readers who cannot tell their colours apart."""

WIDTH = 3.7
"""Inches, of every figure."""

TEXT = 8
"""Points, of all text but titles."""

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
        "axes.titlesize": 9,
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
    height: float, rows: int = 1, columns: int = 1, *, left: float, bottom: float, **options: Any
) -> tuple[Figure, Any]:
    """A figure of ``height`` inches with a grid of axes, shape (rows, columns).

    ``left`` and ``bottom`` are margins in inches. They are given instead of fitted, which takes
    a tenth of the time and aligns figures that stand side by side.
    """
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=left / WIDTH, right=1 - 0.2 / WIDTH, bottom=bottom / height, top=1 - 0.28 / height
    )
    grid = figure.subplots(rows, columns, squeeze=False, **options)
    for axes in grid.flat:
        # matplotlib makes ticks when it renders, and would take their look from its settings then
        axes.tick_params(which="both", length=0, labelsize=TEXT, labelcolor=MUTED)
        axes.grid(color=LINE, linewidth=0.6)
    return figure, grid


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
