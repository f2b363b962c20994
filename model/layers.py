"""Layers: constructor, forward, backward, each writing into buffers that the layer owns.

`resize` plans the buffers for a batch size once; a step then allocates nothing. What `forward`
and `backward` return is such a buffer: it holds until the next call with the same layer.
`backward` reads what `forward` kept and changes nothing of it, so it may be called twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from nnbasic.model.arrays import Array, batch, constant


class Layer(ABC):
    """A differentiable map from (n, inputs) to (n, units), with named parameters of its own."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        self.parameters: dict[str, Array] = {}  # both dicts are set by bind
        self.gradients: dict[str, Array] = {}
        self.output: Array  # dL/d(input) goes to gradient; both are planned by resize
        self.gradient: Array

    def bind(self, parameters: dict[str, Array], gradients: dict[str, Array]) -> None:
        """Take the views of the network's vectors that hold this layer's parameters."""
        self.parameters, self.gradients = parameters, gradients

    def start(self) -> None:  # noqa: B027 - most layers have no such parameter
        """Give the parameters that no initialiser draws their first values."""

    @abstractmethod
    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        """Plan the buffers for batches of ``n`` examples."""

    @abstractmethod
    def forward(self, x: Array) -> Array:
        """The output for the batch ``x``."""

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

    def forward(self, x: Array) -> Array:
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


class ElementwiseFunction(Protocol):
    """What `ElementwiseLayer` applies; see `nnbasic.model.activations.Elementwise`."""

    def forward(self, z: Array, out: Array, work: Array) -> None: ...
    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None: ...


class ElementwiseLayer(Layer):
    """a = f(z) for each element."""

    def __init__(self, function: ElementwiseFunction, units: int) -> None:
        super().__init__({})
        self.function = function
        self.units = units

    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        self.output, self.gradient, self.work = (batch(n, self.units, dtype) for _ in range(3))

    def forward(self, x: Array) -> Array:
        self.input = x
        self.function.forward(x, self.output, self.work)
        return self.output

    def backward(self, gradient: Array) -> Array:
        self.function.backward(gradient, self.input, self.output, self.gradient, self.work)
        return self.gradient


class PReLULayer(Layer):
    """a = max(z, 0) + slope · min(z, 0), with dL/dslope = sum of dL/da · min(z, 0).

    He et al. 2015, eq. 1 and 2. ``slope`` has shape (units,), or (1,) if shared.
    """

    def __init__(self, units: int, *, slope: float, shared: bool) -> None:
        super().__init__({"slope": (1 if shared else units,)})
        self.units = units
        self.first_slope = slope

    def start(self) -> None:
        self.parameters["slope"].fill(self.first_slope)

    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        self.output, self.gradient, self.negative = (batch(n, self.units, dtype) for _ in range(3))

    def forward(self, x: Array) -> Array:
        self.input = x
        np.minimum(x, constant(0, x), out=self.negative)
        np.multiply(self.negative, self.parameters["slope"], out=self.output)
        np.maximum(x, constant(0, x), out=self.gradient)  # not needed before backward
        self.output += self.gradient
        return self.output

    def backward(self, gradient: Array) -> Array:
        slope_gradient = self.gradients["slope"]
        per_unit = np.einsum("nu,nu->u", gradient, self.negative)
        slope_gradient[:] = per_unit if len(slope_gradient) > 1 else per_unit.sum()
        # 1 on the right of zero and slope on the left, for any slope: p + (1 - p) · slope
        np.greater(self.input, 0, out=self.gradient)
        self.gradient *= 1 - self.parameters["slope"]
        self.gradient += self.parameters["slope"]
        self.gradient *= gradient
        return self.gradient


class MaxoutLayer(Layer):
    """Each unit is the largest of its pieces; the gradient flows to the winning piece alone.

    The input has shape (n, pieces · units), piece after piece; of equal pieces the first wins.
    """

    def __init__(self, units: int, *, pieces: int) -> None:
        super().__init__({})
        self.units = units
        self.pieces = pieces

    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        self.output, self.left = (batch(n, self.units, dtype) for _ in range(2))
        self.gradient = batch(n, self.pieces * self.units, dtype)

    def forward(self, x: Array) -> Array:
        self.inputs = np.split(x, self.pieces, axis=1)
        np.copyto(self.output, self.inputs[0])
        for z in self.inputs[1:]:
            np.maximum(self.output, z, out=self.output)
        return self.output

    def backward(self, gradient: Array) -> Array:
        np.copyto(self.left, gradient)  # what no earlier piece has taken
        for z, out in zip(self.inputs, np.split(self.gradient, self.pieces, axis=1), strict=True):
            np.equal(z, self.output, out=out)
            out *= self.left
            self.left -= out
        return self.gradient
