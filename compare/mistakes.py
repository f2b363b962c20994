"""The errors of a group's networks on the test images, from their `predictions.npz`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.runs.collection import RunData
from nnbasic.runs.storage import RunError, read_arrays


class Confused(NamedTuple):
    """A class taken for another one, and how often: test images, mean over runs."""

    true: int
    predicted: int
    times: float


class Wrong(NamedTuple):
    """A test image that a group gets wrong.

    ``likeliest`` are the classes with the highest mean probability over the runs, with it;
    ``probability`` is that of the ``true`` class; ``runs`` is how many runs are wrong.
    """

    image: int
    true: int
    probability: float
    likeliest: list[tuple[int, float]]
    runs: int


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

    def confused(self, most: int) -> list[Confused]:
        """The ``most`` frequent confusions."""
        errors = self.confusion * (1 - np.eye(len(self.confusion), dtype=int))
        found = np.argsort(-errors, axis=None, kind="stable")[:most]
        pairs = (divmod(int(place), len(errors)) for place in found)
        return [Confused(*pair, errors[pair] / self.runs) for pair in pairs if errors[pair]]

    def most_wrong(self, most: int) -> list[Wrong]:
        """The ``most`` wrong images: those whose true class has the lowest mean probability.

        Ties go to the image that comes first.
        """
        chosen = self.probabilities[np.arange(len(self.labels)), self.labels]
        errors = np.flatnonzero(self.probabilities.argmax(axis=1) != self.labels)
        worst = errors[np.argsort(chosen[errors], kind="stable")][:most]
        return [
            Wrong(
                int(image),
                int(self.labels[image]),
                float(chosen[image]),
                [
                    (int(c), float(self.probabilities[image, c]))
                    for c in np.argsort(-self.probabilities[image], kind="stable")[:2]
                ],
                int(self.wrong[image]),
            )
            for image in worst
        ]


def answers(runs: Sequence[RunData]) -> Answers | None:
    """The answers of those of ``runs`` whose predictions can be read; None if there are none.

    Runs with other images or classes than the first one are left out.
    """
    found = [each for each in map(_read, runs) if each is not None]
    same = [
        (labels, p)
        for labels, p in found
        if p.shape == found[0][1].shape and np.array_equal(labels, found[0][0])
    ]
    if not same:
        return None
    labels, first = same[0]
    classes = first.shape[1]
    confusion = np.zeros((classes, classes), dtype=int)
    mean, wrong = np.zeros(first.shape), np.zeros(len(labels), dtype=int)
    for _, probabilities in same:
        predicted = probabilities.argmax(axis=1)
        confusion += np.bincount(labels * classes + predicted, minlength=classes**2).reshape(
            classes, classes
        )
        mean += probabilities
        wrong += predicted != labels
    return Answers(len(same), labels, confusion, mean / len(same), wrong)


def _read(run: RunData) -> tuple[Array, Array] | None:
    """Labels and probabilities; None if the file is missing, damaged or something else."""
    try:
        labels, probabilities = read_arrays(run.run.predictions, "labels", "probabilities")
    except RunError:
        return None
    labels = labels.astype(np.intp)
    fits = labels.ndim == 1 and probabilities.ndim == 2 and len(labels) == len(probabilities)
    if not fits or not len(labels) or probabilities.dtype.kind != "f":
        return None
    within = labels.min() >= 0 and labels.max() < probabilities.shape[1] <= 1000
    return (labels, probabilities) if within and np.isfinite(probabilities).all() else None
