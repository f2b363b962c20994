"""Layers that disturb what passes through them while the network trains, so that it overfits less.

Scoring and prediction pass through them unchanged.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Bounds


class Noise(Layer):
    """A layer that changes its inputs in training alone."""

    role = "noise"

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.training = rng is not None
        return x if rng is None else self.disturb(x, rng)

    @abstractmethod
    def disturb(self, x: Array, rng: StepRandom) -> Array:
        """``x`` with this step's noise."""


@dataclass(init=False)
class GaussianNoise(Noise):
    """x + N(0, sd²), for each value anew."""

    title = "noise"
    sd: Annotated[float, Bounds(ge=0)]

    def disturb(self, x: Array, rng: StepRandom) -> Array:
        return x + rng.standard_normal(x.shape) * x.dtype.type(self.sd)

    def backward(self, gradient: Array) -> Array:
        return gradient


@dataclass(init=False)
class Dropout(Noise):
    """Each value is 0 with probability ``rate``, and otherwise divided by 1 - rate.

    Srivastava et al. 2014; their scaling by 1 - rate in scoring is done in training instead, so
    that the expected value is the same in both.
    """

    title = "dropout"
    rate: Annotated[float, Bounds(ge=0, lt=1)]

    def disturb(self, x: Array, rng: StepRandom) -> Array:
        kept = rng.bernoulli(1 - self.rate, x.shape)
        self.mask = np.multiply(kept, 1 / (1 - self.rate), dtype=x.dtype)
        return x * self.mask

    def backward(self, gradient: Array) -> Array:
        return gradient * self.mask if self.training else gradient
