"""Initialisers: how the weights are drawn before the first step.

The scaled schemes multiply numbers of mean 0 and variance 1 by a standard deviation that depends on
the fans. Two schemes with one distribution and one generator therefore differ by a factor only,
which makes their runs comparable pair by pair.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.registry import Bounds, Component, Registry

Distribution = Literal["normal", "uniform", "truncated_normal"]

TRUNCATED_SD = 0.87962566103423978  # of a standard normal that is cut off at -2 and 2


def draw(shape: tuple[int, int], rng: np.random.Generator, distribution: Distribution) -> Array:
    """Independent float64 numbers of mean 0 and variance 1."""
    if distribution == "uniform":
        return rng.uniform(-math.sqrt(3), math.sqrt(3), shape)
    numbers = rng.standard_normal(shape)
    if distribution == "truncated_normal":
        while (outside := np.abs(numbers) > 2).any():
            numbers[outside] = rng.standard_normal(np.count_nonzero(outside))
        numbers /= TRUNCATED_SD
    return numbers


@dataclass(init=False)
class Initializer(Component, ABC):
    """How a layer begins: its weights by `weight`, each bias at ``bias``."""

    bias: float = 0.0

    @abstractmethod
    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        """A float64 weight of shape (inputs, units), its fan-in and fan-out."""


INITIALIZERS: Registry[Initializer] = Registry("initialiser", Initializer)


@INITIALIZERS.register("normal")
class Normal(Initializer):
    """Every weight from one normal distribution, whatever the fans."""

    mean: float = 0.0
    std: Annotated[float, Bounds(ge=0)] = 0.02

    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        return self.mean + self.std * draw(shape, rng, "normal")


@INITIALIZERS.register("uniform")
class Uniform(Initializer):
    """Every weight uniform in [-bound, bound), whatever the fans."""

    bound: Annotated[float, Bounds(ge=0)] = 0.05

    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        return self.bound / math.sqrt(3) * draw(shape, rng, "uniform")


@dataclass(init=False)
class Scaled(Initializer):
    """Weights whose standard deviation, `std`, follows from the fans."""

    distribution: Distribution = "normal"
    gain: Annotated[float, Bounds(gt=0)] = 1.0

    @abstractmethod
    def std(self, fan_in: int, fan_out: int) -> float:
        """The standard deviation at gain 1."""

    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        return self.gain * self.std(*shape) * draw(shape, rng, self.distribution)


@INITIALIZERS.register("xavier")
class Xavier(Scaled):
    """Variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010, eq. 16): for sigmoid and tanh."""

    def std(self, fan_in: int, fan_out: int) -> float:
        return math.sqrt(2 / (fan_in + fan_out))


@INITIALIZERS.register("he")
class He(Scaled):
    """Variance 2 / fan_in (He et al. 2015, eq. 10): for ReLU and its kin."""

    def std(self, fan_in: int, fan_out: int) -> float:
        return math.sqrt(2 / fan_in)


@INITIALIZERS.register("lecun")
class LeCun(Scaled):
    """Variance 1 / fan_in (LeCun et al. 1998, "Efficient BackProp", eq. 16): for SELU."""

    def std(self, fan_in: int, fan_out: int) -> float:
        return math.sqrt(1 / fan_in)


@INITIALIZERS.register("orthogonal")
class Orthogonal(Initializer):
    """Orthonormal rows or columns, whichever are fewer, times ``gain`` (Saxe et al. 2014)."""

    gain: Annotated[float, Bounds(gt=0)] = 1.0

    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        tall = draw((max(shape), min(shape)), rng, "normal")
        q, r = np.linalg.qr(tall)
        q *= np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
        return self.gain * (q if shape[0] >= shape[1] else q.T)


@INITIALIZERS.register("zeros")
class Zeros(Initializer):
    """All weights zero: the units of a layer stay alike for ever, since their gradients are."""

    caution = (
        "with init zeros all units of a layer stay alike (symmetry), so the network learns no more"
        " than one unit a layer could; use another init"
    )

    def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
        return np.zeros(shape)
