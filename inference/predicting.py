"""What a trained network says of prepared digits."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.inference.preparation import Image
from nnbasic.model.arrays import Array, Labels
from nnbasic.training import RunError, Trained


class Prediction(NamedTuple):
    """``digits`` (n,) and the ``probabilities`` (n, classes) that the output layer gives."""

    digits: Labels
    probabilities: Array


def predict(
    trained: Trained, images: Array | Sequence[Image], *, name: str = "the network"
) -> Prediction:
    """What ``trained`` takes prepared digits for: uint8 of shape (n, 28, 28) or (n, 784).

    RunError, which speaks of ``name``, if it does not compute finite numbers.
    """
    pixels = np.asarray(images).reshape(len(images), -1)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = trained.logits(pixels)
    if not np.isfinite(logits).all():
        raise RunError(f"{name} does not compute finite numbers: its training diverged")
    # Of the logits, as in scoring: probabilities near 1 are rounded to ties.
    return Prediction(logits.argmax(axis=1), trained.network.loss.probabilities(logits))
