"""The figures of accuracies: from the rows of a comparison to panels that matplotlib draws.

Each function gives panels; a panel draws itself as a figure, or ``on`` a part of one. A figure's
label describes it to those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import matplotlib
import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.colours import DASHES, INK, MUTED, Look
from nnbasic.compare.entries import Entry
from nnbasic.compare.findings import Findings, crossing
from nnbasic.compare.grouping import joined
from nnbasic.compare.measures import best_accuracy
from nnbasic.compare.pooling import Band, by_epoch, by_seconds
from nnbasic.compare.scales import WITHIN, Limits, around, common_limits, logit
from nnbasic.compare.significance import Contrast
from nnbasic.compare.standing import LOST, PARTLY, RANKED, Row
from nnbasic.compare.theme import (
    HEADING,
    WIDTH,
    Drawn,
    cut,
    described,
    inches,
    legend_size,
    logarithmic,
    panels,
    stretched,
    styled,
    table,
)
from nnbasic.compare.verdict import listed

T = TypeVar("T")

Panel = Callable[..., Drawn]
"""Draws a figure, or a part of one if that is given as ``on``."""

Line = tuple[str, Band, Look]
"""A curve: its label, its mean with an interval, and how it looks."""

Effect = tuple[str, float, Contrast | None, Look]
"""A level: its name, its mean, its difference from the best one, and how it looks."""

ABREAST = 4
"""How many panels stand side by side in a file."""

MOST_LINES, MOST_TOGETHER = 8, 12
"""How many lines a panel has, each with its own colour, or with dashes for a second choice."""

MOST_BANDS = 6
"""With how many lines in a panel their bands can still be told apart."""

MOST_COLUMNS = 6
"""How many columns a map has room for."""

MOST_EFFECTS = 24
"""How many rows are drawn, the first ones of the table, where there are no factors."""

LABEL = 44
"""How many letters of a legend's label there is room for."""

NAMES = {"val_accuracy": "validation accuracy, %", "train_loss": "training loss"}

PLAIN = Look(None, 0)

ON_DARK, ON_BRIGHT = "#fefefe", "#101010"
"""Text on the colours of a heat map, which are the same on a dark page."""


def effects(found: Findings, every: Sequence[Entry]) -> list[Panel]:
    """The difference of each level from the best one of its choice, in the order of ``every``.

    Without factors, as where a combination is missing, the ranked rows; [] for a single one.
    """
    ranked = [entry for entry in every if entry.row.state == RANKED]
    if len(ranked) < 2:
        return []
    if found.effects is None:
        rows = [entry for entry in ranked if entry.row in found.rows[:MOST_EFFECTS]]
        means = [(each, each.row.val_accuracy.mean or 0.0) for each in rows]
        drawn = [(each.title, mean, each.row.difference, each.look) for each, mean in means]
        return [partial(_effects, {"": drawn})]
    keys, cells = crossing([entry.row for entry in ranked])
    left_out = found.effects.left_out
    choices: dict[str, list[Effect]] = {}
    for factor in found.effects.factors:
        looks: dict[str, set[Look]] = {}
        for entry, cell in zip(ranked, cells, strict=True):
            looks.setdefault(cell[keys.index(factor.key)], set()).add(entry.look)
        levels = {level.value: level for level in factor.levels}
        share = "" if factor.share is None else f": {100 * factor.share:.0f} % of the variance"
        title = f"{factor.key}{share}{f', without {listed(left_out)}' if left_out else ''}"
        choices[title] = [
            (value, levels[value].mean, levels[value].difference, _common(own))
            for value, own in looks.items()
            if value in levels
        ]
    return [partial(_effects, choices)]


def curves(every: Sequence[Entry], *, x: str, y: str, together: bool = False) -> list[Panel]:
    """Curves of the metric ``y`` by ``x``, epoch or seconds, a colour for each activation.

    There is a panel for each case of what else varies, or several if it has more than `MOST_LINES`;
    ``together``, dashes stand for the second factor, if that leaves no panel too full.
    """
    mean = by_epoch if x == "epoch" else by_seconds
    known = [(entry, band) for entry in every if (band := mean(entry.runs, y)) is not None]
    if not known:
        return []
    limits = common_limits(y, [band for _, band in known])
    dashes = _dashes([entry for entry, _ in known]) if together else {}
    cases: dict[str, list[tuple[Entry, Band]]] = {}
    for entry, band in known:
        others = [*entry.parts.values()][2 if dashes else 1 :]
        cases.setdefault(joined(others) if others else "", []).append((entry, band))
    drawn: list[Panel] = []
    for title, members in cases.items():
        for part in [members] if dashes else in_parts(members, MOST_LINES):
            lines = [_line(entry, band, dashes) for entry, band in part]
            key = {label: look for label, _, look in lines}
            if dashes:
                key = {next(iter(e.parts.values())): Look(e.look.series, 0) for e, _ in part}
                key |= {value: Look(None, dash) for value, dash in dashes.items()}
            drawn.append(partial(_curves, title, lines, key, x, y, limits))
    return drawn


def heat_maps(every: Sequence[Entry]) -> list[Panel]:
    """Activation × init, or the first two factors that vary, a map for each case of the others."""
    maps: dict[str, dict[tuple[str, str], Row]] = {}
    for entry in every:
        row, column, *others = [*entry.parts.values(), "", ""][: max(len(entry.parts), 2)]
        if row:
            maps.setdefault(joined(others) if others else "", {})[row, column] = entry.row
    known = [mean for entry in every if (mean := _mean(entry.row)) is not None]
    limits = (min(known, default=0), max(known, default=1))
    drawn: list[Panel] = []
    for title, cells in maps.items():
        rows = list(dict.fromkeys(row for row, _ in cells))
        columns = list(dict.fromkeys(column for _, column in cells))
        if len(columns) > MOST_COLUMNS and len(columns) > len(rows):
            rows, columns = columns, rows
            cells = {(column, row): value for (row, column), value in cells.items()}
        for part in in_parts(columns, MOST_COLUMNS):
            drawn.append(partial(_heat_map, title, rows, part, cells, limits))
    return drawn


def seeds(every: Sequence[Entry]) -> list[Panel]:
    """Every run as a dot, with the mean of each row and its interval."""
    known = [entry for entry in every if entry.row.scores]
    return [partial(_seeds, known)] if known else []


@styled
def side_by_side(every: Sequence[Panel]) -> Figure | None:
    """All panels in one figure, at most `ABREAST` in a row."""
    if not every:
        return None
    columns = min(math.ceil(math.sqrt(len(every))), ABREAST)
    rows = math.ceil(len(every) / columns)
    height = max(inches(draw()) for draw in every)
    figure = Figure(figsize=(columns * WIDTH, rows * height))
    grid = figure.subfigures(rows, columns, squeeze=False)
    for draw, part in zip(every, grid.flat, strict=False):
        draw(on=part)
    return figure


def in_parts(sequence: list[T], most: int) -> list[list[T]]:
    """``sequence`` in pieces of at most ``most``."""
    return [sequence[start : start + most] for start in range(0, len(sequence), most)]


@styled
def _effects(choices: dict[str, list[Effect]], on: SubFigure | None = None) -> Drawn:
    """A row a level: its difference from the best level with the interval, and its mean."""
    rows: list[tuple[str, Effect | None]] = []
    for title, levels in choices.items():
        rows += [(title, None)] * bool(title)
        rows += [(cut(level[0], 28), level) for level in levels]
    left = 0.25 + 0.065 * max(len(label) for label, level in rows if level)
    figure, ((axes,),) = panels(0.78 + 0.24 * len(rows), left=left, bottom=0.46, on=on)
    figure.subplots_adjust(right=1 - 0.62 / WIDTH)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    side: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center"}
    for y, (label, level) in enumerate(rows):
        if level is None:
            heading = cut(label, 64)
            axes.annotate(heading, (0, y), (-72 * left + 8, 0), textcoords="offset points", **side)
            continue
        _, mean, difference, look = level
        name = {"textcoords": "offset points", "ha": "right", **side}
        axes.annotate(label, (0, y), (-6, 0), color=INK, **name)
        if difference and difference.ci95:
            ends = [100 * end for end in difference.ci95]
            axes.plot(ends, [y, y], color=look.colour, linewidth=2.2)
        off = 100 * difference.mean if difference else 0.0
        axes.plot(off, y, "o", color=look.colour, markersize=6.5)
        axes.annotate(f"{100 * mean:.2f}", (1.02, y), **side)
    axes.annotate("mean %", (1.02, -1), **side, color=MUTED, annotation_clip=False)
    axes.set(title="Effect of each choice", ylim=(len(rows) - 0.5, -0.5), yticks=[])
    axes.set_xlabel("points of validation accuracy from the best level", loc="right")
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.spines["left"].set_visible(False)
    words = ", ".join(label for label, level in rows if level)
    return described(figure, f"Difference of each level from the best one of its choice: {words}")


@styled
def _curves(
    title: str,
    lines: Sequence[Line],
    key: dict[str, Look],
    x: str,
    y: str,
    limits: Limits,
    on: SubFigure | None = None,
) -> Drawn:
    """Mean curves: accuracies on the stretched scale, losses on a logarithmic one.

    With their bands, unless there are more than `MOST_BANDS`.
    """
    labels = [cut(label, LABEL) for label in key]
    columns, below = legend_size(labels)
    figure, ((axes,),) = panels(2.75 + below, left=0.62, bottom=0.5 + below, on=on)
    for _, band, look in lines:
        if band.low is not None and band.high is not None and len(lines) <= MOST_BANDS:
            low, high = (np.clip(edge, *limits) for edge in (band.low, band.high))
            axes.fill_between(band.x, low, high, color=look.colour, alpha=0.18, linewidth=0)
        marker = "o" if len(band.x) == 1 else ""
        style = {"color": look.colour, "linestyle": DASHES[look.dash], "marker": marker}
        axes.plot(band.x, np.clip(band.mean, *limits), **style)
    if y == "val_accuracy":
        stretched(axes, "y", limits)
    else:
        logarithmic(axes, limits)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=x == "epoch", min_n_ticks=1))
    name = NAMES[y]
    heading = cut(title, HEADING) or f"{name.partition(',')[0].capitalize()} by {x}"
    axes.set(title=heading, xlabel=x, ylabel=name)
    handles = [
        Line2D([], [], color=look.colour, linestyle=DASHES[look.dash]) for look in key.values()
    ]
    figure.legend(handles, labels, loc="lower center", ncols=columns)
    every = ", ".join(label for label, _, _ in lines)
    where = ", ".join(filter(None, [f"{name} by {x}", title]))
    return described(figure, f"{where}: {every}")


@styled
def _heat_map(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: dict[tuple[str, str], Row],
    limits: Limits,
    on: SubFigure | None = None,
) -> Drawn:
    """A grid of mean accuracies, brighter is better; of what failed how often it did."""
    low, high = map(logit, limits)
    names, heads = [cut(text, 24) for text in rows], [cut(text, 16) for text in columns]
    left, longest = 0.22 + 0.062 * max(map(len, names)), 0.07 * max(map(len, heads))
    slanted = longest > (WIDTH - left) / len(heads)
    bottom = 0.28 + (0.5 * longest if slanted else 0)
    height = 0.34 + bottom + 0.48 * len(names)
    figure, ((axes,),) = panels(height, left=left, bottom=bottom, on=on)
    for (name, head), row in cells.items():
        if head not in columns:
            continue
        x, y, mean, ink = columns.index(head), rows.index(name), _mean(row), MUTED
        if mean is not None:
            place = (logit(mean) - low) / ((high - low) or 1)
            red, green, blue, _ = matplotlib.colormaps["cividis"](place)
            axes.add_patch(Rectangle((x, y), 1, 1, color=(red, green, blue)))
            ink = ON_DARK if 0.21 * red + 0.72 * green + 0.07 * blue < 0.45 else ON_BRIGHT
        axes.text(x + 0.5, y + 0.5, _text(row), color=ink, ha="center", va="center")
    slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if slanted else {}
    table(axes, names, heads, **slant)
    axes.tick_params(labelcolor=INK)
    axes.set_title(f"{cut(title, HEADING - 14)}  mean ± SD, %".strip())
    where = f"{', '.join(names)} by {', '.join(heads)}"
    return described(figure, f"Validation accuracy of {where} {title}".strip())


@styled
def _seeds(every: Sequence[Entry], on: SubFigure | None = None) -> Drawn:
    """A line a row: a dot for each run, the mean as a bar, its 95 % interval as a line."""
    labels = [cut(entry.title, 32) for entry in every]
    left = 0.22 + 0.062 * max(map(len, labels))
    figure, ((axes,),) = panels(0.8 + 0.21 * len(labels), left=left, bottom=0.46, on=on)
    look: dict[str, Any] = {"alpha": 0.55, "markersize": 4.5, "markeredgewidth": 0}
    runs = []
    for y, entry in enumerate(every):
        scores = [score for run in entry.runs if (score := best_accuracy(run)) is not None]
        runs += scores
        mean = entry.row.val_accuracy
        dots = np.clip(scores, *WITHIN)
        axes.plot(dots, [y] * len(scores), "o", color=entry.look.colour, **look)
        if mean.ci95:
            axes.plot(np.clip(mean.ci95, *WITHIN), [y, y], color=INK, linewidth=1)
        if mean.mean is not None:
            axes.plot(mean.mean, y, "|", color=INK, markersize=9, markeredgewidth=1.6)
    stretched(axes, "x", around(min(runs), max(runs)))
    axes.set(title="Every seed", xlabel="best validation accuracy, %")
    axes.set(ylim=(len(labels) - 0.5, -0.5))
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines["left"].set_visible(False)
    return described(figure, f"Best validation accuracy of {len(runs)} runs, a dot each")


def _common(looks: set[Look]) -> Look:
    """The look of a level; one that is part of rows of several looks has none of them."""
    (look,) = looks if len(looks) == 1 else (PLAIN,)
    return look


def _line(entry: Entry, band: Band, dashes: dict[str, int]) -> Line:
    first, second, *_ = [*entry.parts.values(), joined([]), ""]
    if dashes:
        return joined([first, second]), band, Look(entry.look.series, dashes[second])
    return first, band, entry.look


def _dashes(found: Sequence[Entry]) -> dict[str, int]:
    """A dash for each value of the second factor; none where there is none, or too many of them.

    Nor where two values of the first one have one colour, and only their dashes differ.
    """
    names = [*found[0].parts]
    if len(names) < 2:
        return {}
    first, second = (
        list(dict.fromkeys(entry.parts[name] for entry in found)) for name in names[:2]
    )
    colours = {entry.look.series for entry in found}
    if len(colours) < len(first) or len(second) > len(DASHES):
        return {}
    if len(first) * len(second) > MOST_TOGETHER:
        return {}
    return {value: dash for dash, value in enumerate(second)}


def _mean(row: Row) -> float | None:
    """The mean that colours the cell of ``row``; one that failed has none."""
    return None if row.state in (PARTLY, LOST) else row.val_accuracy.mean


def _text(row: Row) -> str:
    if row.state in (PARTLY, LOST):
        return f"failed\n{row.failed}/{row.ended}"
    _, mean, sd, _ = row.val_accuracy
    if mean is None:
        return "\n".join(row.statuses)
    return f"{100 * mean:.2f}" + ("" if sd is None else f"\n± {100 * sd:.2f}")
