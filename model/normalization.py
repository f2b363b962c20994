"""Batch normalisation: a layer that keeps the pre-activations of each unit in one range."""

from __future__ import annotations

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer
from nnbasic.model.randomness import StepRandom

EPSILON = 1e-5
"""What is added to a variance, which may be 0."""

NEW = 0.1
"""The share that a batch has in the moving averages."""


class BatchNorm(Layer):
    """gamma · (z - mean) / √(variance + `EPSILON`) + beta, for each unit (Ioffe & Szegedy 2015).

    Mean and variance are the batch's in training, and moving averages over the batches in scoring,
    and for a batch of one, which has no variance. The averages are parameters too, with a gradient
    of 0, so that they are saved with the others.
    """

    role = "normalisation"

    def __init__(self, units: int) -> None:
        self.units = units

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("gamma", "beta", "mean", "variance"), (self.units,))

    def start(self) -> None:
        self.parameters["gamma"].fill(1)
        self.parameters["variance"].fill(1)

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        mean, variance = self.parameters["mean"], self.parameters["variance"]
        self.training = rng is not None and len(z) > 1
        if self.training:
            batch_mean, batch_variance = z.mean(axis=0), z.var(axis=0)
            mean += NEW * (batch_mean - mean)
            # of a batch of n, n / (n - 1) times its variance estimates that of all examples
            variance += NEW * (batch_variance * (len(z) / (len(z) - 1)) - variance)
            mean, variance = batch_mean, batch_variance
        self.factor = 1 / np.sqrt(variance + EPSILON)
        self.normal = (z - mean) * self.factor
        return self.parameters["gamma"] * self.normal + self.parameters["beta"]

    def backward(self, gradient: Array) -> Array:
        own = self.gradients
        gradient.sum(axis=0, out=own["beta"])
        (gradient * self.normal).sum(axis=0, out=own["gamma"])
        own["mean"].fill(0)
        own["variance"].fill(0)
        if self.training:  # the batch's mean and variance depend on z too
            gradient = gradient - (own["beta"] + self.normal * own["gamma"]) / len(gradient)
        return gradient * (self.parameters["gamma"] * self.factor)

    def scoring(self) -> tuple[Array, Array]:
        """What z is multiplied by, and what is added, (units,) each, in scoring."""
        own = self.parameters
        factor = own["gamma"] / np.sqrt(own["variance"] + EPSILON)
        return factor, own["beta"] - own["mean"] * factor
