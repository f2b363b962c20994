"""What weakens a comparison, and how to read its figures, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nnbasic.compare.findings import Findings, crossing
from nnbasic.compare.grouping import ALL, EPOCHS, ids, searched, sorted_by
from nnbasic.compare.measures import ENDED, has_all_metrics, latest_of_each
from nnbasic.compare.standing import Row
from nnbasic.training.choices import RATE, SEARCHED, Values, shown
from nnbasic.training.collection import RunData

ASPECTS: dict[str, dict[str, Callable[[RunData], object]]] = {
    "Times are not comparable": {
        "threads": lambda run: run.record.threads,
        "processor": lambda run: run.record.machine.get("processor"),
    },
    "The last digits may differ for this reason alone": {
        "Python": lambda run: run.record.versions.get("python"),
        "NumPy": lambda run: run.record.versions.get("numpy"),
        "BLAS": lambda run: run.record.versions.get("blas"),
        "BLAS kernels": lambda run: run.record.versions.get("kernels"),
    },
}
"""What should be the same in all runs, by what follows where it is not."""


def warnings(found: Findings, differs: Sequence[str]) -> Iterator[str]:
    """What weakens the comparison; runs that are not as the others are named by their ids."""
    if EPOCHS in differs:
        yield "The rows were trained for different numbers of epochs, which may be why they differ."
    keys, _ = crossing(found.ranked)
    if found.effects is None and len(keys) > 1 and len(found.ranked) == len(found.comparable):
        yield (
            f"{' and '.join(keys)} change together, not in all combinations: which of them makes a"
            " difference between rows is unknown."
        )
    for row in found.rows:
        yield from _not_counted(row)
    runs = [run for row in found.ranked for run in row.counted if run.seed not in found.seeds]
    if runs and len(found.ranked) > 1:
        yield f"Left out, as not all ranked rows have their seed: {ids(runs)}."
    counted = [
        run for row in found.rows for run in row.counted if run.record.val_accuracy is not None
    ]
    torn = [run for run in counted if not has_all_metrics(run)]
    if torn:
        yield f"metrics.jsonl has gaps, so not in the figures to the threshold: {ids(torn)}."


def notes(found: Findings, same: Values, threshold: float) -> Iterator[str]:
    """How the figures are to be read."""
    first = found.rows[0]
    runs = [run for row in found.rows for run in row.runs]
    if len(found.ranked) > 1:
        yield from _about_differences(found.ranked)
    if found.effects and found.effects.seeds is not None:
        yield (
            "Share: the part of the variance between these runs that is due to a choice, less what"
            " chance puts into it; it depends on which values were compared."
        )
    if SEARCHED in same:
        yield "The learning rate of each row was searched (nnbasic sweep --lr-search)."
    yield (
        f"Epochs and seconds to a {100 * threshold:g} % validation accuracy: median of the runs"
        " that finished, diverged or collapsed; those that did not reach it count as later. Seconds"
        " an epoch: median of all epochs."
    )
    if any(run.diagnostics for row in found.rows for run in row.counted):
        yield (
            "Dead, saturated: share of the units in the layer with the most, mean over the runs."
            " Gradient ratio: its norm in the first layer over that in the last, median of the"
            " runs. All after the last epoch."
        )
    if first.test_error:
        yield (
            f"Test accuracy on {first.counted[0].record.test_images:,} images has a binomial standard"
            f" error of {100 * first.test_error:.2f} points, the same images for every row. No row is"
            " chosen by it."
        )
    for consequence, aspects in ASPECTS.items():
        parts = [part for name, aspect in aspects.items() for part in _unlike(runs, name, aspect)]
        if parts:
            yield f"{consequence}: {'; '.join(parts)}."


def _not_counted(row: Row) -> Iterator[str]:
    """The runs of ``row`` that have no accuracy, or are repeated by a later one."""
    which = "" if row.name == ALL else f"{row.name}: "
    for status, n in row.statuses.items():
        if status not in ENDED:
            runs = [run for run in row.runs if run.status == status]
            yield f"{which}{n} of {len(row.runs)} runs {status} ({ids(runs)}); not counted."
    latest = {id(run) for run in latest_of_each(row.runs)}
    repeated = [run for run in row.runs if run.status in ENDED and id(run) not in latest]
    if repeated:
        what = "1 run is" if len(repeated) == 1 else f"{len(repeated)} runs are"
        its = "its seed" if len(repeated) == 1 else "the seed"
        yield f"{which}{what} not counted, as a later one repeats {its}: {ids(repeated)}."
    rates = sorted_by(row.counted, lambda run: shown(run.values.get(RATE)))
    if len(rates) > 1 and searched(row.runs[0]):
        parts = [f"{rate} ({ids(runs)})" for rate, runs in rates.items()]
        yield f"{row.name} was searched more than once: rates {' and '.join(parts)}."


def _about_differences(ranked: Sequence[Row]) -> Iterator[str]:
    n, pairs = ranked[0].val_accuracy.n, len(ranked) * (len(ranked) - 1) // 2
    spread = f"; mean ± standard deviation over {n} shared seeds" if n > 1 else ""
    yield (
        f"Accuracy: on the validation images, at each run's best epoch{spread}. Rows are sorted by"
        " it. Difference: from the first row, paired by seed."
    )
    if n < 2:
        yield "One seed says nothing about chance: no intervals and no p."
    else:
        yield (
            "Intervals: simultaneous 95 % confidence intervals for all pairs of rows. They are of"
            " other seeds on these validation images; other images would add their own error."
        )
        yield (
            "Group: rows that share a letter show no significant difference, which does not make"
            f" them equal. p: moderated paired t-test, corrected for all {pairs} pairs (Holm)."
        )


def _unlike(
    runs: Sequence[RunData], name: str, aspect: Callable[[RunData], object]
) -> Iterator[str]:
    """The runs that are unlike most in one ``aspect``."""
    by_value = sorted_by(runs, lambda run: str(aspect(run)))
    usual = max(by_value, key=lambda value: len(by_value[value]), default="")
    for value, unlike in by_value.items():
        if value != usual:
            yield f"{name} {value} instead of {usual} ({ids(unlike)})"
