"""Activation functions as layers: each function next to its derivative, in one table.

x is the pre-activation, a = f(x) the activation, and backward turns dL/da into dL/dx =
dL/da · f'(x). Where f' is cheaper from the output, it comes from it. Every function is
finite for every finite float32 input up to ±1e4, and raises no floating-point warning there.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer, Shapes
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Bounds, Registry
from nnbasic.model.tutorials import adapted

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715
ROOT_2_PI = float(np.sqrt(2 / np.pi))

ACTIVATIONS: Registry[Layer] = Registry("activation", Layer, adapt=adapted)


@ACTIVATIONS.register("identity")
class Identity(Layer):
    """f(x) = x: with it the whole network stays one affine map."""

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        return x

    def backward(self, gradient: Array) -> Array:
        return gradient


@ACTIVATIONS.register("step")
class Step(Layer):
    """f(x) = 1 if x > 0 else 0 (the perceptron's); its derivative is 0, so nothing flows back."""

    caution = (
        "the derivative of step is 0, so the hidden layers keep the weights they start with;"
        " only the output layer learns"
    )

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        return (x > 0).astype(x.dtype)

    def backward(self, gradient: Array) -> Array:
        return np.zeros_like(gradient)


@ACTIVATIONS.register("sigmoid")
class Sigmoid(Layer):
    """f(x) = 1 / (1 + e^-x), f' = a(1 - a), at most 1/4."""

    limits = (0.0, 1.0)

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.a = sigmoid(x)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * self.a * (1 - self.a)


@ACTIVATIONS.register("tanh")
class Tanh(Layer):
    """f(x) = tanh x, f' = 1 - a²."""

    limits = (-1.0, 1.0)

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.a = np.tanh(x)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - self.a * self.a)


@ACTIVATIONS.register("softsign")
class Softsign(Layer):
    """f(x) = x / (1 + |x|), f' = (1 - |a|)² (Glorot & Bengio 2010)."""

    limits = (-1.0, 1.0)

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.a = x / (1 + np.abs(x))
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - np.abs(self.a)) ** 2


@ACTIVATIONS.register("hard_tanh")
class HardTanh(Layer):
    """f(x) = min(1, max(-1, x)), f' = 1 strictly between -1 and 1, else 0 (Collobert 2004)."""

    limits = (-1.0, 1.0)

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.a = np.clip(x, -1, 1)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (np.abs(self.a) < 1)


@ACTIVATIONS.register("relu")
class ReLU(Layer):
    """f(x) = max(0, x), f' = 1 if x > 0, 0 if x < 0, and ``grad_at_zero`` at 0."""

    grad_at_zero: Literal[0, 1] = 0

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        return relu(x)

    def backward(self, gradient: Array) -> Array:
        positive = self.x >= 0 if self.grad_at_zero else self.x > 0
        return gradient * positive


@ACTIVATIONS.register("leaky_relu")
class LeakyReLU(Layer):
    """f(x) = x if x > 0 else slope·x (Maas et al. 2013)."""

    slope: Annotated[float, Bounds(ge=0, le=1)] = 0.01

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        return np.maximum(x, self.slope * x)  # slope <= 1

    def backward(self, gradient: Array) -> Array:
        return gradient * np.maximum(positive(self.x), self.slope)


@ACTIVATIONS.register("prelu")
class PReLU(Layer):
    """Leaky ReLU whose slope is learned, one per unit or one per layer (He et al. 2015).

    dL/dslope = sum of dL/da · x over x <= 0 (eq. 2 and 3).
    """

    slope: float = 0.25
    shared: bool = False

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        return relu(x) + self.parameters["slope"] * np.minimum(x, 0)

    def backward(self, gradient: Array) -> Array:
        of_units = np.sum(gradient * np.minimum(self.x, 0), axis=0)
        self.gradients["slope"][:] = of_units.sum() if self.shared else of_units
        right = positive(self.x)
        return gradient * (right + self.parameters["slope"] * (1 - right))

    def shapes(self) -> Shapes:
        return {"slope": (1 if self.shared else self.units,)}

    def start(self) -> None:
        self.parameters["slope"].fill(self.slope)


@ACTIVATIONS.register("elu")
class ELU(Layer):
    """f(x) = x if x > 0 else alpha(e^x - 1), f' = 1 or a + alpha (Clevert et al. 2016)."""

    alpha: Annotated[float, Bounds(ge=0)] = 1.0

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        self.a = relu(x) + self.alpha * np.expm1(np.minimum(x, 0))
        return self.a

    def backward(self, gradient: Array) -> Array:
        right = positive(self.x)
        return gradient * (right + (1 - right) * (self.a + self.alpha))


@ACTIVATIONS.register("selu")
class SELU(Layer):
    """f(x) = scale·ELU(x) with the fixed alpha and scale of Klambauer et al. 2017, eq. 2."""

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        self.a = SELU_SCALE * (relu(x) + SELU_ALPHA * np.expm1(np.minimum(x, 0)))
        return self.a

    def backward(self, gradient: Array) -> Array:
        right = positive(self.x)
        return gradient * (SELU_SCALE * right + (1 - right) * (self.a + SELU_SCALE * SELU_ALPHA))


@ACTIVATIONS.register("softplus")
class Softplus(Layer):
    """f(x) = ln(1 + e^x), f' = sigmoid x = 1 - e^-a (Dugas et al. 2001)."""

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.a = softplus(x)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * -np.expm1(-self.a)


@ACTIVATIONS.register("gelu")
class GELU(Layer):
    """f(x) = x/2 (1 + tanh u), u = √(2/π)(x + 0.044715 x³) (Hendrycks & Gimpel 2016).

    f' = (1 + t)/2 · (1 + (1 - t)·x·u'), with t = tanh u and u' = √(2/π)(1 + 3·0.044715 x²).
    """

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        self.t = np.tanh(ROOT_2_PI * x * (1 + GELU_CUBIC * x * x))
        return 0.5 * x * (1 + self.t)

    def backward(self, gradient: Array) -> Array:
        slope_u = ROOT_2_PI * (1 + 3 * GELU_CUBIC * self.x * self.x)
        return gradient * (0.5 * (1 + self.t) * (1 + (1 - self.t) * self.x * slope_u))


@ACTIVATIONS.register("silu")
class SiLU(Layer):
    """f(x) = x·s, f' = s + a(1 - s), with s = sigmoid x (Elfwing et al. 2018; "swish")."""

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.s = sigmoid(x)
        self.a = x * self.s
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.s + self.a * (1 - self.s))


@ACTIVATIONS.register("mish")
class Mish(Layer):
    """f(x) = x·t with t = tanh(softplus x); f' = t + x(1 - t²)·sigmoid x (Misra 2020)."""

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        self.t = np.tanh(softplus(x))
        return x * self.t

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.t + self.x * (1 - self.t * self.t) * sigmoid(self.x))


@ACTIVATIONS.register("maxout")
class Maxout(Layer):
    """Each unit is the largest of ``pieces`` affine outputs (Goodfellow et al. 2013).

    The pre-activations have shape (n, pieces · units), piece after piece. The gradient flows to
    the winning piece alone; of equal pieces the first wins.
    """

    pieces: Annotated[int, Bounds(ge=1)] = 2

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x.reshape(len(x), self.pieces, -1)
        self.a = self.x.max(axis=1)
        return self.a

    def backward(self, gradient: Array) -> Array:
        below = np.empty_like(self.x)
        undecided = np.ones(self.a.shape, bool)
        for piece in range(self.pieces):
            won = undecided & (self.x[:, piece] == self.a)
            np.multiply(gradient, won, out=below[:, piece])
            undecided ^= won
        return below.reshape(len(below), -1)

    def inputs(self, units: int) -> int:
        return units * self.pieces


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), without overflow: e^-x is held below the largest number."""
    lowest = 1 - float(np.log(np.finfo(x.dtype).max))
    return 1 / (1 + np.exp(-np.maximum(x, lowest)))


def softplus(x: Array) -> Array:
    """ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), in which nothing overflows."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def relu(x: Array) -> Array:
    """max(x, 0), of which a row of zeros is faster than the number 0."""
    return np.maximum(x, np.zeros_like(x[:1]))


def positive(x: Array) -> Array:
    """1 where x > 0, else 0: as a factor, which keeps the bits, far faster than `np.where`."""
    return (x > 0).astype(x.dtype)
