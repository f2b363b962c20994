"""The runs of a row taken together: mean curves, pooled histograms, answers on test images."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nnbasic.compare.distributions import LEVEL, t_quantile
from nnbasic.compare.measures import layers_of, number
from nnbasic.model.arrays import Array
from nnbasic.training.collection import RunData
from nnbasic.training.predictions import Predictions
from nnbasic.training.storage import RunError

BINS = 128
"""The most bins of a pooled histogram."""


class Band(NamedTuple):
    """The mean over runs at each ``x``, and its 95 % interval (None for a single run)."""

    x: Array
    mean: Array
    low: Array | None
    high: Array | None


class Histogram(NamedTuple):
    """``counts`` (n,) in equal bins with these ``edges`` (n + 1,)."""

    counts: Array
    edges: Array

    @property
    def width(self) -> float:
        """That of each bin."""
        return float(self.edges[1] - self.edges[0])

    @property
    def bulk(self) -> tuple[float, float]:
        """The range that holds all but half a percent at either end."""
        total = np.cumsum(self.counts) / self.counts.sum()
        first, last = np.searchsorted(total, 0.005, side="right"), np.searchsorted(total, 0.995)
        return float(self.edges[first]), float(self.edges[last + 1])


class Wrong(NamedTuple):
    """A test image that some run of a group gets wrong.

    ``predicted`` is the likeliest of the other classes, and ``probability`` that of the ``true``
    one, by their means over the runs.
    """

    image: int
    true: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Answers:
    """The predictions of ``runs`` runs on the same test images.

    ``labels`` (n,); ``confusion`` (classes, classes), a row a true class, counts summed over the
    runs; ``probabilities`` (n, classes), their mean; ``wrong`` (n,), how many runs are wrong.
    """

    runs: int
    labels: Array
    confusion: Array
    probabilities: Array
    wrong: Array

    def most_wrong(self, most: int) -> list[Wrong]:
        """The ``most`` wrong images: those whose true class has the lowest mean probability.

        Ties go to the image that comes first.
        """
        every = np.arange(len(self.labels))
        chosen, others = self.probabilities[every, self.labels], self.probabilities.copy()
        others[every, self.labels] = -1
        wrong = np.flatnonzero(self.wrong)
        worst = wrong[np.argsort(chosen[wrong], kind="stable")][:most]
        columns = worst, self.labels[worst], others[worst].argmax(axis=1), chosen[worst]
        return list(map(Wrong, *(column.tolist() for column in columns)))


def by_epoch(runs: Sequence[RunData], key: str) -> Band | None:
    """The metric ``key`` over the epochs that all of ``runs`` have; None if there are none."""
    curves = [_curve(run, key) for run in runs]
    shared = set[float].intersection(*map(set, curves)) if curves else set()
    if not shared:
        return None
    x = np.array(sorted(shared))
    values = np.array([[curve[epoch] for epoch in x] for curve in curves])
    n, mean = len(values), values.mean(axis=0)
    if n == 1:
        return Band(x, mean, None, None)
    half = t_quantile(LEVEL, n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return Band(x, mean, mean - half, mean + half)


def by_seconds(runs: Sequence[RunData], key: str) -> Band | None:
    """The same over time: each epoch stands at the mean over ``runs`` of its elapsed seconds."""
    band, times = by_epoch(runs, key), by_epoch(runs, "elapsed_seconds")
    if band is None or times is None:
        return None
    known = np.isin(band.x, times.x)
    seconds = times.mean[np.isin(times.x, band.x)]
    low, high = (None if edge is None else edge[known] for edge in (band.low, band.high))
    return Band(seconds, band.mean[known], low, high)


def pooled(histograms: Iterable[Any]) -> Histogram | None:
    """The sum of histograms as `nnbasic.training.diagnostics` writes them; others are left out."""
    parts = [part for part in map(_part, histograms) if part is not None]
    if not parts:
        return None
    low, high = min(part.edges[0] for part in parts), max(part.edges[-1] for part in parts)
    width = max(part.width for part in parts)
    while math.ceil(high / width) - math.floor(low / width) > BINS:
        width *= 2
    edges = width * np.arange(math.floor(low / width), math.ceil(high / width) + 1)
    middles = np.concatenate([part.edges[:-1] + part.width / 2 for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    return Histogram(*np.histogram(middles, edges, weights=counts))


def layer_histogram(
    runs: Sequence[RunData], layer: int, epoch: int | None = None
) -> Histogram | None:
    """The activations of a layer after ``epoch``, 0 is before the first, or at each run's end."""
    lines = (layers_of(run, epoch) for run in runs)
    return pooled(layers[layer].get("histogram") for layers in lines if layer < len(layers))


def gradient_norms(runs: Sequence[RunData], epoch: int | None = None) -> dict[int, float]:
    """The geometric mean over ``runs`` of each layer's gradient norm, by the layer's number.

    After ``epoch``, 0 is before the first, or at each run's end; norms of 0 are left out.
    """
    logs: dict[int, list[float]] = {}
    for run in runs:
        for place, layer in enumerate(layers_of(run, epoch), start=1):
            norm = number(layer.get("gradient_norm"))
            if norm is not None and norm > 0:
                logs.setdefault(place, []).append(math.log(norm))
    return {place: math.exp(sum(own) / len(own)) for place, own in logs.items()}


def layer_names(runs: Sequence[RunData]) -> list[str]:
    """The names of the layers of ``runs``, the output layer last; [] without diagnostics."""
    every = ([str(layer.get("layer")) for layer in layers_of(run)] for run in runs)
    return next(filter(None, every), [])


def answers(runs: Sequence[RunData]) -> Answers | None:
    """The answers of those of ``runs`` whose predictions can be read; None if none can be.

    Runs with other images or classes than the first one are left out.
    """
    same: list[Predictions] = []
    for run in runs:
        with contextlib.suppress(RunError):
            own = Predictions.load(run.run.predictions)
            first = same[0] if same else own
            alike = own.probabilities.shape == first.probabilities.shape
            if alike and np.array_equal(own.labels, first.labels):
                same.append(own)
    if not same:
        return None
    return Answers(
        len(same),
        same[0].labels,
        np.sum([each.confusion() for each in same], axis=0),
        np.stack([each.probabilities for each in same]).mean(axis=0, dtype=np.float64),
        np.sum([each.predicted != each.labels for each in same], axis=0),
    )


def _curve(run: RunData, key: str) -> dict[float, float]:
    points = ((row.epoch, number(getattr(row, key))) for row in run.metrics)
    return {epoch: value for epoch, value in points if epoch is not None and value is not None}


def _part(histogram: Any) -> Histogram | None:
    """A histogram of a file, which may hold anything."""
    try:
        low, high = float(histogram["low"]), float(histogram["high"])
        counts = np.array(histogram["counts"], float)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    if counts.ndim != 1 or not len(counts) or not low < high:
        return None
    width = (high - low) / len(counts)
    apart = max(-low, high) < 2**53 * width  # or its edges would be the same number
    if not (apart and counts.min() >= 0 and 0 < counts.sum() < 2**53):
        return None
    return Histogram(counts, low + width * np.arange(len(counts) + 1))
