"""Two networks on the same test images: do they make different errors?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.measures import Group
from nnbasic.compare.significance import mcnemar_p
from nnbasic.model.arrays import Array
from nnbasic.runs.collection import RunData
from nnbasic.runs.storage import RunError, read_arrays


class McNemar(NamedTuple):
    """How many test images only one of two runs got right, and the exact p of that."""

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
    """The test, if there are two runs in all; or a sentence that says why it cannot be made."""
    runs = [run for group in groups for run in group.runs]
    if len(runs) != 2:
        return None, None
    first, second = runs
    if first.record.dataset_sha256 != second.record.dataset_sha256:
        return None, "No McNemar test: the two runs have different test sets."
    try:
        (labels, guess), (others, other_guess) = _answers(first), _answers(second)
    except RunError as error:
        return None, f"No McNemar test: {error}."
    if not np.array_equal(labels, others):
        return None, "No McNemar test: the labels in the two predictions.npz are not the same."
    right, other_right = guess == labels, other_guess == labels
    only_first = int(np.sum(right & ~other_right))
    only_second = int(np.sum(other_right & ~right))
    p = mcnemar_p(only_first, only_second)
    return McNemar(first.run.id, second.run.id, only_first, only_second, p), None


def count_test_images(runs: Sequence[RunData]) -> int | None:
    """How many test images ``runs``, of one data set, were scored on; None if none can tell."""
    for run in runs:
        try:
            return len(_answers(run)[0])
        except RunError:
            continue
    return None


def _answers(run: RunData) -> tuple[Array, Array]:
    """The true and the predicted classes, each (n,); RunError if they cannot be read."""
    path = run.run.predictions
    labels, predicted = read_arrays(path, "labels", "predicted")
    if labels.ndim != 1 or labels.shape != predicted.shape or not len(labels):
        raise RunError(f"{path} does not hold a label and a prediction for each image")
    return labels, predicted
