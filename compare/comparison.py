"""Runs side by side: everything that a table, a file or the report shows of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from statistics import fmean
from typing import Any

from nnbasic.compare.caveats import notes, warnings
from nnbasic.compare.grouping import TERMS, group_runs, label
from nnbasic.compare.mcnemar import McNemar, mcnemar
from nnbasic.compare.measures import (
    Difference,
    Group,
    best_accuracy,
    best_correct,
    by_seed,
    count,
    measure,
)
from nnbasic.compare.significance import Summary, binomial_error, holm, sign_flip_p
from nnbasic.runs.choices import Values, headings
from nnbasic.runs.collection import RunData, Scalar
from nnbasic.runs.storage import RunError


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    ``same`` and ``differs`` say what the runs have in common and what not (see
    `nnbasic.compare.grouping.Grouping`, also for ``implied`` and ``columns``). ``groups`` are the
    rows: the comparable ones first, each kind by mean validation accuracy. ``warnings`` say what
    stands against the comparison, ``notes`` how to read it; a sentence each.
    """

    same: Values
    differs: tuple[str, ...]
    implied: tuple[str, ...]
    columns: tuple[str, ...]
    threshold: float
    groups: tuple[Group, ...]
    test_images: int | None
    mcnemar: McNemar | None
    warnings: tuple[str, ...]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The comparison as strict JSON can hold it; shares are between 0 and 1."""
        return {
            "same": self.same,
            "differs": list(self.differs),
            "warnings": list(self.warnings),
            "notes": list(self.notes),
            "threshold": self.threshold,
            "groups": [_row(each) for each in self.groups],
            "test_set": self._test_set(),
            "mcnemar": self.mcnemar and self.mcnemar._asdict(),
        }

    def _test_set(self) -> dict[str, Any] | None:
        accuracy = self.groups[0].measures.test_accuracy.mean
        if self.test_images is None or accuracy is None:
            return None
        error = binomial_error(accuracy, self.test_images)
        return {"images": self.test_images, "standard_error": error}


def compare(
    data: Sequence[RunData],
    *,
    by: Sequence[str] | None = None,
    threshold: float = 0.97,
    problems: Sequence[str] = (),
) -> Comparison:
    """Compare runs, in groups that differ only in the seed, or in keys that are not ``by``.

    ``threshold`` is the validation accuracy whose reaching is timed; ``problems``, of runs that
    could not be read, come first among the warnings. RunError for no runs, or a key that no run
    has.
    """
    if not data:
        nothing = "there is no run to compare; `nnbasic train` and `nnbasic sweep` make some"
        raise RunError("\n".join([*problems, nothing]))
    grouping = group_runs(data, by)
    short = headings(grouping.columns)
    groups = []
    for key, runs in grouping.groups:
        counted = count(runs)
        fair = grouping.comparable(runs[0])
        if fair:  # all of these have the same terms: naming them would tell nothing
            key = {name: value for name, value in key.items() if name not in TERMS} or key
        measures = measure(runs, counted, threshold)
        groups.append(Group(key, label(key, short), runs, counted, fair, measures))
    groups, tests = _with_differences(sorted(groups, key=_rank))
    sizes = (run.record.test_images for run in groups[0].counted)
    images = next(filter(None, sizes), None)
    test, problem = mcnemar(groups)
    return Comparison(
        grouping.same,
        grouping.differs,
        grouping.implied,
        grouping.columns,
        threshold,
        tuple(groups),
        images,
        test,
        (*problems, *warnings(groups, grouping)),
        (
            *notes(groups, grouping, tests, threshold, images),
            *filter(None, (test and str(test), problem)),
        ),
    )


def _rank(group: Group) -> tuple[bool, float]:
    """Comparable groups first, then by mean validation accuracy; those without any last."""
    mean = group.measures.val_accuracy.mean
    return not group.comparable, 1.0 if mean is None else -mean


def _with_differences(groups: Sequence[Group]) -> tuple[list[Group], int]:
    """``groups`` with their differences from the first one, and how many pairs were tested.

    The first group stands first because of the figures that are tested, so every pair of groups
    has had its chance to be the most different one: Holm's correction is over all pairs.
    """
    fair = [group for group in groups if group.comparable]
    scores = [by_seed(group.counted, best_accuracy) for group in fair]
    p_values = p_values_of_pairs([by_seed(group.counted, best_correct) for group in fair])
    corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
    compared = fair[:1]
    for index, group in enumerate(fair[1:], start=1):
        shared = scores[0].keys() & scores[index].keys()
        if shared:
            mean = fmean(scores[index][seed] - scores[0][seed] for seed in shared)
            p = corrected.get((0, index)), p_values.get((0, index))
            group = replace(group, difference=Difference(mean, len(shared), *p))
        compared.append(group)
    return compared + [group for group in groups if not group.comparable], len(p_values)


def p_values_of_pairs(correct: Sequence[dict[Scalar, float]]) -> dict[tuple[int, int], float]:
    """The uncorrected p of each two groups that share at least two seeds.

    ``correct`` holds, for each group, how many validation images were classified right, by seed.
    """
    p_values = {}
    for pair in combinations(range(len(correct)), 2):
        first, second = (correct[index] for index in pair)
        shared = first.keys() & second.keys()
        if len(shared) > 1:
            p_values[pair] = sign_flip_p([round(second[s]) - round(first[s]) for s in shared])
    return p_values


def _row(group: Group) -> dict[str, Any]:
    measures, difference = group.measures, group.difference
    return {
        "key": group.key,
        "label": group.label,
        "runs": [run.run.id for run in group.runs],
        "n": len(group.runs),
        "statuses": group.statuses,
        "comparable": group.comparable,
        "val_accuracy": _spread(measures.val_accuracy),
        "difference": difference and difference.mean,
        "pairs": difference.pairs if difference else 0,
        "p": difference and difference.p,
        "p_uncorrected": difference and difference.p_uncorrected,
        "test_accuracy": _spread(measures.test_accuracy),
        "epochs_to_threshold": measures.epochs_to_threshold._asdict(),
        "seconds_to_threshold": measures.seconds_to_threshold._asdict(),
        "seconds_per_epoch": measures.seconds_per_epoch,
        "dead_units": measures.dead_units,
        "saturated_units": measures.saturated_units,
        "gradient_ratio": measures.gradient_ratio,
    }


def _spread(summary: Summary) -> dict[str, Any]:
    interval = None if summary.ci95 is None else list(summary.ci95)
    return summary._asdict() | {"ci95": interval}
