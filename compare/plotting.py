"""What all figures share: which rows they draw, and their panels, scales and captions."""

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.grouping import ONLY, words
from nnbasic.compare.standing import Row
from nnbasic.compare.style import INK, SETTINGS, TEXT, Look, looks
from nnbasic.compare.verdict import listed
from nnbasic.configs import printable
from nnbasic.training.choices import shown

MOST_ROWS = 24
"""How many rows, the first ones of the table, are drawn where each has lines or panels."""

ABREAST = 3
"""How many panels are side by side."""

LINE_HEIGHT = 1.4 * TEXT / 72
"""Inches of a line of a caption."""

WITHIN = (1e-4, 1 - 1e-4)
"""What an accuracy is drawn within: the logit scale has no 0 and no 1."""

MOST_TICKS = 7

ROUND = {
    "log": [digit * 10.0**power for power in range(-15, 15) for digit in (1, 2, 5)],
    "logit": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999],
}
"""Numbers at which a scale has ticks."""


class Drawn(NamedTuple):
    """A row as figures draw it: ``look`` is that of its activation, or of its ``first`` word.

    ``others`` is what else varies, ``panel`` the title of the panel in which it has a line.
    """

    row: Row
    first: str
    others: str
    panel: str
    look: Look

    @property
    def line(self) -> dict[str, Any]:
        """The options of its line; its name need not say what its panel says."""
        return {"label": cut(self.first if self.panel else self.row.name, 30), **self.look.line}


Line = tuple[str, Drawn, Any, Any]
"""The title of a panel, and whose line is in it: x and y, lists or arrays."""


def draw(
    figure_of: Callable[..., Figure | None], comparison: Comparison, *args: Any
) -> Figure | None:
    """The figure that ``figure_of`` draws; its label describes it to those who cannot see it."""
    with matplotlib.rc_context(SETTINGS):
        figure = figure_of(comparison, *args)
    if figure is not None:
        names = ", ".join(row.name for row in comparison.comparable)
        what = figure.get_label() or str(figure_of.__doc__).partition(".")[0]
        figure.set_label(printable(f"{what}: {names}"))
    return figure


def drawn_rows(rows: Sequence[Row]) -> list[Drawn]:
    """The comparable ``rows``, in the order in which they were asked for, e.g. by ``--vary``."""
    rows = [row for row in rows if row.comparable]
    rows.sort(key=lambda row: min(run.record.queued or run.record.started for run in row.runs))
    factors = sorted({factor for row in rows for factor in row.parts})
    factors.sort(key=lambda factor: factor not in ("activation", "init"))
    varying = [f for f in factors if len({row.parts.get(f) for row in rows}) > 1]
    parts = [[words(row.parts).get(factor, "–") for factor in varying] for row in rows]
    firsts = [next(iter(own), ONLY) for own in parts]
    others = ["/".join(own[1:]) for own in parts]
    alone = len(set(others)) == len(others)  # panels would compare nothing
    look = looks(firsts)
    return [
        Drawn(row, first, rest, "" if alone else rest, look[first])
        for row, first, rest in zip(rows, firsts, others, strict=True)
    ]


def first_rows(comparison: Comparison) -> list[Drawn]:
    """The first rows of the table that have runs that count."""
    return drawn_rows([row for row in comparison.comparable if row.counted][:MOST_ROWS])


def grid(
    count: int, size: tuple[float, float], columns: int = ABREAST, **shared: Any
) -> tuple[Figure, list[Axes]]:
    """``count`` panels of ``size`` inches, ``columns`` in a line, on one scale."""
    columns = min(count, columns if count != 4 else 2)
    rows = math.ceil(count / columns)
    figure = Figure((columns * size[0] + 0.5, rows * size[1] + 0.5), layout="constrained")
    every = list(figure.subplots(rows, columns, squeeze=False, **{"sharey": True, **shared}).flat)
    for axes in every[count:]:
        axes.remove()
    return figure, every[:count]


def line_figure(
    comparison: Comparison,
    lines: Sequence[Line],
    x: str,
    y: str,
    kind: str,
    shape: tuple[int, float] = (ABREAST, 2.6),
) -> tuple[Figure, dict[str, Axes]]:
    """A figure with a panel for each title, one legend, and ``x`` and ``y`` beside its panels.

    ``kind`` is that of the y `scale`; ``shape``: how many panels are side by side, and the inches
    of their height.
    """
    titles = list(dict.fromkeys(title for title, *_ in lines))
    size = (3.3, shape[1]) if len(titles) > 1 else (5.0, 3.0)
    figure, every = grid(len(titles), size, shape[0])
    panels = dict(zip(titles, every, strict=True))
    handles: dict[str, Any] = {}
    for title, drawn, xs, ys in lines:
        ys = np.clip(ys, *WITHIN) if kind == "logit" else ys
        (handles[drawn.line["label"]],) = panels[title].plot(xs, ys, marker="o", ms=4, **drawn.line)
        panels[title].set_title(cut(title, 34))
        panels[title].xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    scale(every[0].yaxis, kind)  # which all share
    if len(handles) > 1:
        figure.legend(handles=list(handles.values()), loc="outside right upper")
    figure.supylabel(y, fontsize=TEXT)
    caption(figure, x, comparison, [drawn.row for _, drawn, *_ in lines])
    return figure, panels


def caption(figure: Figure, text: str, comparison: Comparison, drawn: Sequence[Row]) -> None:
    """Write ``text`` below ``figure``, and which rows of ``comparison`` are not ``drawn``.

    The figure grows by the lines of its caption: its axes keep their room.
    """
    left_out = [row.name for row in comparison.rows if row not in drawn]
    lines = textwrap.wrap(text + without(left_out), int(12 * figure.get_figwidth()))
    figure.supxlabel("\n".join(lines), fontsize=TEXT)
    figure.set_figheight(figure.get_figheight() + LINE_HEIGHT * (len(lines) - 1))


def without(names: Sequence[str]) -> str:
    """`` · without relu/he and tanh/he``: what a figure leaves out; empty if that is nothing."""
    return f" · without {listed([cut(name, 40) for name in names])}" if names else ""


def means(comparison: Comparison) -> str:
    """What lines are: `` · mean of 3 seeds · 784-32-10 · mnist``."""
    n = len(comparison.seeds)
    layers = shown(comparison.same.get("layers", "")).strip("[]").replace(", ", "-")
    data = shown(comparison.same.get("dataset", "")).partition(" ")[0]
    seeds = f"mean of {n} seeds" if n > 1 else "one seed" if n else ""
    return "".join(f" · {part}" for part in (seeds, layers, data) if part)


def label_rows(axes: Axes, names: Sequence[str]) -> None:
    """A line for each name, from the top."""
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), [cut(name, 40) for name in names], color=INK)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def scale(axis: Any, kind: str) -> None:
    """Make ``axis`` log or logit, around what is drawn so far.

    A logit scale is of shares, in percent: 98 and 99 % are as far apart as 50 and 67 %.
    """
    factor = 100 if kind == "logit" else 1
    axis.axes.set(**{f"{axis.axis_name}scale": kind})
    low, high = axis.get_data_interval()
    if kind == "logit" and low == high:  # matplotlib leaves it out of the view
        room = 0.1 * low * (1 - low)
        axis.set_data_interval(low - room, high + room)
    axis.axes.autoscale_view()
    low, high = axis.get_view_interval()
    for every in (1, 3, 6, 9, 12):  # of a logarithmic axis all, or powers of ten
        ticks = [tick for tick in ROUND[kind][::every] if low <= tick <= high]
        if len(ticks) <= MOST_TICKS:
            break
    few = MaxNLocator(5, steps=[1, 2, 5, 10])
    axis.set_major_locator(FixedLocator(ticks) if len(ticks) > 2 else few)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(lambda tick, _: f"{factor * tick:.6g}")


def logit(share: float) -> float:
    share = min(max(share, WITHIN[0]), WITHIN[1])
    return math.log(share / (1 - share))


def cut(text: str, length: int) -> str:
    """``text`` as it can be drawn: without control characters, and no longer than ``length``."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
