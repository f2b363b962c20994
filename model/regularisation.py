"""Layers that act while the network trains, so that it overfits less or learns sooner.

Scoring and prediction pass through noise unchanged; `BatchNorm` is then one affine map.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Bounds

EPSILON = 1e-5
"""What is added to a variance, which may be 0."""

NEW = 0.1
"""The share that a batch has in the moving averages."""


@dataclass(init=False)
class GaussianNoise(Layer):
    """x + N(0, sd²), for each value anew."""

    title = "noise"
    role = "noise"
    sd: Annotated[float, Bounds(ge=0)]

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        if rng is None:
            return x
        return x + rng.standard_normal(x.shape) * x.dtype.type(self.sd)

    def backward(self, gradient: Array) -> Array:
        return gradient


@dataclass(init=False)
class Dropout(Layer):
    """Each value is 0 with probability ``rate``, and otherwise divided by 1 - rate.

    Srivastava et al. 2014; their scaling by 1 - rate in scoring is done in training instead, so
    that the expected value is the same in both.
    """

    title = "dropout"
    role = "noise"
    rate: Annotated[float, Bounds(ge=0, lt=1)]

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.mask = np.ones((), x.dtype)
        if rng is None:
            return x
        kept = rng.bernoulli(1 - self.rate, x.shape)
        self.mask = np.multiply(kept, 1 / (1 - self.rate), dtype=x.dtype)
        return x * self.mask

    def backward(self, gradient: Array) -> Array:
        return gradient * self.mask


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
