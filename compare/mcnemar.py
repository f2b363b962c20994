"""McNemar's test: do two networks make different errors on the same test images?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.measures import Group
from nnbasic.compare.significance import mcnemar_p
from nnbasic.training.predictions import Predictions
from nnbasic.training.storage import RunError


class McNemar(NamedTuple):
    """How many test images each of two runs alone got right, and the exact p of the difference."""

    first: str
    second: str
    only_first: int
    only_second: int
    p: float

    def __str__(self) -> str:
        return (
            f"McNemar's test on the test images: {self.first} alone is right on"
            f" {self.only_first}, {self.second} alone on {self.only_second};"
            f" exact p = {self.p:.3g}. It asks whether these two networks differ, not what"
            " another seed would give."
        )


def mcnemar(groups: Sequence[Group]) -> tuple[McNemar | None, str | None]:
    """The test, if there are exactly two runs; or a sentence that says why it is impossible."""
    runs = [run for group in groups for run in group.runs]
    if len(runs) != 2:
        return None, None
    first, second = runs
    if first.record.dataset_sha256 != second.record.dataset_sha256:
        return None, "No McNemar test: the two runs have different test sets."
    try:
        a, b = (Predictions.load(run.run.predictions) for run in runs)
    except RunError as error:
        return None, f"No McNemar test: {error}."
    if not np.array_equal(a.labels, b.labels):
        return None, "No McNemar test: the labels in the two predictions.npz are not the same."
    right, other_right = a.predicted == a.labels, b.predicted == b.labels
    only_first = int(np.sum(right & ~other_right))
    only_second = int(np.sum(other_right & ~right))
    p = mcnemar_p(only_first, only_second)
    return McNemar(first.run.id, second.run.id, only_first, only_second, p), None
