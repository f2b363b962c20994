"""The errors of a group's networks on the test images, from their `predictions.npz`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.training.collection import RunData
from nnbasic.training.predictions import Predictions
from nnbasic.training.storage import RunError


class Wrong(NamedTuple):
    """A test image that some run of a group gets wrong.

    ``predicted`` is the likeliest of the other classes, and ``probability`` that of the ``true``
    one, by their means over the runs.
    """

    image: int
    true: int
    predicted: int
    probability: float


@dataclass(frozen=True)
class Answers:
    """The predictions of ``runs`` runs on the same test images.

    ``labels`` (n,); ``confusion`` (classes, classes), a row a true class, counts summed over the
    runs; ``probabilities`` (n, classes), their mean; ``wrong`` (n,), how many runs are wrong.
    """

    runs: int
    labels: Array
    confusion: Array
    probabilities: Array
    wrong: Array

    def most_wrong(self, most: int) -> list[Wrong]:
        """The ``most`` wrong images: those whose true class has the lowest mean probability.

        Ties go to the image that comes first.
        """
        every = np.arange(len(self.labels))
        chosen, others = self.probabilities[every, self.labels], self.probabilities.copy()
        others[every, self.labels] = -1
        wrong = np.flatnonzero(self.wrong)
        worst = wrong[np.argsort(chosen[wrong], kind="stable")][:most]
        columns = worst, self.labels[worst], others[worst].argmax(axis=1), chosen[worst]
        return list(map(Wrong, *(column.tolist() for column in columns)))


def answers(runs: Sequence[RunData]) -> Answers | None:
    """The answers of those of ``runs`` whose predictions can be read; None if none can be.

    Runs with other images or classes than the first one are left out.
    """
    same: list[Predictions] = []
    for run in runs:
        with contextlib.suppress(RunError):
            own = Predictions.load(run.run.predictions)
            first = same[0] if same else own
            alike = own.probabilities.shape == first.probabilities.shape
            if alike and np.array_equal(own.labels, first.labels):
                same.append(own)
    if not same:
        return None
    return Answers(
        len(same),
        same[0].labels,
        np.sum([each.confusion() for each in same], axis=0),
        np.stack([each.probabilities for each in same]).mean(axis=0, dtype=np.float64),
        np.sum([each.predicted != each.labels for each in same], axis=0),
    )
