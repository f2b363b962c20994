"""Activation functions: the derivative next to the function, in one table.

An elementwise activation is a pair of methods that write into arrays which the caller owns.
``z`` is the pre-activation, ``a`` the activation, ``gradient`` is dL/da; `backward` leaves
dL/dz = gradient · f'(z) in ``out``. ``work`` is scratch of the same shape. All five arrays are
distinct, and z, a and gradient are only read. Where the derivative follows from the output it
is computed from the output. Every function is finite for every finite float32 input up to
±1e4 and raises no floating-point warning there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import ElementwiseLayer, Layer, MaxoutLayer, PReLULayer
from nnbasic.model.registry import Bounds, Registry

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715


class Activation(ABC):
    """What stands between two affine layers."""

    caution: ClassVar[str | None] = None
    """What a user should know before training with it."""

    limits: ClassVar[tuple[float, float] | None] = None
    """Where a bounded activation flattens out, below and above: near them it is saturated."""

    def affine_units(self, units: int) -> int:
        """How many affine outputs a hidden layer of ``units`` units needs: all but maxout, one."""
        return units

    @abstractmethod
    def layer(self, units: int) -> Layer:
        """A layer that applies this activation to ``units`` units."""


class Elementwise(Activation):
    """An activation that is a function of one number, applied to each element."""

    @abstractmethod
    def forward(self, z: Array, out: Array, work: Array) -> None:
        """out = f(z)."""

    @abstractmethod
    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        """out = gradient · f'(z), where a = f(z)."""

    def layer(self, units: int) -> Layer:
        return ElementwiseLayer(self, units)


ACTIVATIONS: Registry[Activation] = Registry("activation")


@ACTIVATIONS.register("identity")
@dataclass(frozen=True)
class Identity(Elementwise):
    """f(z) = z: with it the whole network stays one affine map."""

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.copyto(out, z)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.copyto(out, gradient)


@ACTIVATIONS.register("step")
@dataclass(frozen=True)
class Step(Elementwise):
    """f(z) = 1 if z > 0 else 0 (the perceptron's); its derivative is 0, so nothing flows back."""

    caution = (
        "the derivative of step is 0, so the hidden layers keep the weights they start with;"
        " only the output layer learns"
    )

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.greater(z, 0, out=out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        out.fill(0)


@ACTIVATIONS.register("sigmoid")
@dataclass(frozen=True)
class Sigmoid(Elementwise):
    """f(z) = 1 / (1 + e^-z), f' = a(1 - a), at most 1/4."""

    limits = (0.0, 1.0)

    def forward(self, z: Array, out: Array, work: Array) -> None:
        sigmoid(z, out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.subtract(1, a, out=out)
        out *= a
        out *= gradient


@ACTIVATIONS.register("tanh")
@dataclass(frozen=True)
class Tanh(Elementwise):
    """f(z) = tanh z, f' = 1 - a²."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.tanh(z, out=out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.multiply(a, a, out=out)
        np.subtract(1, out, out=out)
        out *= gradient


@ACTIVATIONS.register("softsign")
@dataclass(frozen=True)
class Softsign(Elementwise):
    """f(z) = z / (1 + |z|), f' = (1 - |a|)² (Glorot & Bengio 2010)."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.abs(z, out=out)
        out += 1
        np.divide(z, out, out=out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.abs(a, out=out)
        np.subtract(1, out, out=out)
        out *= out
        out *= gradient


@ACTIVATIONS.register("relu")
@dataclass(frozen=True)
class ReLU(Elementwise):
    """f(z) = max(0, z), f' = 1 if z > 0, 0 if z < 0, and ``grad_at_zero`` at 0."""

    grad_at_zero: Literal[0, 1] = 0

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.maximum(z, 0, out=out)

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
        np.maximum(out, self.slope, out=out)
        out *= gradient


@ACTIVATIONS.register("prelu")
@dataclass(frozen=True)
class PReLU(Activation):
    """Leaky ReLU whose slope is learned, one per unit or one per layer (He et al. 2015)."""

    slope: float = 0.25
    shared: bool = False

    def layer(self, units: int) -> Layer:
        return PReLULayer(units, slope=self.slope, shared=self.shared)


@ACTIVATIONS.register("elu")
@dataclass(frozen=True)
class ELU(Elementwise):
    """f(z) = z if z > 0 else alpha(e^z - 1), f' = 1 or a + alpha (Clevert et al. 2016)."""

    alpha: Annotated[float, Bounds(ge=0)] = 1.0

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.minimum(z, 0, out=out)
        np.expm1(out, out=out)
        out *= self.alpha
        np.maximum(z, 0, out=work)
        out += work

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        # min(a, 0) + alpha is a + alpha on the left and alpha on the right, where 1 belongs.
        np.minimum(a, 0, out=out)
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
        np.minimum(a, 0, out=out)
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
        np.maximum(z, 0, out=work)
        out += work

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.negative(a, out=out)
        np.expm1(out, out=out)
        np.negative(out, out=out)
        out *= gradient


@ACTIVATIONS.register("gelu")
@dataclass(frozen=True)
class GELU(Elementwise):
    """f(z) = z/2 (1 + tanh u), u = √(2/π)(z + 0.044715 z³) (Hendrycks & Gimpel 2016, eq. 2)."""

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
        np.minimum(z, 20, out=out)  # e^z must not overflow, and tanh 20 is 1 in float64 too
        np.exp(out, out=out)
        np.log1p(out, out=out)
        np.tanh(out, out=out)


@ACTIVATIONS.register("hard_tanh")
@dataclass(frozen=True)
class HardTanh(Elementwise):
    """f(z) = min(1, max(-1, z)), f' = 1 strictly between -1 and 1, else 0 (Collobert 2004)."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, out: Array, work: Array) -> None:
        np.clip(z, -1, 1, out=out)

    def backward(self, gradient: Array, z: Array, a: Array, out: Array, work: Array) -> None:
        np.abs(a, out=work)
        np.less(work, 1, out=out)
        out *= gradient


@ACTIVATIONS.register("maxout")
@dataclass(frozen=True)
class Maxout(Activation):
    """Each unit is the largest of ``pieces`` affine outputs (Goodfellow et al. 2013)."""

    pieces: Annotated[int, Bounds(ge=1)] = 2

    def affine_units(self, units: int) -> int:
        return units * self.pieces

    def layer(self, units: int) -> Layer:
        return MaxoutLayer(units, pieces=self.pieces)


def sigmoid(z: Array, out: Array) -> None:
    """out = 1 / (1 + e^-z), without overflow: e^-z is held below the largest number."""
    limit = float(np.log(np.finfo(z.dtype).max)) - 1
    np.negative(z, out=out)
    np.minimum(out, limit, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)
