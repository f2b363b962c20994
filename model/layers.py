"""Layers: constructor, forward, backward, each writing into buffers that the layer owns.

`resize` allocates the buffers for a batch size once; a step then allocates nothing. What `forward`
and `backward` return is such a buffer: it holds until the next call with the same layer.
`backward` reads what `forward` kept and changes nothing of it, so it may be called twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnbasic.model.arrays import Array, Order


class Layer(ABC):
    """A differentiable map from (n, inputs) to (n, units), with named parameters of its own.

    Attributes:
        shapes: the shape of each parameter.
        parameters, gradients: views of the network's vectors, set by `bind`.
        state: arrays that training changes and that are no parameters, as running means are.
            Checkpoints hold them. A network with such arrays trains in one process.
        output, gradient: the buffers of `forward` and `backward`, (n, units) and (n, inputs).
    """

    output: Array
    gradient: Array

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self.parameters: dict[str, Array] = {}
        self.gradients: dict[str, Array] = {}
        self.state: dict[str, Array] = {}

    def bind(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Use these arrays for the parameters and their gradients; keep their values."""
        self.parameters, self.gradients = parameters, gradients

    def start(self) -> None:  # noqa: B027 - most layers have no such parameter
        """Set the parameters that no initialiser draws."""

    @abstractmethod
    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        """Allocate the buffers for batches of ``n`` examples; ``order`` is that of the output."""

    @abstractmethod
    def forward(self, x: Array, training: bool) -> Array:
        """The output for the batch ``x``, in a step of the training or for a score."""

    @abstractmethod
    def backward(self, gradient: Array) -> Array | None:
        """From dL/d(output), set the parameters' gradients and return dL/d(input)."""


class Affine(Layer):
    """z = x · weight + bias, with weight of shape (inputs, units).

    ``below`` is the order of the batches that it reads.
    """

    def __init__(self, inputs: int, units: int, *, below: Order = "C") -> None:
        super().__init__({"weight": (inputs, units), "bias": (units,)})
        self.below = below

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        inputs, units = self.shapes["weight"]
        self.output = np.empty((n, units), dtype, order)
        self.gradient = np.empty((n, inputs), dtype, self.below)
        self.ones = np.ones(n, dtype)

    def forward(self, x: Array, training: bool) -> Array:
        return self._forward(x, self.parameters["weight"], self.parameters["bias"])

    def backward(self, gradient: Array) -> Array | None:
        self._backward(gradient, self.gradients["weight"])
        np.matmul(gradient, self.parameters["weight"].T, out=self.gradient)
        return self.gradient

    def _forward(self, x: Array, weight: Array, bias: Array) -> Array:
        self.input = x
        np.matmul(x, weight, out=self.output)
        self.output += bias
        return self.output

    def _backward(self, gradient: Array, weight: Array) -> None:
        """Set the gradients of the bias and, in ``weight``, of the weights of the last batch."""
        np.matmul(self.input.T, gradient, out=weight)
        np.matmul(self.ones, gradient, out=self.gradients["bias"])  # the sum over the batch


NARROW, FEW = 100, 0.1
"""Below so many units or blank pixels (a share) gathering costs more than it saves."""


class FirstAffine(Affine):
    """The affine layer that reads the images: no layer below it needs a gradient.

    Of MNIST's 784 pixels some 290 have the value of the corner in all images of a batch of 64. What
    these blank ones add to z is the same for each image, and so is their weights' gradient for each
    pixel. So it multiplies the others alone, gathered.
    """

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        super().resize(n, dtype, order)
        inputs, units = self.shapes["weight"]
        self.gradient = np.empty((0, inputs), dtype)
        self.pixels = np.empty(n * inputs, dtype)
        self.weight = np.empty((inputs, units), dtype)  # of the gathered pixels, or its gradient

    def forward(self, x: Array, training: bool) -> Array:
        self.gathers = self.weight.shape[1] >= NARROW
        if self.gathers:
            self.background = x[0, 0]
            inked = np.logical_or.reduce(x != self.background, axis=0)
            self.inked, self.blank = inked.nonzero()[0], (~inked).nonzero()[0]
            self.gathers = len(self.blank) > FEW * len(inked)
        if not self.gathers:
            return super().forward(x, training)
        n, k = len(x), len(self.inked)
        pixels, weight, blank = self.pixels[: n * k].reshape(n, k), self.weight[:k], self.weight[k:]
        # clip: the other modes go through a buffer of NumPy's own.
        np.take(x, self.inked, axis=1, out=pixels, mode="clip")
        np.take(self.parameters["weight"], self.inked, axis=0, out=weight, mode="clip")
        bias = self.parameters["bias"]
        if self.background:
            np.take(self.parameters["weight"], self.blank, axis=0, out=blank, mode="clip")
            bias = bias + self.background * np.add.reduce(blank, axis=0)
        return self._forward(pixels, weight, bias)

    def backward(self, gradient: Array) -> Array | None:
        weight = self.gradients["weight"]
        if not self.gathers:
            self._backward(gradient, weight)
            return None
        inked = self.weight[: len(self.inked)]
        self._backward(gradient, inked)
        weight[self.inked] = inked
        weight[self.blank] = self.background * self.gradients["bias"]
        return None
