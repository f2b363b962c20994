"""Layers: forward keeps in ``self`` what backward needs. A network is a list of them.

No layer changes an array that it was given, so `backward` may be called twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Component

Shapes = Mapping[str, tuple[int, ...]]


class Layer(Component, ABC):
    """A differentiable map of a batch, (n, inputs) to (n, units).

    The fields of a subclass that is a dataclass are its hyperparameters. The network that a layer
    is put into sets the rest: ``name``, the layer of the config that it belongs to (``layer1``),
    ``units``, and `parameters` and `gradients`, dicts with the same keys.
    """

    name: str = ""
    units: int = 0

    caution: ClassVar[str | None] = None
    """What a user should know before training with it."""

    limits: ClassVar[tuple[float, float] | None] = None
    """Where a bounded activation flattens out, below and above: near them it is saturated."""

    parameters: Mapping[str, Array] = MappingProxyType({})
    gradients: Mapping[str, Array] = MappingProxyType({})

    @abstractmethod
    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        """The output for the batch ``x``; ``rng`` is this step's while training, else None."""

    @abstractmethod
    def backward(self, gradient: Array) -> Array | None:
        """From dL/d(output), fill `gradients` and return dL/dx."""

    def inputs(self, units: int) -> int:
        """How many inputs ``units`` units take: as many, but for maxout."""
        return units

    def shapes(self) -> Shapes:
        """The shape of each parameter; most layers have none."""
        return {}

    def start(self) -> None:
        """Set the parameters that no initialiser draws."""


class LayerError(ValueError):
    """A layer that does not compute what the network needs of it."""


def check_shapes(layer: Layer, dtype: np.dtype[Any]) -> None:
    """LayerError, with the line, unless ``layer`` maps a small batch to its units and back."""
    inputs = layer.inputs(layer.units)
    x = np.linspace(-1, 1, 2 * inputs, dtype=dtype).reshape(2, inputs)
    gradient = np.ones((2, layer.units), dtype)
    for method, given, wanted in (("forward", x, gradient), ("backward", gradient, x)):
        result = getattr(layer, method)(given)
        shape = result.shape if isinstance(result, np.ndarray) else None
        if shape != wanted.shape:
            written = getattr(layer, "written", type(layer))
            code = getattr(written, method).__code__
            returned = "no array" if shape is None else f"an array of shape {shape}"
            raise LayerError(
                f"{code.co_filename}:{code.co_firstlineno}: {method} of {written.__name__} returns"
                f" {returned} for one of shape {given.shape}; it must return one of {wanted.shape}"
            )


class Dense(Layer):
    """z = x · weight + bias, with weight of shape (fan_in, units)."""

    def __init__(self, fan_in: int, units: int) -> None:
        self.fan_in, self.units = fan_in, units

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        z = product(x, self.parameters["weight"])
        z += self.parameters["bias"]
        return z

    def backward(self, gradient: Array) -> Array | None:
        np.matmul(self.x.T, gradient, out=self.gradients["weight"])
        gradient.sum(axis=0, out=self.gradients["bias"])
        return product(gradient, self.parameters["weight"].T)

    def shapes(self) -> Shapes:
        return {"weight": (self.fan_in, self.units), "bias": (self.units,)}


class PixelDense(Dense):
    """`Dense` for the pixels: nothing below needs a gradient, and a wide layer skips blank pixels.

    Of MNIST's 784 pixels some 290 have the value of the corner in all images of a batch. They add
    the same to each z, and their weights' gradients are multiples of the bias's, so only the others
    are multiplied, where that is quicker: `Dense`'s result, but for rounding.
    """

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.gathers = self.units >= NARROW
        if self.gathers:
            self.background = x[0, 0]
            inked = (x != self.background).any(axis=0)
            self.inked, self.blank = inked.nonzero()[0], (~inked).nonzero()[0]
            self.gathers = len(self.blank) > FEW * len(inked)
        if not self.gathers:
            return super().forward(x)
        weight = self.parameters["weight"]
        if not hasattr(self, "_buffer"):
            self._buffer = np.empty_like(weight)  # allocated once: it is large
        rows = self._buffer[: len(self.inked)]
        # clip: the other modes go through a buffer of NumPy's own
        np.take(weight, self.inked, axis=0, out=rows, mode="clip")
        self.x = np.take(x, self.inked, axis=1)
        z = product(self.x, rows)
        z += self.parameters["bias"]
        if self.background:
            z += self.background * weight[self.blank].sum(axis=0)
        return z

    def backward(self, gradient: Array) -> None:
        weight, bias = self.gradients["weight"], self.gradients["bias"]
        np.add.reduce(gradient, axis=0, out=bias)
        if not self.gathers:
            np.matmul(self.x.T, gradient, out=weight)
            return
        inked = self._buffer[: len(self.inked)]
        np.matmul(self.x.T, gradient, out=inked)
        weight[self.inked] = inked
        weight[self.blank] = self.background * bias


NARROW, FEW = 200, 0.1
"""Below so many units or blank pixels (a share) gathering costs more than it saves."""

WIDE = 512
"""Columns from which a product lies column by column in memory."""


def product(x: Array, weight: Array) -> Array:
    """x · weight; a wide one lies column by column, as OpenBLAS multiplies such batches faster."""
    return (weight.T @ x.T).T if weight.shape[1] >= WIDE else x @ weight
