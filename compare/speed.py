"""Which rows reach the threshold in how many epochs less."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nnbasic.compare.findings import Findings
from nnbasic.compare.measures import first_at
from nnbasic.compare.runs import Scalar
from nnbasic.compare.significance import moderated_t, pairs
from nnbasic.compare.standing import Row
from nnbasic.compare.verdict import listed

ROUNDING = 1 / 12
"""The variance that counting whole epochs leaves."""


def speed(found: Findings, threshold: float) -> Iterator[str]:
    """Which rows need more epochs to ``threshold`` than the fastest one, and how many more.

    By the test of accuracies, over the shared seeds, among the ranked rows all of whose runs
    reach it; nothing where no difference is significant.
    """
    reached = [(row, epochs) for row in found.ranked if (epochs := _epochs(row, threshold))]
    if len(reached) < 2 or len(found.seeds) < 2:
        return
    reached.sort(key=lambda pair: sum(pair[1][seed] for seed in found.seeds))
    values = np.array([[epochs[seed] for seed in found.seeds] for _, epochs in reached], float)
    every = pairs(values, np.full(len(values), ROUNDING))._replace(widest=math.inf)
    (tested,) = moderated_t(every)
    from_first = zip(reached[1:], tested.contrasts, strict=False)
    later = {row.name: test.ci95 for (row, _), test in from_first if test.significant and test.ci95}
    if later:
        least = max(min(low for low, _ in later.values()), 0)
        most = max(high for _, high in later.values())
        first, mean = reached[0][0].name, values[0].mean()
        yield (
            f"{first} reaches {100 * threshold:g} % after {mean:.1f} epochs on average,"
            f" {listed(list(later))} {least:.1f} to {most:.1f} epochs later."
        )


def _epochs(row: Row, threshold: float) -> dict[Scalar, int] | None:
    """In which epoch each of the row's runs reached ``threshold``; None if one did not."""
    firsts = {run.flat.get("seed"): first_at(run, threshold) for run in row.counted}
    epochs = {seed: first.epoch for seed, first in firsts.items() if first is not None}
    return epochs if len(epochs) == len(firsts) else None
