"""The figures of a comparison: each is one function, from its rows to a matplotlib figure.

A figure's label describes it to those who cannot see it. Figures are drawn on white, and look the
same in a file of their own and in the report.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.findings import crossing
from nnbasic.compare.grouping import ALL, joined, words
from nnbasic.compare.mistakes import Answers, answers
from nnbasic.compare.panels import (
    ABREAST,
    WITHIN,
    around,
    bare,
    cut,
    described,
    grid,
    label_rows,
    legend,
    log_scale,
    logit,
    logit_scale,
    styled,
    subplots,
    width_of,
)
from nnbasic.compare.pooling import (
    by_epoch,
    by_seconds,
    gradient_norms,
    layer_histogram,
    layer_names,
)
from nnbasic.compare.runs import shown
from nnbasic.compare.significance import Contrast
from nnbasic.compare.standing import LOST, PARTLY, RANKED, Row
from nnbasic.compare.style import INK, MUTED, SERIES, TEXT, Look, looks
from nnbasic.compare.verdict import listed
from nnbasic.model.arrays import Array

MOST_ROWS = 24
"""How many rows, the first ones of the table, are drawn where each has lines or panels."""

MOST_LAYERS = 8

ACCURACY = "validation accuracy, %"


@dataclass(frozen=True)
class Drawn:
    """A row, and the words for what tells it from the others: factor → ``he``, ``lr=0.1``.

    ``look`` is that of its activation, or of its first word: the same in all figures. ``case`` is
    what else varies.
    """

    row: Row
    parts: dict[str, str]
    look: Look

    @property
    def first(self) -> str:
        return next(iter(self.parts.values()), ALL)

    @property
    def case(self) -> str:
        others = list(self.parts.values())[1:]
        return joined(others) if others else ""


def drawn_rows(rows: Sequence[Row]) -> list[Drawn]:
    """The comparable ``rows``, in the order in which they were asked for, e.g. by ``--vary``."""
    rows = [row for row in rows if row.comparable]
    rows.sort(key=lambda row: min(run.record.queued or run.record.started for run in row.runs))
    leading = ("activation", "init")
    varying = [f for row in rows for f in row.parts]
    varying = sorted(set(varying), key=lambda factor: (factor not in leading, factor))
    factors = [f for f in varying if len({row.parts.get(f) for row in rows}) > 1]
    parts = [{factor: words(row.parts).get(factor, "–") for factor in factors} for row in rows]
    first = [next(iter(own.values()), ALL) for own in parts]
    look = looks(list(dict.fromkeys(first)))
    return [
        Drawn(row, own, look[value]) for row, own, value in zip(rows, parts, first, strict=True)
    ]


@styled
def effects(comparison: Comparison) -> Figure | None:
    """The difference of each level from the best one of its choice, with its interval and mean.

    Without crossed choices the ranked rows; None for a single one.
    """
    ranked = [each for each in drawn_rows(comparison.rows) if each.row.state == RANKED]
    if len(ranked) < 2:
        return None
    found = comparison.effects
    choices: dict[str, list[tuple[str, float, Contrast | None, str]]] = {}
    if found is None:
        first = set(comparison.rows[:MOST_ROWS])
        choices["Difference from the best row"] = [
            (each.row.name, each.row.val_accuracy.mean or 0, each.row.difference, each.look.colour)
            for each in ranked
            if each.row in first
        ]
    else:
        keys, cells = crossing([each.row for each in ranked])
        for factor in found.factors:
            axis = keys.index(factor.key)
            order = list(dict.fromkeys(cell[axis] for cell in cells))
            colours: dict[str, set[str]] = {value: set() for value in order}
            for cell, each in zip(cells, ranked, strict=True):
                colours[cell[axis]].add(each.look.colour)
            share = "" if factor.share is None else f": {100 * factor.share:.0f} % of the variance"
            choices[f"Effect of {factor.key}{share}"] = [
                (level.value, level.mean, level.difference, _common(colours[level.value]))
                for level in sorted(factor.levels, key=lambda level: order.index(level.value))
            ]
    sizes = [len(levels) for levels in choices.values()]
    names = [name for levels in choices.values() for name, *_ in levels]
    size = (4 + width_of(names), 0.28 * sum(sizes) + 0.42 * len(sizes) + 0.5)
    figure, every = subplots(len(sizes), 1, size, height_ratios=sizes, sharex=True)
    for axes, (title, levels) in zip(every, choices.items(), strict=True):
        axes.axvline(0, color=MUTED, linewidth=0.8)
        for y, (_, mean, difference, colour) in enumerate(levels):
            if difference and difference.ci95:
                axes.plot([100 * end for end in difference.ci95], [y, y], color=colour, lw=2.4)
            axes.plot(100 * difference.mean if difference else 0, y, "o", color=colour, ms=6.5)
            place: Any = ("axes fraction", "data")
            axes.annotate(f"{100 * mean:.2f} %", (1.02, y), xycoords=place, va="center")
        axes.set_title(cut(title, 66))
        label_rows(axes, [name for name, *_ in levels])
    without = f"\nwithout {listed(found.left_out)}" if found and found.left_out else ""
    every[-1].set_xlabel(f"difference from the best, points of validation accuracy{without}")
    every[-1].xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    label = f"Difference of each level from the best one: {', '.join(names)}"
    return described(figure, label)


@styled
def curves(comparison: Comparison, *, x: str = "epoch", y: str = "val_accuracy") -> Figure | None:
    """The mean of the metric ``y`` by ``x``, epoch or seconds, with 95 % intervals of the mean.

    A line for each value of the first choice, a panel for each case of the others. Accuracies
    are on a logit scale, losses on a logarithmic one.
    """
    mean = by_epoch if x == "epoch" else by_seconds
    known = [
        (each, band)
        for each in drawn_rows(_first(comparison))
        if (band := mean(each.row.counted, y)) is not None
    ]
    if not known:
        return None
    figure, lines = _lines([each for each, _ in known])
    lowest = min(float(band.mean.min()) for _, band in known)
    highest = max(float(band.mean.max()) for _, band in known)
    accuracy = y == "val_accuracy"
    limits = around(lowest, highest) if accuracy else (max(lowest, 1e-12) / 1.3, highest * 1.3)
    for (each, band), (axes, line) in zip(known, lines, strict=True):
        if band.low is not None and band.high is not None:
            low, high = (np.clip(edge, *limits) for edge in (band.low, band.high))
            axes.fill_between(band.x, low, high, color=each.look.colour, alpha=0.1, linewidth=0)
        axes.plot(band.x, band.mean, marker="o" if len(band.x) == 1 else "", **line)
    for axes in figure.axes:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=x == "epoch", min_n_ticks=1))
        (logit_scale if accuracy else log_scale)(axes.yaxis, limits)
    name = ACCURACY if accuracy else "training loss"
    figure.supylabel(name, fontsize=TEXT)
    figure.supxlabel(f"{x}{_below(comparison)}", fontsize=TEXT)
    legend(figure)
    return described(figure, f"{name} by {x}: {', '.join(e.row.name for e, _ in known)}")


@styled
def accuracy_map(comparison: Comparison) -> Figure | None:
    """Two choices: mean ± SD of each cell, and its letters; of what failed how often it did."""
    every = [each for each in drawn_rows(comparison.rows) if each.parts]
    if not every:
        return None
    maps: dict[str, dict[tuple[str, str], Row]] = {}
    for each in every:
        row, column, *others = [*each.parts.values(), ""][: max(len(each.parts), 2)]
        maps.setdefault(joined(others) if others else "", {})[row, column] = each.row
    rows, columns = (
        list(dict.fromkeys(cell[axis] for cells in maps.values() for cell in cells))
        for axis in (0, 1)
    )
    known = [logit(mean) for each in every if (mean := _mean(each.row)) is not None]
    low, high = min(known, default=0), max(known, default=1)
    room = max(0.0, 1 - (high - low)) / 2  # or cells that hardly differ would look far apart
    width = max(1.1, width_of(columns, 20)) * len(columns) + width_of(rows, 24) + 0.4
    figure, panels = grid(len(maps), (width, 0.45 * len(rows) + 0.8))
    colours = matplotlib.colormaps["Blues"]
    for axes, (title, cells) in zip(panels, maps.items(), strict=True):
        values = np.full((len(rows), len(columns)), np.nan)
        for (name, head), cell in cells.items():
            y, x, mean = rows.index(name), columns.index(head), _mean(cell)
            ink = MUTED
            if mean is not None:
                values[y, x] = logit(mean)
                ink = INK if values[y, x] < (low + high + room) / 2 else "white"
            axes.text(x, y, _in_cell(cell), color=ink, ha="center", va="center")
        axes.imshow(values, colours, vmin=low - room, vmax=high + room, aspect="auto")
        axes.set_title(cut(title, 34))
        axes.set_xticks(range(len(columns)), [cut(text, 20) for text in columns], color=INK)
        axes.set_yticks(range(len(rows)), [cut(text, 24) for text in rows], color=INK)
        bare(axes)
    letters = any(each.row.letters for each in every)
    same = "; same letter: no significant difference" if letters else ""
    figure.supxlabel(f"mean {ACCURACY} ± SD{same}", fontsize=TEXT)
    return described(figure, f"Validation accuracy of {', '.join(e.row.name for e in every)}")


@styled
def seeds(comparison: Comparison) -> Figure | None:
    """A line for each row: a dot for each run, the mean as a bar, its 95 % interval as a line."""
    every = [each for each in drawn_rows(comparison.rows) if each.row.scores]
    if not every:
        return None
    names = [each.row.name for each in every]
    figure, (axes,) = subplots(1, 1, (4 + width_of(names), 0.25 * len(every) + 1))
    scores = [list(each.row.scores.values()) for each in every]
    runs = [score for of_row in scores for score in of_row]
    limits = around(min(runs), max(runs))
    for y, (each, of_row) in enumerate(zip(every, scores, strict=True)):
        dots = np.clip(of_row, *WITHIN)
        axes.plot(dots, [y] * len(dots), "o", color=each.look.colour, alpha=0.55, ms=5, mew=0)
        mean = each.row.val_accuracy
        if mean.ci95:
            low, high = mean.ci95
            axes.plot(np.clip(mean.ci95, *limits), [y, y], color=INK, linewidth=1)
            for end, marker in ((low, "<"), (high, ">")):  # an end beyond the figure
                if not limits[0] <= end <= limits[1]:
                    axes.plot(np.clip(end, *limits), y, marker, color=INK, ms=4, clip_on=False)
        if mean.mean is not None:
            axes.plot(np.clip(mean.mean, *WITHIN), y, "|", color=INK, ms=10, mew=1.6)
    logit_scale(axes.xaxis, limits)
    axes.set(title="Every seed", xlabel=f"best {ACCURACY}")
    label_rows(axes, names)
    return described(figure, f"Best validation accuracy of {len(runs)} runs, a dot each")


@styled
def gradients(comparison: Comparison) -> Figure | None:
    """The gradient norm of each layer's weights, before the first step and after training.

    A line for each value of the first choice, a line of panels for each case of the others.
    """
    every = [e for e in drawn_rows(_first(comparison)) if layer_names(e.row.counted)]
    cases = _cases(every)
    norms = [[gradient_norms(each.row.counted, epoch) for epoch in (0, None)] for each in every]
    known = [norm for pair in norms for own in pair for norm in own.values()]
    if not known:
        return None
    titles = list(dict.fromkeys(cases))
    figure, panels = subplots(
        len(titles), 2, (7, 1.9 * len(titles) + 0.7), sharex=True, sharey=True
    )
    for each, case, pair in zip(every, cases, norms, strict=True):
        for column, of_layer in enumerate(pair):
            axes = panels[2 * titles.index(case) + column]
            layers, values = list(of_layer), list(of_layer.values())
            axes.plot(layers, values, marker="o", ms=4, **_line(each, case))
    for number, axes in enumerate(panels):
        when = ("before training", "after training")[number % 2]
        axes.set_title(": ".join(filter(None, [cut(titles[number // 2], 20), when])))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
        log_scale(axes.yaxis, (min(known) / 1.3, max(known) * 1.3))
    figure.supylabel("gradient norm", fontsize=TEXT)
    figure.supxlabel(f"layer{_below(comparison)}", fontsize=TEXT)
    legend(figure)
    return described(figure, f"Gradient norm by layer: {', '.join(e.row.name for e in every)}")


@styled
def histograms(comparison: Comparison) -> Figure | None:
    """The activations of each hidden layer before (grey) and after training, a panel for each row.

    Heights are square roots of counts, so that a spike at 0 does not hide the rest.
    """
    known = []
    for each in drawn_rows(_first(comparison)):
        runs = each.row.counted
        layers = _some(layer_names(runs)[:-1])
        pairs = [(layer_histogram(runs, n, 0), layer_histogram(runs, n)) for n, _ in layers]
        if any(one for pair in pairs for one in pair):
            known.append((each, [name for _, name in layers], pairs))
    if not known:
        return None
    deepest = max(len(names) for _, names, _ in known)
    figure, panels = grid(len(known), (2.5, 0.42 * deepest + 0.75), sharey=False)
    for axes, (each, names, pairs) in zip(panels, known, strict=True):
        for y, pair in enumerate(pairs):
            for found, colour, alpha in zip(
                pair, (MUTED, each.look.colour), (0.4, 0.75), strict=True
            ):
                if found is not None:
                    tops = y - 0.85 * np.sqrt(found.counts / found.counts.max())
                    look: Any = {"fill": True, "color": colour, "alpha": alpha, "linewidth": 0}
                    axes.stairs(tops, found.edges, baseline=y, **look)
        bulks = [one.bulk for pair in pairs for one in pair if one is not None]
        axes.set(title=cut(each.row.name, 28), ylim=(len(names) - 0.9, -1))
        axes.set_xlim(min(low for low, _ in bulks), max(high for _, high in bulks))
        axes.set_yticks(range(len(names)), [cut(name, 10) for name in names])
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.grid(visible=False, axis="x")
        axes.spines[:].set_visible(False)
    figure.supxlabel("activation: before training in grey, after it in colour", fontsize=TEXT)
    titles = ", ".join(each.row.name for each, *_ in known)
    return described(figure, f"Histograms of the activations of each layer: {titles}")


@styled
def rates(comparison: Comparison) -> Figure | None:
    """Accuracy by learning rate, of the short runs with which a search chose the rate."""
    every = [e for e in drawn_rows(_first(comparison)) if e.row.runs[0].record.rate_search]
    if not every:
        return None
    figure, lines = _lines(every)
    reached: list[float] = []
    for each, (axes, line) in zip(every, lines, strict=True):
        search = each.row.runs[0].record.rate_search
        tried = sorted(search.tried.items()) if search else []
        accuracies = np.clip([accuracy for _, accuracy in tried], *WITHIN)
        reached += list(accuracies)
        axes.plot([rate for rate, _ in tried], accuracies, marker="o", ms=4, **line)
    for axes in figure.axes:
        axes.set_xscale("log")
        logit_scale(axes.yaxis, around(min(reached), max(reached)))
    figure.supylabel(ACCURACY, fontsize=TEXT)
    figure.supxlabel("learning rate", fontsize=TEXT)
    legend(figure)
    return described(figure, f"Accuracy by rate: {', '.join(e.row.name for e in every)}")


@styled
def confusion(comparison: Comparison) -> Figure | None:
    """Confusion matrices of the test images a run, of the first rows; a row for each true class."""
    known = _answered(comparison)[:ABREAST]
    if not known:
        return None
    figure, panels = grid(len(known), (3.6, 3.8))
    for axes, (row, found) in zip(panels, known, strict=True):
        counts = found.confusion / found.runs
        errors = counts * (1 - np.eye(len(counts)))
        axes.imshow(np.sqrt(errors), "Oranges", vmax=1.6 * math.sqrt(errors.max() or 1))
        small = TEXT - 1.5 if len(counts) <= 12 else 4
        for y, x in zip(*np.nonzero(counts), strict=True):
            text = f"{counts[y, x]:.0f}" if counts[y, x] >= 0.95 else f"{counts[y, x]:.1f}"[1:]
            colour = SERIES[0] if x == y else INK
            axes.text(x, y, text, ha="center", va="center", fontsize=small, color=colour)
        names = [cut(name, 9) for name in row.runs[0].record.class_names(len(counts))]
        turned = 90 if max(map(len, names)) > 2 else 0
        axes.set_xticks(range(len(names)), names, rotation=turned)
        axes.set_yticks(range(len(names)), names)
        axes.set(title=cut(row.name, 34), xlabel="predicted")
        bare(axes)
    figure.supylabel("true class", fontsize=TEXT)
    return described(figure, f"Confusion matrices: {', '.join(row.name for row, _ in known)}")


@styled
def wrong_images(comparison: Comparison, images: Array) -> Figure | None:
    """The test ``images`` (n, 784) to whose true class the first row gives least probability."""
    known = _answered(comparison)
    if not known or len(known[0][1].labels) != len(images):
        return None
    row, found = known[0]
    names = row.runs[0].record.class_names(len(found.confusion))
    worst = found.most_wrong(12)
    if not worst:
        return None
    figure, panels = subplots(math.ceil(len(worst) / 6), 6, (6.8, 1.6 * math.ceil(len(worst) / 6)))
    titles = [f"{cut(names[w.true], 9)} → {cut(names[w.predicted], 9)}" for w in worst]
    for axes, wrong, title in zip(panels, worst, titles, strict=False):
        axes.imshow(images[wrong.image].reshape(28, 28), "gray_r")
        axes.set(title=title, xticks=[], yticks=[])
        axes.set_xlabel(f"{100 * wrong.probability:.1f} %", fontsize=TEXT - 1)
        bare(axes)
    for axes in panels[len(worst) :]:
        axes.set_visible(False)
    return described(figure, f"Most wrong test images of {row.name}: {', '.join(titles)}")


FIGURES: dict[str, Callable[[Comparison], Figure | None]] = {
    "curves": curves,
    "map": accuracy_map,
    "effects": effects,
    "seeds": seeds,
    "layers": gradients,
    "histograms": histograms,
    "rates": rates,
    "confusion": confusion,
}


def _first(comparison: Comparison) -> list[Row]:
    """The first rows of the table that can be drawn."""
    return [row for row in comparison.rows if row.comparable and row.counted][:MOST_ROWS]


def _answered(comparison: Comparison) -> list[tuple[Row, Answers]]:
    """The rows whose predictions of the test images are known, in the order of the table."""
    every = ((row, answers(row.counted)) for row in _first(comparison))
    return [(row, found) for row, found in every if found is not None]


def _cases(every: Sequence[Drawn]) -> list[str]:
    """The panel of each row: what varies besides the first choice, if panels compare anything."""
    cases = [each.case for each in every]
    alone = len(set(cases)) == len(cases)
    return ["" if alone else case for case in cases]


def _line(each: Drawn, case: str) -> dict[str, Any]:
    """The options of the line of a row in the panel of a ``case``, which need not be named."""
    return {"label": cut(each.first if case else each.row.name, 30), **each.look.line}


def _lines(every: Sequence[Drawn]) -> tuple[Figure, list[tuple[Axes, dict[str, Any]]]]:
    """A figure with a panel for each case, and for each row its panel and its line's options."""
    cases = _cases(every)
    titles = list(dict.fromkeys(cases))
    figure, panels = grid(len(titles), (3.3, 2.6) if len(titles) > 1 else (5, 3))
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(cut(title, 34))
    lines = [_line(each, case) for each, case in zip(every, cases, strict=True)]
    return figure, [(panels[titles.index(c)], line) for c, line in zip(cases, lines, strict=True)]


def _below(comparison: Comparison) -> str:
    """What the lines are: ``: mean of 3 seeds, 784-32-10, mnist``."""
    n = len(comparison.seeds)
    layers = shown(comparison.same.get("layers", "")).strip("[]").replace(", ", "-")
    data = shown(comparison.same.get("dataset", "")).partition(" ")[0]
    seeds = f"mean of {n} seeds" if n > 1 else "one seed" if n else ""
    rows = sum(bool(row.comparable and row.counted) for row in comparison.rows)
    first = f"the first {MOST_ROWS} of {rows} rows" if rows > MOST_ROWS else ""
    return "".join(f" · {part}" for part in (seeds, layers, data, first) if part)


def _some(names: Sequence[str]) -> list[tuple[int, str]]:
    """All layers, or of many `MOST_LAYERS`, the first and the last among them."""
    count = min(len(names), MOST_LAYERS)
    places = [round(n * (len(names) - 1) / max(count - 1, 1)) for n in range(count)]
    return [(place, names[place]) for place in places]


def _mean(row: Row) -> float | None:
    """The mean that colours the cell of ``row``; one that failed has none."""
    return None if row.state in (PARTLY, LOST) else row.val_accuracy.mean


def _in_cell(row: Row) -> str:
    if row.state in (PARTLY, LOST):
        return f"{'failed' if row.diverged else 'collapsed'} {row.failed}/{row.ended}"
    mean, sd = row.val_accuracy.mean, row.val_accuracy.sd
    if mean is None:
        return "–"
    spread = "" if sd is None else f" ± {100 * sd:.2f}"
    return f"{100 * mean:.2f}{spread}{f' {row.letters}' if row.letters else ''}"


def _common(colours: set[str]) -> str:
    return next(iter(colours)) if len(colours) == 1 else INK
