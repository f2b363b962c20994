"""What is measured in the runs of a row; docs/statistics.md explains each measure."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nnbasic.compare.significance import Summary, summary
from nnbasic.training.collection import RunData

ENDED = ("finished", "collapsed", "diverged")
"""How a run may end so that it would do the same again."""


class Reached(NamedTuple):
    """How many ``of`` the runs reached the threshold, and the median over all of them.

    A run that did not reach it counts as later than any that did. Where that leaves no median, it
    is later than ``beyond``, which is as far as the runs that did not reach it went.
    """

    reached: int
    of: int
    median: float | None
    beyond: float | None


class Measures(NamedTuple):
    """The figures of a row; shares between 0 and 1, times in seconds, None where not known.

    The gradient ratios are those before the first step and after training.
    """

    test_accuracy: Summary
    epochs_to_threshold: Reached
    seconds_to_threshold: Reached
    seconds_per_epoch: float | None
    dead_units: float | None
    saturated_units: float | None
    gradient_ratio_before: float | None
    gradient_ratio: float | None


def latest_of_each(runs: Iterable[RunData]) -> list[RunData]:
    """Of the ``runs`` of one config that ended, the latest with each seed.

    Equal seeds give equal results, so counting one twice would make chance look smaller.
    """
    return list({run.seed: run for run in runs if run.status in ENDED}.values())


def measure(latest: Sequence[RunData], counted: Sequence[RunData], threshold: float) -> Measures:
    """Measure a row by the ``latest_of_each`` seed, and by those of them that are ``counted``.

    A run that diverged or collapsed counts among those that did not reach the threshold, unless
    it had.
    """
    ended = [run for run in latest if has_all_metrics(run)]
    epochs = (row.epoch_seconds for run in counted for row in run.metrics)
    before = (ratio(by_layer(run, "gradient_norm", 0)) for run in latest)
    after = (ratio(by_layer(run, "gradient_norm")) for run in counted)
    tests = [run.record.test_accuracy for run in counted]
    return Measures(
        summary([share for share in tests if share is not None]),
        _reached(ended, threshold, "epoch"),
        _reached(ended, threshold, "elapsed_seconds"),
        _of_known(statistics.median, epochs),
        _of_known(statistics.fmean, (worst(run, "dead") for run in counted)),
        _of_known(statistics.fmean, (worst(run, "saturated") for run in counted)),
        _of_known(statistics.median, before),
        _of_known(statistics.median, after),
    )


def has_all_metrics(run: RunData) -> bool:
    """Whether `metrics.jsonl` can tell if and when the run reached a threshold."""
    return len(run.metrics) >= run.record.epoch and all(
        row.val_accuracy is not None for row in run.metrics
    )


def first_at(run: RunData, threshold: float, key: str) -> float:
    """``key`` of the first epoch in which ``run`` has ``threshold``; infinite if there is none."""
    at = (getattr(row, key) for row in run.metrics if (row.val_accuracy or 0) >= threshold)
    return float(next(at, math.inf))


def number(value: object) -> float | None:
    """``value`` if it is a finite number: files may hold anything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < 1e300 else None  # nor NaN, nor an integer beyond floats


def _reached(runs: Sequence[RunData], threshold: float, key: str) -> Reached:
    """When ``runs``, that have all their metrics, first have ``threshold``, by ``key``."""
    times = [first_at(run, threshold, key) for run in runs]
    reached = sum(map(math.isfinite, times))
    median = _of_known(statistics.median, times)
    if median != math.inf:
        return Reached(reached, len(times), median, None)
    ended = [(run, time) for run, time in zip(runs, times, strict=True) if run.metrics]
    ends = [(run, time, getattr(run.metrics[-1], key)) for run, time in ended]
    gave_up = [end for run, time, end in ends if time == math.inf and run.status != "diverged"]
    # a diverged one never reaches it
    beyond = min(gave_up, default=None) or max((end for *_, end in ends), default=None)
    return Reached(reached, len(times), None, beyond)


def layers_of(run: RunData, epoch: int | None = None) -> list[Mapping[str, Any]]:
    """What `diagnostics.jsonl` says of each layer after ``epoch``, by default in its last line.

    The output layer is last. Files may hold anything: [] if it is no list of mappings.
    """
    lines = [line for line in run.diagnostics if epoch is None or line.get("epoch") == epoch]
    layers = lines[-1].get("layers") if lines else None
    if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
        return layers
    return []


def by_layer(run: RunData, key: str, epoch: int | None = None) -> list[float | None]:
    """The figure ``key`` of each layer, of the same line as `layers_of`; None if not known."""
    return [number(layer.get(key)) for layer in layers_of(run, epoch)]


def worst(run: RunData, key: str) -> float | None:
    """The largest figure ``key`` of any hidden layer after training."""
    return _of_known(max, by_layer(run, key)[:-1])


def ratio(values: Sequence[float | None]) -> float | None:
    """The first of several ``values`` over the last one; None if that is no finite number."""
    if len(values) < 2 or values[0] is None or not values[-1]:
        return None
    return number(values[0] / values[-1])


def _of_known(
    statistic: Callable[[Iterable[float]], float], values: Iterable[float | None]
) -> float | None:
    known = [value for value in values if value is not None]
    return statistic(known) if known else None
