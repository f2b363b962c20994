"""What figures show of the runs of a row: mean curves, activations, answers on test images."""

import contextlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.distributions import LEVEL, t_quantile
from nnbasic.compare.measures import by_layer, layers_of
from nnbasic.model.arrays import Array
from nnbasic.training.collection import RunData
from nnbasic.training.predictions import Predictions
from nnbasic.training.storage import RunError


class Band(NamedTuple):
    """The mean over runs at each ``x``; its 95 % interval is ± ``half``, 0 for a single run."""

    x: Array
    mean: Array
    half: Array


class Histogram(NamedTuple):
    """``counts`` (n,) in equal bins with these ``edges`` (n + 1,)."""

    counts: Array
    edges: Array

    @property
    def bulk(self) -> tuple[float, float]:
        """The range that holds all but half a percent at either end."""
        total = np.cumsum(self.counts) / self.counts.sum()
        first, last = np.searchsorted(total, 0.005, side="right"), np.searchsorted(total, 0.995)
        return float(self.edges[first]), float(self.edges[last + 1])


class Answers(NamedTuple):
    """The predictions of ``runs`` runs on the same test images.

    ``labels`` (n,); ``confusion`` (classes, classes), a row a true class, counts summed over the
    runs; ``probabilities`` (n, classes), their mean; ``wrong`` (n,), how many runs are wrong.
    """

    runs: int
    labels: Array
    confusion: Array
    probabilities: Array
    wrong: Array

    def most_wrong(self, most: int) -> list[tuple[int, int, int, float]]:
        """The ``most`` wrong images: the true class has the lowest probability, by their means.

        Each with the true class, the likeliest of the others, and that probability.
        """
        every = np.arange(len(self.labels))
        chosen, others = self.probabilities[every, self.labels], self.probabilities.copy()
        others[every, self.labels] = -1
        wrong = np.flatnonzero(self.wrong)
        worst = wrong[np.argsort(chosen[wrong], kind="stable")][:most]
        columns = worst, self.labels[worst], others[worst].argmax(axis=1), chosen[worst]
        return list(zip(*(column.tolist() for column in columns), strict=True))


def by_epoch(runs: Sequence[RunData], key: str) -> Band | None:
    """The metric ``key`` over the epochs that all of ``runs`` have; None if there are none."""
    curves = [
        {row.epoch: value for row in run.metrics if (value := getattr(row, key)) is not None}
        for run in runs
    ]
    shared = set[int].intersection(*map(set, curves)) if curves else set()
    if not shared:
        return None
    x = np.array(sorted(shared))
    values = np.array([[curve[epoch] for epoch in x] for curve in curves])
    n, mean = len(values), values.mean(axis=0)
    if n == 1:
        return Band(x, mean, np.zeros(len(x)))
    half = t_quantile(LEVEL, n - 1) * values.std(axis=0, ddof=1) / math.sqrt(n)
    return Band(x, mean, half)


def activations(run: RunData, layer: int, epoch: int | None = None) -> Histogram | None:
    """The activations of a layer after ``epoch``, 0 is before the first, or at the end of ``run``.

    None if its file has none: it may hold anything.
    """
    try:
        histogram = layers_of(run, epoch)[layer]["histogram"]
        low, high = float(histogram["low"]), float(histogram["high"])
        counts = np.array(histogram["counts"], float)
    except (LookupError, TypeError, ValueError, OverflowError):
        return None
    if counts.ndim != 1 or not len(counts) or not low < high:
        return None
    width = (high - low) / len(counts)
    apart = max(-low, high) < 2**53 * width  # or its edges would be the same number
    if not (apart and counts.min() >= 0 and 0 < counts.sum() < 2**53):
        return None
    return Histogram(counts, low + width * np.arange(len(counts) + 1))


def gradient_norms(runs: Sequence[RunData], epoch: int | None = None) -> dict[int, float]:
    """The geometric mean over ``runs`` of each layer's gradient norm, by the layer's number.

    After ``epoch``, 0 is before the first, or at each run's end; norms of 0 are left out.
    """
    logs: dict[int, list[float]] = {}
    for run in runs:
        for place, norm in enumerate(by_layer(run, "gradient_norm", epoch), start=1):
            if norm is not None and norm > 0:
                logs.setdefault(place, []).append(math.log(norm))
    return {place: math.exp(sum(own) / len(own)) for place, own in logs.items()}


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
