"""Activations that grow with their input: ReLU and what was made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from nnbasic.model.activations import ACTIVATIONS, Activation, Elementwise, sigmoid
from nnbasic.model.arrays import Array, Order, constant
from nnbasic.model.layers import Layer
from nnbasic.model.registry import Bounds

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715


@ACTIVATIONS.register("relu")
@dataclass(frozen=True)
class ReLU(Elementwise):
    """f(z) = max(0, z), f' = 1 if z > 0, 0 if z < 0, and ``grad_at_zero`` at 0."""

    grad_at_zero: Literal[0, 1] = 0

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.maximum(z, constant(0, z), out=out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        positive = np.greater_equal if self.grad_at_zero else np.greater
        positive(z, 0, out=out)
        out *= gradient


@ACTIVATIONS.register("leaky_relu")
@dataclass(frozen=True)
class LeakyReLU(Elementwise):
    """f(z) = z if z > 0 else slope·z (Maas et al. 2013)."""

    slope: Annotated[float, Bounds(ge=0, le=1)] = 0.01

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.multiply(z, self.slope, out=out)
        np.maximum(out, z, out=out)  # slope <= 1

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.greater(z, 0, out=out)
        np.maximum(out, constant(self.slope, z), out=out)
        out *= gradient


@ACTIVATIONS.register("prelu")
@dataclass(frozen=True)
class PReLU(Activation):
    """Leaky ReLU whose slope is learned, one per unit or one per layer (He et al. 2015)."""

    slope: float = 0.25
    shared: bool = False

    def layer(self, units: int) -> Layer:
        return PReLULayer(units, slope=self.slope, shared=self.shared)


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

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        shape = n, self.units
        buffers = (np.empty(shape, dtype, order) for _ in range(3))
        self.output, self.gradient, self.negative = buffers

    def forward(self, x: Array, training: bool) -> Array:
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


@ACTIVATIONS.register("elu")
@dataclass(frozen=True)
class ELU(Elementwise):
    """f(z) = z if z > 0 else alpha(e^z - 1), f' = 1 or a + alpha (Clevert et al. 2016)."""

    alpha: Annotated[float, Bounds(ge=0)] = 1.0

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.minimum(z, constant(0, z), out=out)
        np.expm1(out, out=out)
        out *= self.alpha
        np.maximum(z, constant(0, z), out=work)
        out += work

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        # min(a, 0) + alpha is a + alpha on the left and alpha on the right, where 1 belongs.
        np.minimum(a, constant(0, a), out=out)
        out += self.alpha
        if self.alpha != 1:
            np.greater(z, 0, out=work)
            work *= 1 - self.alpha
            out += work
        out *= gradient


@ACTIVATIONS.register("selu")
@dataclass(frozen=True)
class SELU(Elementwise):
    """f(z) = scale·ELU(z) with the fixed alpha and scale of Klambauer et al. 2017, eq. 2."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        ELU(SELU_ALPHA).forward(z, out, work)
        out *= SELU_SCALE

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.minimum(a, constant(0, a), out=out)
        out += SELU_SCALE * SELU_ALPHA
        np.greater(z, 0, out=work)
        work *= SELU_SCALE * (1 - SELU_ALPHA)
        out += work
        out *= gradient


@ACTIVATIONS.register("softplus")
@dataclass(frozen=True)
class Softplus(Elementwise):
    """f(z) = ln(1 + e^z), f' = sigmoid z = 1 - e^-a (Dugas et al. 2001)."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        # ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|), where nothing overflows.
        np.abs(z, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.log1p(out, out=out)
        np.maximum(z, constant(0, z), out=work)
        out += work

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.negative(a, out=out)
        np.expm1(out, out=out)
        np.negative(out, out=out)
        out *= gradient


@ACTIVATIONS.register("gelu")
@dataclass(frozen=True)
class GELU(Elementwise):
    """f(z) = z/2 (1 + tanh u), u = √(2/π)(z + 0.044715 z³) (Hendrycks & Gimpel 2016)."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        self._tanh_u(z, out)
        out += 1
        out *= z
        out *= 0.5

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        # f' = (1 + t)/2 · (1 + (1 - t)·z·u'), with t = tanh u and u' = √(2/π)(1 + 3·0.044715 z²)
        np.multiply(z, z, out=work)
        work *= 3 * GELU_CUBIC
        work += 1
        work *= z
        work *= np.sqrt(2 / np.pi).item()
        self._tanh_u(z, out)
        np.subtract(1, out, out=out)
        work *= out
        work += 1
        np.subtract(2, out, out=out)
        out *= work
        out *= 0.5
        out *= gradient

    @staticmethod
    def _tanh_u(z: Array, out: Array) -> None:
        np.multiply(z, z, out=out)
        out *= GELU_CUBIC
        out += 1
        out *= z
        out *= np.sqrt(2 / np.pi).item()
        np.tanh(out, out=out)


@ACTIVATIONS.register("silu")
@dataclass(frozen=True)
class SiLU(Elementwise):
    """f(z) = z·s, f' = s + a(1 - s), with s = sigmoid z (Elfwing et al. 2018; "swish")."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        sigmoid(z, out)
        out *= z

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        sigmoid(z, out)
        np.subtract(1, out, out=work)
        work *= a
        out += work
        out *= gradient


@ACTIVATIONS.register("mish")
@dataclass(frozen=True)
class Mish(Elementwise):
    """f(z) = z·t with t = tanh(softplus z); f' = t + (z - a·t)·sigmoid z (Misra 2020)."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        self._tanh_softplus(z, out)
        out *= z

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        self._tanh_softplus(z, work)
        np.multiply(a, work, out=out)
        np.subtract(z, out, out=out)
        sigmoid(z, work)
        out *= work
        self._tanh_softplus(z, work)  # once more: cheaper than a third array
        out += work
        out *= gradient

    @staticmethod
    def _tanh_softplus(z: Array, out: Array) -> None:
        # e^z must not overflow, and tanh 20 is 1 in float64 too
        np.minimum(z, constant(20, z), out=out)
        np.exp(out, out=out)
        np.log1p(out, out=out)
        np.tanh(out, out=out)


@ACTIVATIONS.register("maxout")
@dataclass(frozen=True)
class Maxout(Activation):
    """Each unit is the largest of ``pieces`` affine outputs (Goodfellow et al. 2013)."""

    pieces: Annotated[int, Bounds(ge=1)] = 2

    def affine_units(self, units: int) -> int:
        return units * self.pieces

    def layer(self, units: int) -> Layer:
        return MaxoutLayer(units, pieces=self.pieces)


class MaxoutLayer(Layer):
    """Each unit is the largest of its pieces; the gradient flows to the winning piece alone.

    The input has shape (n, pieces · units), piece after piece; of equal pieces the first wins.
    """

    def __init__(self, units: int, *, pieces: int) -> None:
        super().__init__({})
        self.units = units
        self.pieces = pieces

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        self.output, self.left = (np.empty((n, self.units), dtype, order) for _ in range(2))
        self.gradient = np.empty((n, self.pieces * self.units), dtype, order)

    def forward(self, x: Array, training: bool) -> Array:
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
