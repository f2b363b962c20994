"""The figures of accuracies: each is one function, from a comparison to a matplotlib figure."""

from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
import wcwidth
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnbasic.compare import plotting
from nnbasic.compare.cells import percentage, spread
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.factors import Factor, Level
from nnbasic.compare.plotting import WITHIN, Drawn, cut, drawn_rows, first_rows, logit
from nnbasic.compare.pooling import by_epoch
from nnbasic.compare.significance import Contrast
from nnbasic.compare.standing import Row
from nnbasic.compare.style import INK, MUTED

ACCURACY = "validation accuracy, %"

LOWEST = 0.05
"""A learning rate that gives a lower accuracy is drawn as if it gave this one."""

MOST_ACROSS = 12
"""A map with more columns is turned round."""


def effects(comparison: Comparison) -> Figure | None:
    """Difference of each level from the best one of its choice, with its interval and mean.

    Without crossed choices the ranked rows; None for a single one.
    """
    rows, found = comparison.ranked, comparison.effects
    drawn = drawn_rows(rows)
    if len(drawn) < 2:
        return None
    text = "difference from the best, points of validation accuracy"
    if found is None:
        choices = {"Difference from the best row": list(map(_as_level, drawn))}
    else:
        choices = {_title(factor): _levels(factor, drawn) for factor in found.factors}
        rows = list(comparison.rows)
        text += plotting.without(found.left_out)
    sizes = [len(levels) for levels in choices.values()]
    shared = {"sharex": True, "sharey": False, "height_ratios": sizes}
    size = (4.5, 0.28 * sum(sizes) / len(sizes) + 0.42)
    figure, panels = plotting.grid(len(sizes), size, 1, **shared)
    for axes, (title, levels) in zip(panels, choices.items(), strict=True):
        axes.axvline(0, color=MUTED, linewidth=0.8)
        for y, (level, colour) in enumerate(levels):
            difference = level.difference or Contrast(0.0)
            if difference.ci95:
                axes.plot([100 * end for end in difference.ci95], [y, y], color=colour, lw=2.4)
            axes.plot(100 * difference.mean, y, "o", color=colour, ms=6.5)
            place: Any = ("axes fraction", "data")
            axes.annotate(f"{percentage(level.mean)} %", (1.02, y), xycoords=place, va="center")
        axes.set_title(cut(title, 66))
        plotting.label_rows(axes, [level.value for level, _ in levels])
    panels[-1].xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    plotting.caption(figure, text, comparison, rows)
    return figure


def curves(comparison: Comparison, y: str = "val_accuracy") -> Figure | None:
    """The mean of the metric ``y`` by epoch, with 95 % intervals of the mean.

    A line for each value of the first choice, a panel for each of the others. Accuracies are on
    a logit scale, losses on a logarithmic one. None where there is one epoch.
    """
    every = [(each, by_epoch(each.row.counted, y)) for each in first_rows(comparison)]
    bands = [(each, band) for each, band in every if band is not None and len(band.x) > 1]
    if not bands:
        return None
    name, scale = (ACCURACY, "logit") if y == "val_accuracy" else ("training loss", "log")
    lines = [(each.panel, each, band.x, band.mean) for each, band in bands]
    text = f"epoch{plotting.means(comparison)}"
    figure, panels = plotting.line_figure(comparison, lines, text, name, scale)
    figure.set_label(f"{name} by epoch")
    for each, band in bands:
        axes = panels[each.panel]
        axes.set_ylim(limits := axes.get_ylim())  # that of the means
        low, high = (np.clip(band.mean + end, *limits) for end in (-band.half, band.half))
        axes.fill_between(band.x, low, high, color=each.look.colour, alpha=0.1, linewidth=0)
    return figure


def accuracy_map(comparison: Comparison) -> Figure | None:
    """Validation accuracy of each combination: mean ± SD and letters, or how often it failed."""
    drawn = drawn_rows(comparison.rows)
    if len(drawn) < 2:
        return None
    cells = [(each.first, each.others) for each in drawn]
    if len({others for _, others in cells}) > MOST_ACROSS:
        cells = [(others, first) for first, others in cells]
    rows, columns = (list(dict.fromkeys(words)) for words in zip(*cells, strict=True))
    means = [None if each.row.failed else each.row.val_accuracy.mean for each in drawn]
    known = [logit(mean) for mean in means if mean is not None]
    low, high = min(known, default=0), max(known, default=1)
    room = max(0.0, 1 - (high - low)) / 2  # or cells that hardly differ would look far apart
    width = 1.15 * len(columns) + 0.08 * max(map(wcwidth.width, rows))
    figure, (axes,) = plotting.grid(1, (width, 0.45 * len(rows) + 0.5))
    values = np.full((len(rows), len(columns)), np.nan)
    for each, (name, head), mean in zip(drawn, cells, means, strict=True):
        y, x, ink = rows.index(name), columns.index(head), MUTED
        if mean is not None:
            values[y, x] = logit(mean)
            ink = INK if values[y, x] < (low + high + room) / 2 else "white"
        axes.text(x, y, _in_cell(each.row), color=ink, ha="center", va="center")
    blues = matplotlib.colormaps["Blues"]
    axes.imshow(values, blues, vmin=low - room, vmax=high + room, aspect="auto")
    axes.set_xticks(range(len(columns)), [fill(cut(text, 40), 14) for text in columns], color=INK)
    axes.set_yticks(range(len(rows)), [cut(text, 24) for text in rows], color=INK)
    plotting.bare(axes)
    letters = any(each.row.letters for each in drawn)
    text = f"mean {ACCURACY} ± SD{'; same letter: no significant difference' * letters}"
    plotting.caption(figure, text, comparison, [each.row for each in drawn])
    return figure


def seeds(comparison: Comparison) -> Figure | None:
    """Best validation accuracy of each run, a dot, with the mean of its row and its interval."""
    drawn = [each for each in drawn_rows(comparison.rows) if each.row.scores]
    if not drawn:
        return None
    names = [each.row.name for each in drawn]
    figure, (axes,) = plotting.grid(1, (4.5, 0.25 * len(drawn) + 0.5))
    for y, each in enumerate(drawn):
        dots = np.clip(list(each.row.scores.values()), *WITHIN)
        axes.plot(dots, [y] * len(dots), "o", color=each.look.colour, alpha=0.55, ms=5, mew=0)
    axes.margins(x=0.1)
    plotting.scale(axes.xaxis, "logit")
    axes.set_xlim(limits := axes.get_xlim())  # that of the dots
    for y, each in enumerate(drawn):
        mean = each.row.val_accuracy
        if mean.ci95:
            axes.plot(np.clip(mean.ci95, *limits), [y, y], color=INK, linewidth=1)
            for end, marker in zip(mean.ci95, "<>", strict=True):
                if not limits[0] <= end <= limits[1]:  # it goes on beyond the figure
                    axes.plot(np.clip(end, *limits), y, marker, color=INK, ms=4, clip_on=False)
        if mean.mean is not None:
            axes.plot(np.clip(mean.mean, *WITHIN), y, "|", color=INK, ms=10, mew=1.6)
    axes.set_title("Every seed")
    plotting.label_rows(axes, names)
    plotting.caption(figure, f"best {ACCURACY}", comparison, [each.row for each in drawn])
    return figure


def rates(comparison: Comparison) -> Figure | None:
    """Accuracy by learning rate, of the short runs with which a search chose the rate."""
    every = [(each, each.row.runs[0].record.rate_search) for each in first_rows(comparison)]
    searches = [(each, search) for each, search in every if search is not None]
    if not searches:
        return None
    lines = []
    for each, search in searches:
        tried, shares = zip(*sorted(search.tried.items()), strict=True)
        lines.append((each.panel, each, tried, np.maximum(shares, LOWEST)))
    text = f"learning rate, the chosen one ringed · mean of {searches[0][1].seeds} other seeds"
    figure, panels = plotting.line_figure(comparison, lines, text, ACCURACY, "logit")
    for axes in panels.values():
        plotting.scale(axes.xaxis, "log")
    for each, search in searches:
        if search.chosen in search.tried:
            place, colour = (search.chosen, search.tried[search.chosen]), each.look.colour
            panels[each.panel].plot(*place, "o", color=colour, mfc="none", ms=9)
    return figure


def _title(factor: Factor) -> str:
    share = "" if factor.share is None else f": {100 * factor.share:.0f} % of the variance"
    return f"Effect of {factor.key}{share}"


def _as_level(each: Drawn) -> tuple[Level, str]:
    row = each.row
    mean = row.val_accuracy.mean or 0.0
    return Level(row.name, mean, row.difference, row.letters), each.look.colour


def _levels(factor: Factor, drawn: list[Drawn]) -> list[tuple[Level, str]]:
    """The levels of ``factor``, in the order and with the colours of the ``drawn`` rows."""
    colours: dict[str, set[str]] = {}
    for each in drawn:
        colours.setdefault(each.row.parts[factor.key], set()).add(each.look.colour)
    levels = {level.value: level for level in factor.levels}
    return [
        (levels[value], own.pop() if len(own) == 1 else INK)
        for value, own in colours.items()
        if value in levels
    ]


def _in_cell(row: Row) -> str:
    if row.failed:
        return f"{'failed' if row.diverged else 'collapsed'} {row.failed}/{row.ended}"
    return f"{spread(row.val_accuracy)} {row.letters or ''}".strip()
