"""The runs of a group taken together: mean curves with their band, and pooled histograms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nnbasic.compare.distributions import t_quantile
from nnbasic.compare.measures import number
from nnbasic.compare.runs import RunData
from nnbasic.compare.significance import LEVEL
from nnbasic.model.arrays import Array

BINS = 128
"""The most bins of a pooled histogram."""


class Band(NamedTuple):
    """The mean over runs at each ``x``, and its 95 % interval (None for a single run)."""

    x: Array
    mean: Array
    low: Array | None
    high: Array | None


class Pooled(NamedTuple):
    """Counts in equal bins that begin at ``low`` and are ``width`` wide."""

    low: float
    width: float
    counts: Array

    @property
    def edges(self) -> Array:
        """The ends of the bins, one more than there are bins."""
        edges: Array = self.low + self.width * np.arange(len(self.counts) + 1)
        return edges

    @property
    def bulk(self) -> tuple[float, float]:
        """The range that holds all but half a percent at either end."""
        total = np.cumsum(self.counts) / self.counts.sum()
        first, last = np.searchsorted(total, 0.005, side="right"), np.searchsorted(total, 0.995)
        return float(self.low + self.width * first), float(self.low + self.width * (1 + last))


def by_epoch(runs: Sequence[RunData], key: str) -> Band | None:
    """The metric ``key`` over the epochs that all of ``runs`` have; None if there are none."""
    curves = [_curve(run, key) for run in runs]
    shared = set[float].intersection(*map(set, curves)) if curves else set()
    if not shared:
        return None
    x = sorted(shared)
    return _band(np.array(x), np.array([[curve[epoch] for epoch in x] for curve in curves]))


def by_seconds(runs: Sequence[RunData], key: str) -> Band | None:
    """The same over time: each epoch stands at the mean over ``runs`` of its elapsed seconds."""
    band, times = by_epoch(runs, key), by_epoch(runs, "elapsed_seconds")
    if band is None or times is None:
        return None
    known = np.isin(band.x, times.x)
    seconds = times.mean[np.isin(times.x, band.x)]
    low, high = (None if edge is None else edge[known] for edge in (band.low, band.high))
    return Band(seconds, band.mean[known], low, high)


def pooled(histograms: Iterable[Any]) -> Pooled | None:
    """The sum of histograms as `nnbasic.training.diagnostics` writes them; others are left out."""
    parts = [part for part in map(_part, histograms) if part is not None]
    if not parts:
        return None
    low = min(part.low for part in parts)
    high = max(part.low + part.width * len(part.counts) for part in parts)
    width = max(part.width for part in parts)
    while math.ceil(high / width) - math.floor(low / width) > BINS:
        width *= 2
    first = math.floor(low / width)
    counts = np.zeros(math.ceil(high / width) - first)
    for part in parts:
        middles = part.low + part.width * (np.arange(len(part.counts)) + 0.5)
        np.add.at(counts, np.floor(middles / width).astype(int) - first, part.counts)
    return Pooled(first * width, width, counts)


def layer_histogram(runs: Sequence[RunData], layer: int, epoch: int | None = None) -> Pooled | None:
    """The activations of a layer after ``epoch``, 0 is before the first, or at each run's end."""
    return pooled(
        figure(line, layer, "histogram")
        for run in runs
        for line in run.diagnostics
        if line.get("epoch") == (run.record.epoch if epoch is None else epoch)
    )


def gradient_norms(runs: Sequence[RunData], layer: int) -> dict[int, float]:
    """The geometric mean over ``runs`` of a layer's gradient norm after each epoch.

    A norm that is not positive is left out.
    """
    logs: dict[int, list[float]] = {}
    for run in runs:
        for line in run.diagnostics:
            norm, epoch = number(figure(line, layer, "gradient_norm")), line.get("epoch")
            if isinstance(epoch, int) and norm is not None and norm > 0:
                logs.setdefault(epoch, []).append(math.log(norm))
    return {epoch: math.exp(sum(own) / len(own)) for epoch, own in logs.items()}


def layer_names(runs: Sequence[RunData]) -> list[str]:
    """The names of the layers of ``runs``, the output layer last; [] without diagnostics."""
    for run in runs:
        for line in run.diagnostics:
            layers = line.get("layers")
            if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
                return [str(layer.get("layer")) for layer in layers]
    return []


def figure(line: dict[str, Any], layer: int, key: str) -> Any:
    """A figure of a layer in a line of `diagnostics.jsonl`; None if the line has no such thing."""
    layers = line.get("layers")
    if not isinstance(layers, list) or not layer < len(layers):
        return None
    return layers[layer].get(key) if isinstance(layers[layer], dict) else None


def _curve(run: RunData, key: str) -> dict[float, float]:
    points = ((row.epoch, number(getattr(row, key))) for row in run.metrics)
    return {epoch: value for epoch, value in points if epoch is not None and value is not None}


def _band(x: Array, values: Array) -> Band:
    """The band of ``values`` of shape (runs, len(x))."""
    n, mean = len(values), values.mean(axis=0)
    if n == 1:
        return Band(x, mean, None, None)
    half = t_quantile(LEVEL, n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return Band(x, mean, mean - half, mean + half)


def _part(histogram: Any) -> Pooled | None:
    if not isinstance(histogram, dict) or not isinstance(histogram.get("counts"), list):
        return None
    low, high = number(histogram.get("low")), number(histogram.get("high"))
    counts = [count for each in histogram["counts"] if (count := number(each)) is not None]
    if low is None or high is None or not low < high or len(counts) < len(histogram["counts"]):
        return None
    if not 0 < sum(counts) < 2**53 or min(counts) < 0:
        return None
    width = (high - low) / len(counts)
    if not max(-low, high) < 2**53 * width:  # its edges cannot be told apart
        return None
    return Pooled(low, width, np.array(counts))
