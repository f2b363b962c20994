"""A network's answers for a set of images, their figures, and the file that holds them."""

import contextlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from nnbasic.data.files import replacing
from nnbasic.model.arrays import Array
from nnbasic.model.network import check_labels
from nnbasic.training.checkpoint import read_arrays
from nnbasic.training.storage import RunError

LARGEST = 1 << 28
"""Bytes of a file of predictions: a thousand times what ten classes take for MNIST's test set."""


@dataclass(frozen=True)
class Predictions:
    """``labels`` and ``predicted`` (n,) are classes; ``probabilities`` is (n, classes).

    ``predicted`` is the class of the largest logit. It cannot be had from the probabilities: where
    several are rounded to 1, their largest one is another class.
    """

    labels: Array
    predicted: Array
    probabilities: Array

    @property
    def accuracy(self) -> float:
        """The share of images classified right."""
        return int(np.count_nonzero(self.labels == self.predicted)) / len(self.labels)

    def confusion(self) -> Array:
        """Counts of shape (classes, classes): a row for a true class, a column for a predicted."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predicted
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    def per_class(self) -> list[dict[str, Any]]:
        """Precision, recall and F1 of each class; 0 where there is nothing to divide by."""
        confusion = self.confusion()
        right, support, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
        figures = {
            "precision": right / np.maximum(predicted, 1),
            "recall": right / np.maximum(support, 1),
            "f1": 2 * right / np.maximum(support + predicted, 1),
            "support": support,
        }
        return [
            {"class": c, **{name: values[c].item() for name, values in figures.items()}}
            for c in range(len(confusion))
        ]

    def save(self, path: Path) -> None:
        """Write one `.npz`: classes in the smallest integer type, probabilities in float32."""
        integer = np.min_scalar_type(self.probabilities.shape[1] - 1)
        labels, predicted = self.labels.astype(integer), self.predicted.astype(integer)
        probabilities = self.probabilities.astype(np.float32)
        with replacing(path) as file:
            np.savez(file, labels=labels, predicted=predicted, probabilities=probabilities)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What `save` wrote to ``path``; RunError if it is missing or holds anything else."""
        names = [field.name for field in fields(cls)]
        labels, predicted, probabilities = read_arrays(path, names, LARGEST).values()
        with contextlib.suppress(ValueError):
            images, classes = probabilities.shape
            labels, predicted = (
                check_labels(each, images, classes) for each in (labels, predicted)
            )
            if probabilities.dtype.kind == "f" and np.isfinite(probabilities).all():
                return cls(labels, predicted, probabilities)
        raise RunError(
            f"{path} is damaged: it does not hold a label, a class and probabilities for each image"
        )


@dataclass(frozen=True)
class Evaluation(Predictions):
    """Predictions with the mean ``loss`` over the images, which `predictions.npz` does not hold."""

    loss: float
