"""Which rows are ranked, over which seeds, and what keeps the others out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.grouping import Grouping, label, unlike_terms
from nnbasic.compare.measures import (
    FAILED,
    Group,
    best_accuracy,
    by_seed,
    count,
    images,
    latest_of_each,
    measure,
)
from nnbasic.compare.ranking import EXACT
from nnbasic.model.arrays import Array
from nnbasic.training.choices import Scalar, headings, shown
from nnbasic.training.collection import RunData

MOST_SEEDS = 4
"""How many missing seeds are named."""


class Standing(NamedTuple):
    """Groups: the ranked ones, best first, over ``seeds``, which all of them have; the others."""

    groups: list[Group]
    seeds: list[Scalar]


def stand(grouping: Grouping, threshold: float) -> Standing:
    """Rank the groups of ``grouping`` that may be ranked, and say what keeps out the others."""
    counted = [count(runs) for _, runs in grouping.groups]
    scores = [by_seed(runs, best_accuracy) for runs in counted]
    reasons = [
        _reason(grouping, runs, each)
        for (_, runs), each in zip(grouping.groups, scores, strict=True)
    ]
    entitled = [each for each, reason in zip(scores, reasons, strict=True) if reason is None]
    seeds = shared_seeds(entitled)
    short = headings(dict.fromkeys(name for key, _ in grouping.groups for name in key))
    groups = []
    for index, (key, runs) in enumerate(grouping.groups):
        apart = reasons[index] or _missing(runs, scores[index], seeds)
        measures = measure(runs, counted[index], threshold, None if apart else seeds)
        fair = grouping.comparable(runs[0])
        groups.append(Group(key, label(key, short), runs, counted[index], fair, apart, measures))
    return Standing(sorted(groups, key=_place), _sorted(seeds))


def shared_seeds(rows: Sequence[Mapping[Scalar, float]]) -> frozenset[Scalar]:
    """The seeds over which ``rows``, by seed, are best compared: who has all of them is ranked.

    They leave the most degrees of freedom, pairs of rows × (seeds - 1), and of equally many the
    most rows. So a row with a single lucky seed stands apart, instead of leaving one seed to all;
    and where some rows have 6 seeds and some 10, all are compared over the 6.
    """
    kinds = list(dict.fromkeys(map(frozenset, rows)))
    candidates = [a & b for a in kinds for b in kinds]
    candidates.append(frozenset.intersection(*kinds) if kinds else frozenset())

    def worth(seeds: frozenset[Scalar]) -> tuple[int, int, int]:
        having = sum(seeds <= row.keys() for row in rows)
        pairs = having * (having - 1) // 2
        return pairs * max(len(seeds) - 1, 0), having * bool(seeds), len(seeds)

    return max(candidates, key=worth)


def accuracies(groups: Sequence[Group], seeds: Sequence[Scalar]) -> tuple[Array, Array]:
    """The validation accuracies (groups, seeds), and of how many images each group's are (groups,).

    All of ``groups`` have all of ``seeds``.
    """
    rows = [by_seed(group.counted, best_accuracy) for group in groups]
    shares = np.array([[row[seed] for seed in seeds] for row in rows])
    return shares, np.array([images(group.counted[0]) for group in groups])


def _reason(
    grouping: Grouping, runs: Sequence[RunData], scores: Mapping[Scalar, float]
) -> str | None:
    """Why a group is not ranked whatever the others are; None if nothing is against it.

    Of a choice that diverges or collapses for some seeds the others are the lucky ones.
    """
    if not grouping.comparable(runs[0]):
        return unlike_terms(runs[0], grouping.terms)
    ended = latest_of_each(runs)
    fates = Counter(run.status for run in ended)
    failed = [f"{fates[end]} {end}" for end in FAILED if fates[end]]
    if failed:
        return f"{' and '.join(failed)} of {len(ended)}"
    if not scores:
        known = any(best_accuracy(run) is not None for run in count(runs))
        return "no seed that all of its configs have" if known else "no validation accuracy"
    return None


def _missing(
    runs: Sequence[RunData], scores: Mapping[Scalar, float], seeds: Collection[Scalar]
) -> str | None:
    """Which of the others' ``seeds`` a group lacks, and how its runs of them ended."""
    lacking = _sorted(seed for seed in seeds if seed not in scores)
    if not lacking:
        return None
    ends = sorted({run.status for run in runs if run.flat.get("seed") in lacking} - {"finished"})
    names = ", ".join(map(shown, lacking[:MOST_SEEDS])) + " and more" * (len(lacking) > MOST_SEEDS)
    return f"no result for seed {names}" + (f", {', '.join(ends)}" if ends else "")


def _place(group: Group) -> tuple[bool, bool, float]:
    """Ranked groups first, then comparable ones; each kind by mean, those without any last."""
    mean = group.measures.val_accuracy.mean
    best_first = 1.0 if mean is None else -round(mean, EXACT)
    return group.apart is not None, not group.comparable, best_first


def _sorted(seeds: Iterable[Scalar]) -> list[Scalar]:
    """Numbers by size; a record may hold anything else as well."""
    return sorted(seeds, key=lambda seed: (isinstance(seed, str), str(seed).zfill(20)))
