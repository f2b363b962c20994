"""Which figures the report has: what is drawn together, in which order, under which name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from nnbasic.compare import figures
from nnbasic.compare.measures import Group, best_accuracy
from nnbasic.compare.pooling import (
    Band,
    by_epoch,
    by_seconds,
    figure,
    layer_mean,
    layer_names,
    pooled,
)
from nnbasic.compare.scales import about, common_limits
from nnbasic.compare.svg import SERIES
from nnbasic.model import ACTIVATIONS
from nnbasic.runs.choices import Values, headings, shown
from nnbasic.runs.collection import RunData

MOST_LAYERS = 8
"""How many layers a figure shows; of more, some from the first to the last."""

MOST_COLUMNS = 6
"""How many columns a map has room for."""

COMPONENTS = ("activation", "init", "optimizer", "schedule", "loss")


class Entry(NamedTuple):
    """A group, with what tells it from the others: component → value, ``init`` → ``he``."""

    group: Group
    parts: dict[str, str]

    @property
    def title(self) -> str:
        return _title(self.parts.values())

    @property
    def runs(self) -> Sequence[RunData]:
        return self.group.counted


def entries(groups: Sequence[Group]) -> list[Entry]:
    """The comparable groups, in the order of their start."""
    drawn = [group for group in groups if group.comparable]
    drawn.sort(key=lambda group: group.runs[0].record.started)
    parts = [_parts(group.key) for group in drawn]
    names = sorted(dict.fromkeys(name for each in parts for name in each), key=_rank)
    varying = [name for name in names if len({each.get(name) for each in parts}) > 1]
    return [
        Entry(group, {name: each.get(name, "–") for name in varying})
        for group, each in zip(drawn, parts, strict=True)
    ]


def curves(found: Sequence[Entry], *, x: str, y: str) -> list[Markup]:
    """Panels of at most as many lines as there are colours, one for each value of the first part.

    A line's label has one colour in all panels if the colours suffice.
    """
    function = by_epoch if x == "epoch" else by_seconds
    bands = {index: function(entry.runs, y) for index, entry in enumerate(found)}
    known: dict[int, Band] = {index: band for index, band in bands.items() if band is not None}
    if not known:
        return []
    limits = common_limits(y, list(known.values()))
    panels: dict[str, list[int]] = {}
    for index in known:
        heading, _ = _facet(found[index])
        panels.setdefault(heading, []).append(index)
    labels = list(dict.fromkeys(_facet(found[index])[1] for index in known))
    drawn = []
    for heading, members in panels.items():
        for start in range(0, len(members), len(SERIES)):
            part = members[start : start + len(SERIES)]
            lines = [
                figures.Line(
                    label := _facet(found[index])[1],
                    known[index],
                    labels.index(label) if len(labels) <= len(SERIES) else place,
                )
                for place, index in enumerate(part)
            ]
            drawn.append(figures.curves(heading, lines, x=x, y=y, limits=limits))
    return drawn


def heat_maps(found: Sequence[Entry]) -> list[Markup]:
    """Activation × init, or the first two parts that vary, in a map for each case of the others."""
    maps: dict[str, dict[tuple[str, str], Group]] = {}
    for entry in found:
        row, column, *others = [*entry.parts.values(), "", ""][: max(len(entry.parts), 2)]
        if row:
            maps.setdefault(_title(others) if others else "", {})[row, column] = entry.group
    means = [entry.group.measures.val_accuracy.mean for entry in found]
    known = [mean for mean in means if mean is not None]
    limits = (min(known, default=0), max(known, default=1))
    drawn = []
    for heading, groups in maps.items():
        rows = list(dict.fromkeys(row for row, _ in groups))
        columns = list(dict.fromkeys(column for _, column in groups))
        if len(columns) > MOST_COLUMNS and len(columns) > len(rows):
            rows, columns = columns, rows
            groups = {(column, row): group for (row, column), group in groups.items()}
        for start in range(0, len(columns), MOST_COLUMNS):
            part = columns[start : start + MOST_COLUMNS]
            cells = {
                (rows.index(row), part.index(column)): _cell(group)
                for (row, column), group in groups.items()
                if column in part
            }
            drawn.append(figures.heat_map(heading, rows, part, cells, limits))
    return drawn


def dots(found: Sequence[Entry]) -> list[Markup]:
    """Every run as a dot, the best row on top."""
    rows = [
        (entry.title, values, entry.group.measures.val_accuracy)
        for entry in found
        if (values := [v for v in map(best_accuracy, entry.runs) if v is not None])
    ]
    rows.sort(key=lambda row: -(row[2].mean or 0))
    return [figures.dots(*map(list, zip(*rows, strict=True)))] if rows else []


def histograms(found: Sequence[Entry]) -> list[Markup]:
    """The textbook's figure, for each group."""
    drawn = []
    for entry in found:
        names = layer_names(entry.runs)
        layers = []
        for layer in _some(range(len(names) - 1)):  # the last one is the output
            lines = [run.diagnostics for run in entry.runs if run.diagnostics]
            before = pooled(figure(each[0], layer, "histogram") for each in lines)
            after = pooled(figure(each[-1], layer, "histogram") for each in lines)
            if before or after:
                layers.append((names[layer], before, after))
        if layers:
            drawn.append(figures.histograms(entry.title, layers, _limits(entry.runs[0])))
    return drawn


def courses(found: Sequence[Entry]) -> list[Markup]:
    """Gradients, dead and saturated units by layer and epoch, for each group in one scale."""
    drawn = []
    for entry in found:
        names = layer_names(entry.runs)
        drawn.append(
            [
                figures.Layer(
                    names[layer],
                    layer_mean(entry.runs, layer, "gradient_norm", geometric=True),
                    layer_mean(entry.runs, layer, "dead"),
                    layer_mean(entry.runs, layer, "saturated"),
                )
                for layer in _some(range(len(names)))
            ]
        )
    norms = [norm for layers in drawn for layer in layers for norm in layer.gradient[1]]
    limits = about(min(norms), max(norms)) if norms else None
    return [
        figures.course(entry.title, layers, limits)
        for entry, layers in zip(found, drawn, strict=True)
        if layers
    ]


def _parts(key: Values) -> dict[str, str]:
    """Component → value, with the hyperparameters that differ: ``leaky_relu slope=0.2``.

    Words stand alone: ``xavier uniform``.
    """
    short = headings(key)
    parts: dict[str, list[str]] = {}
    for name, value in key.items():
        text, component = shown(value), name.partition(".")[0]
        alone = component in COMPONENTS and isinstance(value, str) and text[:1] != "["
        parts.setdefault(component, []).append(text if alone else f"{short[name]}={text}")
    return {component: " ".join(texts) for component, texts in parts.items()}


def _rank(component: str) -> int:
    """Activation first, then init, then the others as they come."""
    return COMPONENTS.index(component) if component in COMPONENTS[:2] else len(COMPONENTS)


def _facet(entry: Entry) -> tuple[str, str]:
    """The panel that the entry belongs to and the label that it has there."""
    first, *others = [*entry.parts.values()] or ["all runs"]
    return (first, _title(others)) if others else ("", first)


def _title(parts: Iterable[str]) -> str:
    return " · ".join(parts) or "all runs"


def _cell(group: Group) -> tuple[float | None, str]:
    """The group's mean and what stands in its cell: without a mean, how its runs ended."""
    _, mean, sd, _ = group.measures.val_accuracy
    if mean is None:
        return None, "\n".join(group.statuses)
    return mean, f"{100 * mean:.2f}" + ("" if sd is None else f"\n± {100 * sd:.2f}")


def _limits(run: RunData) -> tuple[float, float] | None:
    """The range of the run's activation, if it is a bounded one in all hidden layers."""
    specs = run.record.config.get("activation")
    names = {
        str(spec.get("name")) if isinstance(spec, dict) else ""
        for spec in (specs if isinstance(specs, list) else [specs])
    }
    name = names.pop() if len(names) == 1 else ""
    return ACTIVATIONS[name].limits if name in list(ACTIVATIONS) else None


def _some(layers: Sequence[int]) -> list[int]:
    """All of ``layers``, or `MOST_LAYERS` of them, the first and the last among them."""
    if len(layers) <= MOST_LAYERS:
        return list(layers)
    last = len(layers) - 1
    return [layers[round(index * last / (MOST_LAYERS - 1))] for index in range(MOST_LAYERS)]
