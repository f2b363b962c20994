"""What is measured in a group of runs; docs/statistics.md explains each measure."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nnbasic.compare.significance import Summary, summary
from nnbasic.runs.choices import Values, values
from nnbasic.runs.collection import RunData, Scalar


class Reached(NamedTuple):
    """``reached`` of ``of`` runs reached the threshold; ``median`` is of those that did."""

    reached: int
    of: int
    median: float | None


class Measures(NamedTuple):
    """The figures of a group; shares between 0 and 1, times in seconds, None where not known."""

    val_accuracy: Summary
    test_accuracy: Summary
    epochs_to_threshold: Reached
    seconds_to_threshold: Reached
    seconds_per_epoch: float | None
    dead_units: float | None
    saturated_units: float | None
    gradient_ratio: float | None


class Difference(NamedTuple):
    """How much better than the first group: the mean over ``pairs`` shared seeds.

    ``p`` is Holm-corrected; both are None below two pairs.
    """

    mean: float
    pairs: int
    p: float | None
    p_uncorrected: float | None


@dataclass(frozen=True)
class Group:
    """A row of the comparison: ``key`` tells it from the other rows, ``label`` says so in short.

    ``runs`` are all of its runs, oldest first; ``counted`` are the finished ones, of which the
    accuracies are computed (see `count`). ``comparable`` is false if its terms differ from those
    of the first row; such a group has no difference.
    """

    key: Values
    label: str
    runs: tuple[RunData, ...]
    counted: tuple[RunData, ...]
    comparable: bool
    measures: Measures
    difference: Difference | None = None

    @property
    def statuses(self) -> dict[str, int]:
        """How many runs are finished, diverged and so on, the most frequent first."""
        return dict(Counter(run.status for run in self.runs).most_common())


def count(runs: Sequence[RunData]) -> tuple[RunData, ...]:
    """The finished ``runs``; of several with equal config and seed, only the latest.

    Equal seeds give equal results, so counting one twice would make chance look smaller.
    """
    latest = {
        (run.flat.get("seed"), tuple(values(run).items())): run
        for run in runs
        if run.status == "finished"
    }
    return tuple(latest.values())


def measure(runs: Sequence[RunData], counted: Sequence[RunData], threshold: float) -> Measures:
    """Measure a group by its ``counted`` runs.

    A diverged run has not reached the threshold, unless it did so before it diverged.
    """
    diverged = [run for run in runs if run.status == "diverged"]
    ended = [run for run in (*counted, *diverged) if has_all_metrics(run)]
    firsts = [_first_above(run.metrics, threshold) for run in ended]
    epochs = (number(row.get("epoch_seconds")) for run in counted for row in run.metrics)
    layers = [_last_layers(run) for run in counted]
    return Measures(
        summary(list(by_seed(counted, best_accuracy).values())),
        summary(list(by_seed(counted, accuracy_on_test_set).values())),
        _reached(firsts, "epoch"),
        _reached(firsts, "elapsed_seconds"),
        _of_known(statistics.median, epochs),
        _of_known(statistics.fmean, (_worst(each, "dead") for each in layers)),
        _of_known(statistics.fmean, (_worst(each, "saturated") for each in layers)),
        _of_known(statistics.median, map(_gradient_ratio, layers)),
    )


def best_accuracy(run: RunData) -> float | None:
    """The validation accuracy of the epoch that `best.npz` holds."""
    return run.record.val_accuracy


def best_correct(run: RunData) -> int | None:
    """How many validation images the network of `best.npz` classifies right."""
    return run.record.best.val_correct if run.record.best else None


def accuracy_on_test_set(run: RunData) -> float | None:
    """The accuracy on the test set, scored once at the end."""
    return run.record.test_accuracy


def by_seed(
    runs: Sequence[RunData], figure: Callable[[RunData], float | None]
) -> dict[Scalar, float]:
    """The ``figure`` of each seed; where a group mixes configs, the mean over them.

    What differs between seeds is chance; what differs between configs is not, so that only
    seeds count as repetitions.
    """
    found: dict[Scalar, list[float]] = {}
    for run in runs:
        value = figure(run)
        if value is not None:
            found.setdefault(run.flat.get("seed"), []).append(value)
    return {seed: statistics.fmean(each) for seed, each in found.items()}


def has_all_metrics(run: RunData) -> bool:
    """Whether `metrics.jsonl` can tell if and when the run reached a threshold."""
    return len(run.metrics) >= run.record.epoch and all(
        number(row.get("val_accuracy")) is not None for row in run.metrics
    )


def number(value: object) -> float | None:
    """``value`` if it is a finite number: files may hold anything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e300 else None  # nor NaN, nor an integer beyond floats


def _first_above(rows: Sequence[Mapping[str, Any]], threshold: float) -> Mapping[str, Any] | None:
    return next((row for row in rows if row["val_accuracy"] >= threshold), None)


def _reached(firsts: Sequence[Mapping[str, Any] | None], key: str) -> Reached:
    found = [row for row in firsts if row is not None]
    median = _of_known(statistics.median, (number(row.get(key)) for row in found))
    return Reached(len(found), len(firsts), median)


def _last_layers(run: RunData) -> list[Mapping[str, Any]]:
    """The diagnostics of the layers after the last epoch."""
    layers = run.diagnostics[-1].get("layers") if run.diagnostics else None
    return [each for each in layers if isinstance(each, dict)] if isinstance(layers, list) else []


def _worst(layers: Sequence[Mapping[str, Any]], key: str) -> float | None:
    return _of_known(max, (number(layer.get(key)) for layer in layers))


def _gradient_ratio(layers: Sequence[Mapping[str, Any]]) -> float | None:
    """The norm of the first layer's weight gradient over that of the last one's."""
    if len(layers) < 2:
        return None
    first, last = (number(layers[index].get("gradient_norm")) for index in (0, -1))
    return first / last if first is not None and last else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _of_known(
    statistic: Callable[[Iterable[float]], float], values: Iterable[float | None]
) -> float | None:
    known = _known(values)
    return statistic(known) if known else None
