"""What all figures share: their settings, panels, scales and legends."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nnbasic.compare.style import INK, SETTINGS
from nnbasic.configs import printable

P = ParamSpec("P")

ABREAST = 3
"""How many panels stand side by side."""

WITHIN = (1e-4, 1 - 1e-4)
"""What an accuracy is drawn within: the logit scale has no 0 and no 1."""

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)


def styled(draw: Callable[P, Figure | None]) -> Callable[P, Figure | None]:
    """Decorates a function that draws a figure."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **options: P.kwargs) -> Figure | None:
        with matplotlib.rc_context(SETTINGS):
            return draw(*args, **options)

    return wrapper


def subplots(
    rows: int, columns: int, size: tuple[float, float], **options: Any
) -> tuple[Figure, list[Axes]]:
    """A figure of ``size`` inches, and its panels, line by line."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False, **options).flat)


def grid(count: int, size: tuple[float, float], **options: Any) -> tuple[Figure, list[Axes]]:
    """``count`` panels of ``size`` inches, at most `ABREAST` in a line, on one scale."""
    columns = min(count, ABREAST) if count != 4 else 2
    rows = math.ceil(count / columns)
    shared = {"sharey": True, **options}
    whole = (columns * size[0] + 0.5, rows * size[1] + 0.5)
    figure, every = subplots(rows, columns, whole, **shared)
    for axes in every[count:]:
        axes.remove()
    return figure, every[:count]


def legend(figure: Figure) -> None:
    """One legend for all panels, if there is anything to tell apart."""
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if len(handles) > 1:
        figure.legend(list(handles.values()), list(handles), loc="outside right upper")


def label_rows(axes: Axes, names: Sequence[str]) -> None:
    """A line for each name, from the top."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [cut(name, 40) for name in names], color=INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def logit_scale(axis: Any, limits: tuple[float, float]) -> None:
    """A logit scale: 98 and 99 % are as far apart as 50 and 67 %."""
    axis.axes.set(**{f"{axis.axis_name}scale": "logit", f"{axis.axis_name}lim": limits})
    ticks = [tick for tick in TICKS if limits[0] <= tick <= limits[1]]
    if len(ticks) < 3:
        found = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(*limits)
        ticks = [float(tick) for tick in found if limits[0] <= tick <= limits[1]]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 6):g}"))


def log_scale(axis: Any, limits: tuple[float, float]) -> None:
    """A logarithmic scale with at most six ticks: at 1, 2 and 5, at 1 and 3, or powers of ten."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log", f"{axis.axis_name}lim": limits})
    powers = range(math.floor(math.log10(limits[0])), math.ceil(math.log10(limits[1])) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        every = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in every if limits[0] <= tick <= limits[1]]
        if len(ticks) <= 6:
            break
    axis.set_major_locator(FixedLocator(ticks[:: math.ceil(len(ticks) / 6) or 1]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def logit(share: float) -> float:
    share = min(max(share, WITHIN[0]), WITHIN[1])
    return math.log(share / (1 - share))


def around(low: float, high: float) -> tuple[float, float]:
    """Limits a little wider than ``low`` to ``high``, as the logit scale sees it."""
    low, high = logit(low), logit(high)
    room = 0.06 * (high - low) + 0.03
    return 1 / (1 + math.exp(room - low)), 1 / (1 + math.exp(-room - high))


def cut(text: str, length: int) -> str:
    """``text`` as it can be drawn: without control characters, and no longer than ``length``."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def width_of(names: Sequence[str], most: int = 40) -> float:
    """The inches that ``names`` take, cut to ``most`` letters."""
    return 0.075 * max(len(cut(name, most)) for name in names)


def described(figure: Figure, description: str) -> Figure:
    figure.set_label(printable(description))
    return figure
