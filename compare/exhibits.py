"""What the figures of the report show: from the runs of each row to the numbers to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from nnbasic.compare.colours import DASHES, Look
from nnbasic.compare.entries import Entry
from nnbasic.compare.grouping import joined
from nnbasic.compare.measures import best_accuracy
from nnbasic.compare.mistakes import Answers
from nnbasic.compare.pooling import (
    Band,
    Means,
    Pooled,
    by_epoch,
    by_seconds,
    layer_histogram,
    layer_mean,
    layer_names,
)
from nnbasic.compare.runs import RunData
from nnbasic.compare.scales import Limits, about, common_limits
from nnbasic.compare.significance import Summary
from nnbasic.compare.standing import LOST, PARTLY, Row
from nnbasic.model import ACTIVATIONS
from nnbasic.model.arrays import Array

T = TypeVar("T")

MOST_LINES, MOST_TOGETHER = 8, 12
"""How many lines a panel has, each with its own colour, or with dashes for a second choice."""

MOST_LAYERS = 8
"""How many layers a figure shows; of more, some from the first to the last."""

MOST_COLUMNS = 6
"""How many columns a map has room for."""


class Line(NamedTuple):
    """A curve and how it looks."""

    label: str
    band: Band
    look: Look


class Curves(NamedTuple):
    """A panel of curves of the metric ``y``, ``val_accuracy`` or ``train_loss``.

    ``key`` explains the looks of the lines. ``x`` is ``epoch`` or ``seconds``; ``limits``, of the
    y axis, are common to several panels.
    """

    title: str
    lines: list[Line]
    key: list[tuple[str, Look]]
    x: str
    y: str
    limits: Limits


class Cell(NamedTuple):
    """The mean accuracy of a group and the text that is put there."""

    mean: float | None
    text: str


class HeatMap(NamedTuple):
    """Groups by two choices; ``cells`` by (row, column).

    ``limits`` are the darkest and the brightest accuracy, common to several maps.
    """

    title: str
    rows: list[str]
    columns: list[str]
    cells: dict[tuple[int, int], Cell]
    limits: Limits


class DotRow(NamedTuple):
    """The best validation accuracy of each run of a group, and the group's mean."""

    label: str
    values: list[float]
    mean: Summary
    look: Look


class Dots(NamedTuple):
    """Every run of every group."""

    rows: list[DotRow]


class LayerHistograms(NamedTuple):
    """A layer's activations before the first and after the last step; None where not known."""

    name: str
    before: Pooled | None
    after: Pooled | None


class Histograms(NamedTuple):
    """The hidden layers of a group; ``bounds`` are the range of a bounded activation."""

    title: str
    layers: list[LayerHistograms]
    bounds: Limits | None
    look: Look


class LayerCourse(NamedTuple):
    """A layer from epoch to epoch: the norm of its gradient, its dead and saturated share."""

    name: str
    gradient: Means
    dead: Means
    saturated: Means


class Course(NamedTuple):
    """The layers of a group; ``limits``, of the gradient's norm, are common to all groups."""

    title: str
    layers: list[LayerCourse]
    limits: Limits | None


class Confusion(NamedTuple):
    """Test images a run, of shape (true class, predicted class); ``classes`` are their names."""

    title: str
    classes: list[str]
    counts: Array


def curves(found: Sequence[Entry], *, x: str, y: str, together: bool = False) -> list[Curves]:
    """Panels of curves in which an activation, or the first part that varies, has its colour.

    There is a panel for each case of the other parts, or several if it has more than `MOST_LINES`;
    ``together``, the dashes stand for the second part, if that leaves no panel too full.
    """
    mean = by_epoch if x == "epoch" else by_seconds
    known = [(entry, band) for entry in found if (band := mean(entry.runs, y)) is not None]
    if not known:
        return []
    limits = common_limits(y, [band for _, band in known])
    dashes = _dashes([entry for entry, _ in known]) if together else {}
    panels: dict[str, list[tuple[Entry, Band]]] = {}
    for entry, band in known:
        others = [*entry.parts.values()][2 if dashes else 1 :]
        panels.setdefault(joined(others) if others else "", []).append((entry, band))
    drawn = []
    for title, members in panels.items():
        for part in [members] if dashes else _in_parts(members, MOST_LINES):
            lines = [_line(entry, band, dashes) for entry, band in part]
            key = {line.label: line.look for line in lines}
            if dashes:
                key = {next(iter(e.parts.values())): Look(e.look.series, 0) for e, _ in part}
                key |= {value: Look(None, dash) for value, dash in dashes.items()}
            drawn.append(Curves(title, lines, [*key.items()], x, y, limits))
    return drawn


def heat_maps(found: Sequence[Entry]) -> list[HeatMap]:
    """Activation × init, or the first two parts that vary, in a map for each case of the others."""
    maps: dict[str, dict[tuple[str, str], Row]] = {}
    for entry in found:
        row, column, *others = [*entry.parts.values(), "", ""][: max(len(entry.parts), 2)]
        if row:
            maps.setdefault(joined(others) if others else "", {})[row, column] = entry.row
    known = [mean for entry in found if (mean := _cell(entry.row).mean) is not None]
    limits = (min(known, default=0), max(known, default=1))
    drawn = []
    for heading, groups in maps.items():
        rows = list(dict.fromkeys(row for row, _ in groups))
        columns = list(dict.fromkeys(column for _, column in groups))
        if len(columns) > MOST_COLUMNS and len(columns) > len(rows):
            rows, columns = columns, rows
            groups = {(column, row): group for (row, column), group in groups.items()}
        for part in _in_parts(columns, MOST_COLUMNS):
            cells = {
                (rows.index(row_name), part.index(column)): _cell(row)
                for (row_name, column), row in groups.items()
                if column in part
            }
            drawn.append(HeatMap(heading, rows, part, cells, limits))
    return drawn


def dots(found: Sequence[Entry]) -> list[Dots]:
    """Every run as a dot."""
    rows = [
        DotRow(entry.title, values, entry.row.val_accuracy, entry.look)
        for entry in found
        if (values := [v for v in map(best_accuracy, entry.runs) if v is not None])
    ]
    return [Dots(rows)] if rows else []


def histograms(found: Sequence[Entry]) -> list[Histograms]:
    """The activations of the hidden layers of each group before and after training."""
    drawn = []
    for entry in found:
        names = layer_names(entry.runs)
        layers = [
            LayerHistograms(
                names[layer],
                before=layer_histogram(entry.runs, layer, 0),
                after=layer_histogram(entry.runs, layer),
            )
            for layer in _some(len(names) - 1)  # the last one is the output
        ]
        layers = [layer for layer in layers if layer.before or layer.after]
        if layers:
            drawn.append(Histograms(entry.title, layers, _range(entry.runs[0]), entry.look))
    return drawn


def courses(found: Sequence[Entry]) -> list[Course]:
    """Gradients, dead and saturated units by layer and epoch, for each group."""
    by_title = []
    for entry in found:
        names, runs = layer_names(entry.runs), entry.runs
        layers = [
            LayerCourse(
                name=names[layer],
                gradient=layer_mean(runs, layer, "gradient_norm", geometric=True),
                dead=layer_mean(runs, layer, "dead"),
                saturated=layer_mean(runs, layer, "saturated"),
            )
            for layer in _some(len(names))
        ]
        if layers:
            by_title.append((entry.title, layers))
    norms = [n for _, layers in by_title for layer in layers for n in layer.gradient.means]
    limits = about(min(norms), max(norms)) if norms else None
    return [Course(title, layers, limits) for title, layers in by_title]


def confusion(entry: Entry, found: Answers) -> Confusion:
    """The mean over the runs of a group of how often each class was taken for each."""
    classes = entry.runs[0].record.class_names(len(found.confusion))
    return Confusion(entry.title, classes, found.confusion / found.runs)


def _line(entry: Entry, band: Band, dashes: dict[str, int]) -> Line:
    first, second, *_ = [*entry.parts.values(), joined([]), ""]
    if dashes:
        return Line(joined([first, second]), band, Look(entry.look.series, dashes[second]))
    return Line(first, band, entry.look)


def _dashes(found: Sequence[Entry]) -> dict[str, int]:
    """A dash for each value of the second part; none where there is none, or too many of them.

    Nor where two values of the first part have one colour, and only their dashes differ.
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


def _cell(row: Row) -> Cell:
    """The row's mean and its text; of one that failed, how often it did."""
    _, mean, sd, _ = row.val_accuracy
    if row.state in (PARTLY, LOST):
        return Cell(None, f"failed\n{row.failed}/{row.ended}")
    if mean is None:
        return Cell(None, "\n".join(row.statuses))
    return Cell(mean, f"{100 * mean:.2f}" + ("" if sd is None else f"\n± {100 * sd:.2f}"))


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


def _in_parts(sequence: list[T], most: int) -> list[list[T]]:
    """``sequence`` in pieces of at most ``most``."""
    return [sequence[start : start + most] for start in range(0, len(sequence), most)]
