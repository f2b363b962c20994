"""Activation functions: the derivative next to the function, in one table.

Here are the table and the activations that are bounded or trivial; the rectifiers, which grow with
their input, are in `nnbasic.model.rectifiers`.

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
from typing import Any, ClassVar

import numpy as np

from nnbasic.model.arrays import Array, Order, constant
from nnbasic.model.layers import Layer
from nnbasic.model.registry import Registry


class ActivationError(ValueError):
    """An activation that has computed nothing."""


class Activation(ABC):
    """What stands between two affine layers."""

    caution: ClassVar[str | None] = None
    """What a user should know before training with it."""

    limits: ClassVar[tuple[float, float] | None] = None
    """Where a bounded activation flattens out, below and above: near them it is saturated."""

    def affine_units(self, units: int) -> int:
        """How many affine outputs ``units`` units take: as many, but for maxout."""
        return units

    @abstractmethod
    def layer(self, units: int) -> Layer:
        """A layer that applies this activation to ``units`` units."""


class Elementwise(Activation):
    """An activation that is a function of one number, applied to each element."""

    @abstractmethod
    def forward(self, z: Array, out: Array, work: Array) -> Array | None:
        """out = f(z); or the result is returned, and copied there."""

    @abstractmethod
    def backward(
        self, gradient: Array, z: Array, a: Array, out: Array, work: Array
    ) -> Array | None:
        """out = gradient · f'(z), where a = f(z); or the result is returned, and copied there."""

    def layer(self, units: int) -> Layer:
        return ElementwiseLayer(self, units)


class ElementwiseLayer(Layer):
    """Applies an `Elementwise` activation to the pre-activations (n, units)."""

    def __init__(self, function: Elementwise, units: int) -> None:
        super().__init__({})
        self.function = function
        self.units = units
        self.unchecked = {"forward", "backward"}

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        shape = n, self.units
        self.output, self.gradient, self.work = (np.empty(shape, dtype, order) for _ in range(3))
        for array in (self.output, self.gradient) if self.unchecked else ():
            array.fill(np.nan)

    def forward(self, x: Array, training: bool) -> Array:
        self.input = x
        returned = self.function.forward(x, self.output, self.work)
        self._take("forward", returned, self.output, x)
        return self.output

    def backward(self, gradient: Array) -> Array:
        returned = self.function.backward(
            gradient, self.input, self.output, self.gradient, self.work
        )
        self._take("backward", returned, self.gradient, gradient)
        return self.gradient

    def _take(self, method: str, returned: Array | None, out: Array, given: Array) -> None:
        """Copy what ``method`` returned to ``out``; ActivationError if it did nothing at all."""
        if returned is not None and returned is not out:
            np.copyto(out, returned)
        if method in self.unchecked:
            self.unchecked.remove(method)
            if np.isnan(out).all() and np.isfinite(given).all():
                raise ActivationError(
                    f"{method} of {type(self.function).__name__} leaves `out` as it is: it must"
                    " write its result there, as in np.maximum(z, 0, out=out), or return it"
                    " (`out = ...` only gives the name to another array)"
                )


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


def sigmoid(z: Array, out: Array) -> None:
    """out = 1 / (1 + e^-z), without overflow: e^-z is held below the largest number."""
    limit = float(np.log(np.finfo(z.dtype).max)) - 1
    np.negative(z, out=out)
    np.minimum(out, constant(limit, z), out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)
