"""What a trained network says of a split: predictions, and the figures that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nnbasic.configs import Config
from nnbasic.data import Batches, Dataset, Split
from nnbasic.data.files import replacing
from nnbasic.model import MLP
from nnbasic.model.arrays import Array
from nnbasic.runs.checkpoint import restore
from nnbasic.runs.record import Run
from nnbasic.runs.storage import RunError

SplitName = Literal["train", "validation", "test"]
SCORING_BATCH = 500
"""Images scored at a time. One number everywhere: a product's last bits depend on its shape."""


@dataclass(frozen=True)
class Predictions:
    """``labels`` and ``predicted`` (n,), ``probabilities`` (n, classes), and the mean loss."""

    labels: Array
    predicted: Array
    probabilities: Array
    loss: float

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.labels == self.predicted))

    def confusion(self) -> Array:
        """Counts, shape (classes, classes): a row a true class, a column a predicted one."""
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
        """Write them as one `.npz`, probabilities in float32."""
        labels, predicted = self.labels.astype(np.uint8), self.predicted.astype(np.uint8)
        probabilities = self.probabilities.astype(np.float32)
        with replacing(path) as file:
            np.savez(file, labels=labels, predicted=predicted, probabilities=probabilities)


def build(config: Config) -> MLP:
    """The network that ``config`` describes, before its first step."""
    return MLP(
        config.layers,
        config.activation,
        config.init,
        loss=config.loss,
        seed=config.seed,
        dtype=config.dtype,
    )


def scoring_batches(config: Config, dataset: Dataset, split: Split) -> Batches:
    """``split`` in order, scaled as the training images of ``dataset`` are."""
    return Batches(
        split.images,
        split.labels,
        batch_size=SCORING_BATCH,
        scale=dataset.scale(config.data.scale),
        dtype=config.dtype,
    )


def predict(network: MLP, batches: Batches) -> Predictions:
    """The network's predictions for all of ``batches``."""
    labels, predicted, probabilities, loss = [], [], [], 0.0
    for x, y, _ in batches.epoch(0):
        loss += network.score(x, y)[0] * len(y)
        labels.append(y.copy())
        # of the logits, as in training: probabilities near 1 are rounded to ties
        predicted.append(network.logits.argmax(axis=1))
        with np.errstate(invalid="ignore"):  # the loss says whether the network has diverged
            probabilities.append(network.loss.probabilities(network.logits))
    return Predictions(
        np.concatenate(labels),
        np.concatenate(predicted),
        np.concatenate(probabilities),
        loss / batches.examples,
    )


def evaluate_run(
    run: Run, dataset: Dataset, split: SplitName = "test", checkpoint: str = "best"
) -> Predictions:
    """Score a checkpoint of ``run`` on a split of the data set that it was trained on.

    RunError if the checkpoint cannot be used, the data set is another one, or the split empty.
    """
    check_dataset(run, dataset)
    config = run.config()
    chosen: Split = getattr(dataset, split)
    if not len(chosen.labels):
        raise RunError(f"{run.directory}: the run was trained without a {split} split")
    network = build(config)
    restore(run.best if checkpoint == "best" else run.last, network)
    return predict(network, scoring_batches(config, dataset, chosen))


def check_dataset(run: Run, dataset: Dataset) -> None:
    """RunError unless ``dataset`` is, byte for byte, what ``run`` was trained on."""
    record = run.record()
    if record.dataset_sha256 != dataset.sha256:
        raise RunError(
            f"{run.directory}: trained on {record.dataset} {record.dataset_sha256[:12]}…, but the"
            f" data at hand is {dataset.name} {dataset.sha256[:12]}…; scores would not compare"
        )
