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

from nnbasic.model.arrays import Array, batch


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
    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        """Allocate the buffers for batches of ``n`` examples."""

    @abstractmethod
    def forward(self, x: Array, training: bool) -> Array:
        """The output for the batch ``x``, in a step of the training or for a score."""

    @abstractmethod
    def backward(self, gradient: Array) -> Array | None:
        """From dL/d(output), set the parameters' gradients and return dL/d(input)."""


class Affine(Layer):
    """z = x · weight + bias, with weight of shape (inputs, units)."""

    def __init__(self, inputs: int, units: int, *, first: bool) -> None:
        super().__init__({"weight": (inputs, units), "bias": (units,)})
        self.first = first  # nothing lies below the first layer that would need a gradient

    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        inputs, units = self.shapes["weight"]
        self.output = batch(n, units, dtype)
        self.gradient = batch(0 if self.first else n, inputs, dtype)
        self.ones = np.ones(n, dtype)

    def forward(self, x: Array, training: bool) -> Array:
        self.input = x
        np.matmul(x, self.parameters["weight"], out=self.output)
        self.output += self.parameters["bias"]
        return self.output

    def backward(self, gradient: Array) -> Array | None:
        np.matmul(self.input.T, gradient, out=self.gradients["weight"])
        np.matmul(self.ones, gradient, out=self.gradients["bias"])  # the sum over the batch
        if self.first:
            return None
        np.matmul(gradient, self.parameters["weight"].T, out=self.gradient)
        return self.gradient
