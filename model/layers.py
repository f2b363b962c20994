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

    The ``first`` layer of a network has nothing below that would need a gradient, and reads
    images: of these it leaves out the pixels at either end that are 0 in the whole batch.
    ``below`` is the order of the batches that other layers read.
    """

    def __init__(self, inputs: int, units: int, *, first: bool, below: Order = "C") -> None:
        super().__init__({"weight": (inputs, units), "bias": (units,)})
        self.first = first
        self.below = below
        self.used = slice(0, inputs)

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        inputs, units = self.shapes["weight"]
        self.output = np.empty((n, units), dtype, order)
        self.gradient = np.empty((0 if self.first else n, inputs), dtype, self.below)
        self.ones = np.ones(n, dtype)

    def forward(self, x: Array, training: bool) -> Array:
        if self.first:
            self.used = _used(x)
        self.input = x[:, self.used]
        np.matmul(self.input, self.parameters["weight"][self.used], out=self.output)
        self.output += self.parameters["bias"]
        return self.output

    def backward(self, gradient: Array) -> Array | None:
        weight = self.gradients["weight"]
        weight[: self.used.start] = 0
        weight[self.used.stop :] = 0
        np.matmul(self.input.T, gradient, out=weight[self.used])
        np.matmul(self.ones, gradient, out=self.gradients["bias"])  # the sum over the batch
        if self.first:
            return None
        np.matmul(gradient, self.parameters["weight"].T, out=self.gradient)
        return self.gradient


def _used(x: Array) -> slice:
    """The columns of ``x`` from the first that is not 0 throughout to the last."""
    used = np.logical_or.reduce(x, axis=0)
    return slice(int(used.argmax()), len(used) - int(used[::-1].argmax()))
