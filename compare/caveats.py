"""What makes a comparison unfair or weak, and how to read its figures, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from nnbasic.compare.crossing import Crossing
from nnbasic.compare.factors import Effects
from nnbasic.compare.grouping import Grouping, ids, searched, unlike_terms
from nnbasic.compare.measures import (
    ENDED,
    Group,
    best_accuracy,
    by_seed,
    has_all_metrics,
    latest_of_each,
)
from nnbasic.training.choices import RATE, SEARCHED, Scalar, Values, shown
from nnbasic.training.collection import RunData
from nnbasic.training.record import binomial_error

TIMING: dict[str, Callable[[RunData], object]] = {
    "threads": lambda run: run.record.threads,
    "processor": lambda run: run.record.machine.get("processor"),
}
ROUNDING: dict[str, Callable[[RunData], object]] = {
    "Python": lambda run: run.record.versions.get("python"),
    "NumPy": lambda run: run.record.versions.get("numpy"),
    "BLAS": lambda run: run.record.versions.get("blas"),
    "BLAS kernels": lambda run: run.record.versions.get("kernels"),
}


def warnings(
    groups: Sequence[Group],
    grouping: Grouping,
    seeds: Collection[Scalar],
    crossed: Crossing,
    effects: Effects | None,
) -> Iterator[str]:
    """What forbids, or weakens, the comparison of some runs; each is named.

    The ranked ones of ``groups`` are compared over ``seeds``; ``crossed`` says which choices they
    are made of, ``effects`` what these do.
    """
    yield from _unfair(groups, grouping.terms)
    yield from _mixtures(groups, grouping.mixed)
    yield from _confounded(crossed, effects)
    for group in groups:
        yield from _not_counted(group)
    yield from _beyond(groups, seeds)
    counted = [run for group in groups for run in group.counted]
    blind = [run for run in counted if best_accuracy(run) is None]
    if blind:
        yield f"No validation accuracy, so not ranked: {ids(blind)}."
    torn = [run for run in counted if run not in blind and not has_all_metrics(run)]
    if torn:
        yield f"metrics.jsonl has gaps, so not in the figures to the threshold: {ids(torn)}."


def notes(
    groups: Sequence[Group],
    grouping: Grouping,
    effects: Effects | None,
    threshold: float,
    images: int | None,
) -> Iterator[str]:
    """How the figures are to be read; ``images`` is the size of the test set."""
    runs = [run for group in groups for run in group.runs]
    ranked = [group for group in groups if group.apart is None]
    if len(ranked) > 1:
        yield from _about_differences(ranked)
    if effects and effects.seeds is not None:
        yield (
            "Share: what part of the variance between these runs a choice makes, less what chance"
            " puts into it; it depends on which values were compared."
        )
    if SEARCHED in grouping.same:
        yield "The learning rate of each row was searched (nnbasic sweep --lr-search)."
    yield (
        f"Epochs and seconds to a validation accuracy of {100 * threshold:g} %: median of the runs"
        " that finished, diverged or collapsed; those that did not reach it count as later. Seconds"
        " an epoch: median of all epochs."
    )
    if any(run.diagnostics for group in groups for run in group.counted):
        yield (
            "Dead, saturated: share of the units in the layer with the most, mean over the runs."
            " Gradient ratio: its norm in the first layer over that in the last, median of the"
            " runs. All after the last epoch."
        )
    accuracy = groups[0].measures.test_accuracy.mean
    if images and accuracy is not None:
        error = 100 * binomial_error(accuracy, images)
        yield (
            f"Test accuracy on {images:,} images has a binomial standard error of {error:.2f}"
            f" points at {100 * accuracy:.2f} %, the same images for every row. No row is chosen"
            " by it."
        )
    yield from _unlike(runs, TIMING, "Seconds do not compare")
    yield from _unlike(runs, ROUNDING, "The last digits may differ for this reason alone")


def _unfair(groups: Sequence[Group], terms: Values) -> Iterator[str]:
    found: dict[str, list[RunData]] = {}
    for group in groups:
        for run in () if group.comparable else group.runs:
            found.setdefault(unlike_terms(run, terms), []).append(run)
    for unlike, runs in found.items():
        yield f"No fair comparison: {unlike}: {ids(runs)}. They stand apart."


def _mixtures(groups: Sequence[Group], mixed: Sequence[str]) -> Iterator[str]:
    fair = [group for group in groups if group.comparable]
    for key in mixed:
        found = [_sorted_out((run, shown(run.values.get(key))) for run in g.runs) for g in fair]
        for group, by_value in zip(fair, found, strict=True):
            if len(by_value) > 1:
                parts = [f"{value} ({ids(runs)})" for value, runs in by_value.items()]
                yield (
                    f"{group.label} mixes runs with {key} {' and '.join(parts)};"
                    " their mean counts once for each seed."
                )
        if any(by_value.keys() != found[0].keys() for by_value in found):
            yield f"{key} is not the same in all rows, which may be the reason for a difference."
    for group in fair:
        rates = _sorted_out((run, shown(run.values.get(RATE))) for run in group.runs)
        if len(rates) > 1 and searched(group.runs[0]):
            parts = [f"{rate} ({ids(runs)})" for rate, runs in rates.items()]
            yield f"{group.label} was searched more than once: rates {' and '.join(parts)}."
        whole = by_seed(group.counted, best_accuracy)
        part = {run.flat.get("seed") for run in group.counted if best_accuracy(run) is not None}
        if left := [shown(seed) for seed in part if seed not in whole]:
            yield f"{group.label} has not all of its configs for seed {', '.join(left)}: left out."


def _confounded(crossed: Crossing, effects: Effects | None) -> Iterator[str]:
    if effects is None and len(crossed.varied) > 1:
        yield (
            f"{' and '.join(crossed.varied)} differ together, not in all combinations: which of"
            " them makes a difference between rows cannot be told."
        )
    elif effects and effects.left_out:
        gone = ", ".join(f"{key} {value}" for key, value in effects.left_out)
        yield f"What each choice does is without {gone}, of which a combination is missing."


def _not_counted(group: Group) -> Iterator[str]:
    unranked = ", and it is not ranked" if group.comparable and group.apart else ""
    if set(group.statuses) != {"finished"}:
        parts = []
        for status, n in group.statuses.items():
            runs = [run for run in group.runs if run.status == status]
            parts.append(f"{n} {status}" + (f" ({ids(runs)})" if status != "finished" else ""))
        of = f"of {len(group.runs)} runs {', '.join(parts)}"
        if not group.counted:
            of += "; it has no accuracy"
        elif any(status not in ("finished", "collapsed") for status in group.statuses):
            of += "; its accuracies are of those that finished"
        yield f"{group.label}: {of}{unranked}."
    elif unranked:
        yield f"{group.label} is not ranked: {group.apart}."
    latest = {id(run) for run in latest_of_each(group.runs)}
    repeated = [run for run in group.runs if run.status in ENDED and id(run) not in latest]
    if repeated:
        yield f"{group.label}: left out, as a later run repeats config and seed: {ids(repeated)}."


def _beyond(groups: Sequence[Group], seeds: Collection[Scalar]) -> Iterator[str]:
    """Runs that are left out because not all rows have their seed."""
    ranked = [group for group in groups if group.apart is None]
    runs = [run for group in ranked for run in group.counted if run.flat.get("seed") not in seeds]
    if runs and len(ranked) > 1:
        yield f"Left out, as not all ranked rows have their seed: {ids(runs)}."


def _about_differences(ranked: Sequence[Group]) -> Iterator[str]:
    n, pairs = ranked[0].measures.val_accuracy.n, len(ranked) * (len(ranked) - 1) // 2
    spread = f"; mean ± standard deviation over {n} shared seeds" if n > 1 else ""
    yield (
        f"Accuracy: of the validation images, at each run's best epoch{spread}. Rows stand in this"
        " order. Difference: from the first row, paired by seed."
    )
    if n < 2:
        yield "One seed says nothing about chance: no intervals and no p."
    else:
        all_at_once = "s of all pairs of rows at once" if pairs > 1 else ""
        yield (
            f"Interval: 95 of 100 comparisons hold the true difference{all_at_once}, for other"
            " seeds on the same images."
        )
        corrected = f", corrected for all {pairs} pairs of rows (Holm)" if pairs > 1 else ""
        yield (
            "Rows that share a letter cannot be told apart, which does not make them equal. *: no"
            f" other row is surely better. p: moderated paired t-test{corrected}."
        )


def _unlike(
    runs: Sequence[RunData], aspects: dict[str, Callable[[RunData], object]], consequence: str
) -> Iterator[str]:
    """One note, with the runs that are unlike most, if an aspect is not the same in all."""
    parts = []
    for name, aspect in aspects.items():
        by_value = _sorted_out((run, str(aspect(run))) for run in runs)
        if len(by_value) > 1:
            usual = max(by_value, key=lambda value: len(by_value[value]))
            parts += [
                f"{name} {value} instead of {usual} ({ids(unlike)})"
                for value, unlike in by_value.items()
                if value != usual
            ]
    if parts:
        yield f"{consequence}: {'; '.join(parts)}."


def _sorted_out(runs: Iterable[tuple[RunData, str]]) -> dict[str, list[RunData]]:
    """Runs by a text about each."""
    found: dict[str, list[RunData]] = {}
    for run, text in runs:
        found.setdefault(text, []).append(run)
    return found
