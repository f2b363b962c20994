"""What the layers of a trained network compute."""

import numpy as np

from nnbasic.data import Split
from nnbasic.model import Layer
from nnbasic.model.arrays import Array
from nnbasic.training import Trained


def hidden(trained: Trained, images: Array) -> list[tuple[Layer, Array]]:
    """The activations of each hidden layer for ``images`` (n, 784), with the layer."""
    return [pair for pair in outputs(trained, images) if pair[0].role == "activation"]


def outputs(trained: Trained, images: Array) -> list[tuple[Layer, Array]]:
    """Each layer with its output for ``images``, at most as many as are scored at a time."""
    batches = trained.batches(Split(images, np.zeros(len(images), np.uint8)))
    x, _ = next(batches.epoch(0))
    return list(trained.network.outputs(x))
