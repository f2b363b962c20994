"""The errors of a group's networks on the test images, from their `predictions.npz`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnbasic.compare.runs import Predictions, RunData, RunError
from nnbasic.model.arrays import Array


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
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels]
        errors = np.flatnonzero(self.wrong)
        worst = errors[np.argsort(chosen[errors], kind="stable")][:most]
        others = self.probabilities.copy()
        others[np.arange(len(self.labels)), self.labels] = -1
        return [
            Wrong(
                int(image),
                int(self.labels[image]),
                int(others[image].argmax()),
                float(chosen[image]),
            )
            for image in worst
        ]


def answers(runs: Sequence[RunData]) -> Answers | None:
    """The answers of those of ``runs`` whose predictions can be read; None if none can be.

    Runs with other images or classes than the first one are left out.
    """
    found = [each for each in map(_read, runs) if each is not None]
    same = [
        each
        for each in found
        if each.probabilities.shape == found[0].probabilities.shape
        and np.array_equal(each.labels, found[0].labels)
    ]
    if not same:
        return None
    return Answers(
        len(same),
        same[0].labels,
        np.sum([each.confusion() for each in same], axis=0),
        np.stack([each.probabilities for each in same]).mean(axis=0, dtype=np.float64),
        np.sum([each.predicted != each.labels for each in same], axis=0),
    )


def _read(run: RunData) -> Predictions | None:
    try:
        return Predictions.load(run.run.predictions)
    except RunError:
        return None
