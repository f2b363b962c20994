"""A network's answers for a set of images, their figures, and the file that holds them."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from nnbasic.data.files import replacing
from nnbasic.model.arrays import Array
from nnbasic.runs.storage import RunError


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
    def correct(self) -> int:
        """How many images are classified right."""
        return int(np.count_nonzero(self.labels == self.predicted))

    @property
    def accuracy(self) -> float:
        """The share of images classified right."""
        return self.correct / len(self.labels)

    def confusion(self) -> Array:
        """Counts of shape (classes, classes): a row for a true class, a column for a predicted."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.predicted
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    def per_class(self) -> list[dict[str, Any]]:
        """Precision, recall and F1 of each class; 0 where there is nothing to divide by."""
        confusion = self.confusion()
        rows = []
        for c, right in enumerate(np.diag(confusion)):
            support, predicted = int(confusion[c].sum()), int(confusion[:, c].sum())
            rows.append(
                {
                    "class": c,
                    "precision": float(right / predicted) if predicted else 0.0,
                    "recall": float(right / support) if support else 0.0,
                    "f1": float(2 * right / (support + predicted)) if support + predicted else 0.0,
                    "support": support,
                }
            )
        return rows

    def save(self, path: Path) -> None:
        """Write one `.npz`: classes in the smallest integer type, probabilities in float32."""
        integer = np.min_scalar_type(self.probabilities.shape[1] - 1)
        labels, predicted = self.labels.astype(integer), self.predicted.astype(integer)
        probabilities = self.probabilities.astype(np.float32)
        with replacing(path) as file:
            np.savez(file, labels=labels, predicted=predicted, probabilities=probabilities)

    @classmethod
    def read(cls, path: Path) -> Predictions:
        """What `save` wrote to ``path``; RunError if it is missing or holds anything else."""
        labels, predicted, probabilities = _read_arrays(
            path, "labels", "predicted", "probabilities"
        )
        fits = (
            labels.ndim == 1
            and len(labels) > 0
            and labels.shape == predicted.shape == probabilities.shape[:1]
            and labels.dtype.kind in "iu"
            and predicted.dtype.kind in "iu"
            and probabilities.ndim == 2
            and probabilities.dtype.kind == "f"
        )
        if not fits:
            raise RunError(
                f"{path} is damaged: it does not hold a label, a class and probabilities for each"
                " image"
            )
        classes = probabilities.shape[1]
        lowest = min(labels.min(), predicted.min())
        highest = max(labels.max(), predicted.max())
        if lowest < 0 or highest >= classes or not np.isfinite(probabilities).all():
            raise RunError(
                f"{path} is damaged: it has a class that is not 0 to {classes - 1}, or a"
                " probability that is no number"
            )
        return cls(labels.astype(np.intp), predicted.astype(np.intp), probabilities)


@dataclass(frozen=True)
class Evaluation(Predictions):
    """Predictions with the mean ``loss`` over the images, which `predictions.npz` does not hold."""

    loss: float


def _read_arrays(path: Path, *names: str) -> list[Array]:
    """The arrays ``names`` of an `.npz` file; RunError if it is missing, damaged or lacks one."""
    try:
        # Not np.load: it takes a file that is not a zip for a pickle, and leaves it open.
        with path.open("rb") as stream, NpzFile(stream, allow_pickle=False) as file:
            return [file[name] for name in names]
    except FileNotFoundError:
        raise RunError(f"{path} is missing") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RunError(f"{path} is damaged ({error})") from None
