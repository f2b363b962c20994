"""What makes a comparison unfair or weak, and how to read its figures, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from nnbasic.compare.grouping import Grouping, ids
from nnbasic.compare.measures import Group, best_accuracy, has_all_metrics
from nnbasic.compare.significance import LEVEL, binomial_error, pairs_needed, smallest_p
from nnbasic.runs.choices import RATE, SEARCHED, Values, is_choice, shown, values
from nnbasic.runs.collection import RunData, Scalar

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


def warnings(groups: Sequence[Group], grouping: Grouping) -> Iterator[str]:
    """What makes the comparison of some runs unfair or weak; each of them is named."""
    yield from _unfair(groups, grouping.terms)
    yield from _mixtures(groups, grouping.mixed)
    for group in groups:
        yield from _not_counted(group)
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
    tests: int,
    threshold: float,
    images: int | None,
) -> Iterator[str]:
    """How the figures are to be read.

    ``tests`` is how many pairs of groups were tested, ``images`` the size of the test set.
    """
    runs = [run for group in groups for run in group.runs]
    fair = sum(group.comparable for group in groups)
    if fair > 1:
        yield from _about_differences(groups, tests)
        rate = grouping.same.get(RATE)
        if SEARCHED in grouping.same:
            yield "The learning rate of each row was searched (nnbasic sweep --lr-search)."
        elif rate is not None:
            yield (
                f"Every row has the learning rate {shown(rate)}: with another one the order may"
                " differ, unless it was searched for each row (nnbasic sweep --lr-search)."
            )
    yield (
        f"Epochs and seconds to a validation accuracy of {100 * threshold:g} %: median of the runs"
        " that reached it, out of those that finished or diverged. Seconds per epoch: median of"
        " all epochs."
    )
    if any(run.diagnostics for group in groups for run in group.counted):
        yield (
            "Dead, saturated: share of the units in the layer with the most, mean over the runs."
            " Gradient: its norm in the first layer over that in the last, median of the runs. All"
            " after the last epoch."
        )
    accuracy = groups[0].measures.test_accuracy.mean
    if images and accuracy is not None:
        error = 100 * binomial_error(accuracy, images)
        yield (
            f"Test accuracy on {images:,} images has a binomial standard error of {error:.2f}"
            f" points at {100 * accuracy:.2f} %, the same images for every row."
        )
    yield from _unlike(runs, TIMING, "Seconds do not compare")
    yield from _unlike(runs, ROUNDING, "The last digits may differ for this reason alone")


def _unfair(groups: Sequence[Group], terms: Values) -> Iterator[str]:
    found: dict[str, list[RunData]] = {}
    for group in groups:
        for run in () if group.comparable else group.runs:
            own = values(run)
            unlike = [
                f"{key} {shown(own[key])} instead of {shown(terms[key])}"
                for key in terms
                if own[key] != terms[key]
            ]
            found.setdefault(", ".join(unlike), []).append(run)
    for unlike_terms, runs in found.items():
        yield f"No fair comparison: {unlike_terms}: {ids(runs)}. They get no difference and no p."


def _mixtures(groups: Sequence[Group], mixed: Sequence[str]) -> Iterator[str]:
    for key in mixed:
        found = [_sorted_out((run, _choice(run, key)) for run in group.runs) for group in groups]
        for group, by_value in zip(groups, found, strict=True):
            if len(by_value) > 1:
                parts = [f"{value} ({ids(runs)})" for value, runs in by_value.items()]
                yield (
                    f"{group.label} mixes runs with {key} {' and '.join(parts)};"
                    " their mean counts once for each seed."
                )
        if any(by_value.keys() != found[0].keys() for by_value in found):
            yield f"{key} is not the same in all rows, which may be the reason for a difference."
    for group in groups:
        configs: dict[Scalar, set[tuple[str, ...]]] = {}
        for run in group.counted:
            own = tuple(_choice(run, key) for key in mixed)
            configs.setdefault(run.flat.get("seed"), set()).add(own)
        if len(set(map(frozenset, configs.values()))) > 1:
            yield f"{group.label} mixes other configs for some seeds than for the rest."


def _choice(run: RunData, key: str) -> str:
    """What was chosen for ``key``."""
    row = values(run)
    return shown(row.get(key)) if is_choice(key, row) or key not in row else "searched"


def _not_counted(group: Group) -> Iterator[str]:
    if set(group.statuses) != {"finished"}:
        parts = []
        for status, n in group.statuses.items():
            runs = [run for run in group.runs if run.status == status]
            parts.append(f"{n} {status}" + (f" ({ids(runs)})" if status != "finished" else ""))
        consequence = (
            "its accuracies are of those that finished" if group.counted else "it has no accuracy"
        )
        yield f"{group.label}: of {len(group.runs)} runs {', '.join(parts)}; {consequence}."
    counted = {id(run) for run in group.counted}
    repeated = [run for run in group.runs if run.status == "finished" and id(run) not in counted]
    if repeated:
        yield f"{group.label}: left out, as a later run repeats config and seed: {ids(repeated)}."


def _about_differences(groups: Sequence[Group], tests: int) -> Iterator[str]:
    corrected = (
        f", Holm-corrected for all {tests} pairs of rows, as the same figures chose the first row"
        if tests > 1
        else ""
    )
    yield (
        "Rows stand in the order of mean validation accuracy. Difference: from the first row, mean"
        " over the seeds that both have; p: exact paired sign-flip permutation test of it,"
        f" two-sided{corrected}."
    )
    pairs = max((group.difference.pairs for group in groups if group.difference), default=0)
    floor = smallest_p(pairs, tests)
    needed = pairs_needed(max(tests, 1))
    if pairs < 2:
        yield (
            f"Too few shared seeds for a test of significance, which takes {needed} in every row."
        )
    elif floor >= 1 - LEVEL:
        factor = f", corrected {floor:.3g}" if tests > 1 else ""
        yield (
            f"{pairs} paired seeds cannot go below p = {smallest_p(pairs):.3g}{factor}: no"
            f" difference here can be significant at {1 - LEVEL:.2g}; with {needed} in every row"
            " one could be."
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
