"""Activation functions as layers: each function next to its derivative, in one table.

z is the pre-activation, which the affine layer below returns, and a = f(z) the activation; backward
turns dL/da into dL/dz = dL/da · f'(z). Where f' is cheaper from a, it comes from it. Every function
is finite up to z = ±1e4, also in float32, and raises no floating-point warning there.
"""

from typing import Annotated, Literal

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer, adapted
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Bounds, Registry

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715
SQRT_2_OVER_PI = float(np.sqrt(2 / np.pi))

ACTIVATIONS: Registry[Layer] = Registry("activation", Layer, adapt=adapted)


@ACTIVATIONS.register("identity")
class Identity(Layer):
    """f(z) = z: with it the whole network stays one affine map."""

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        return z

    def backward(self, gradient: Array) -> Array:
        return gradient


@ACTIVATIONS.register("step")
class Heaviside(Layer):
    """f(z) = 1 if z > 0 else 0 (the perceptron's); its derivative is 0, so nothing flows back."""

    caution = (
        "the derivative of step is 0, so the hidden layers keep the weights they start with;"
        " only the output layer learns"
    )

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        return (z > 0).astype(z.dtype)

    def backward(self, gradient: Array) -> Array:
        return np.zeros_like(gradient)


@ACTIVATIONS.register("sigmoid")
class Sigmoid(Layer):
    """f(z) = 1 / (1 + e^-z), f' = a(1 - a), at most 1/4."""

    limits = (0.0, 1.0)

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.a = sigmoid(z)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * self.a * (1 - self.a)


@ACTIVATIONS.register("tanh")
class Tanh(Layer):
    """f(z) = tanh z, f' = 1 - a²."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.a = np.tanh(z)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - self.a * self.a)


@ACTIVATIONS.register("softsign")
class Softsign(Layer):
    """f(z) = z / (1 + |z|), f' = (1 - |a|)² (Glorot & Bengio 2010)."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.a = z / (1 + np.abs(z))
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (1 - np.abs(self.a)) ** 2


@ACTIVATIONS.register("hard_tanh")
class HardTanh(Layer):
    """f(z) = min(1, max(-1, z)), f' = 1 strictly between -1 and 1, else 0 (Collobert 2004)."""

    limits = (-1.0, 1.0)

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.a = np.clip(z, -1, 1)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (np.abs(self.a) < 1)


@ACTIVATIONS.register("relu")
class ReLU(Layer):
    """f(z) = max(0, z), f' = 1 if z > 0, 0 if z < 0, and ``grad_at_zero`` at 0."""

    grad_at_zero: Literal[0, 1] = 0

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        return relu(z)

    def backward(self, gradient: Array) -> Array:
        positive = self.z >= 0 if self.grad_at_zero else self.z > 0
        return gradient * positive


@ACTIVATIONS.register("leaky_relu")
class LeakyReLU(Layer):
    """f(z) = z if z > 0 else slope·z (Maas et al. 2013)."""

    slope: Annotated[float, Bounds(ge=0, le=1)] = 0.01

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        return np.maximum(z, self.slope * z)  # slope <= 1

    def backward(self, gradient: Array) -> Array:
        return gradient * np.maximum(positive(self.z), self.slope)


@ACTIVATIONS.register("prelu")
class PReLU(Layer):
    """Leaky ReLU whose slope is learned, one per unit or one per layer (He et al. 2015).

    dL/dslope = sum of dL/da · z over z <= 0 (eq. 2 and 3).
    """

    slope: float = 0.25
    shared: bool = False

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        return relu(z) + self.parameters["slope"] * np.minimum(z, 0)

    def backward(self, gradient: Array) -> Array:
        of_units = np.sum(gradient * np.minimum(self.z, 0), axis=0)
        self.gradients["slope"][:] = of_units.sum() if self.shared else of_units
        right = positive(self.z)
        return gradient * (right + self.parameters["slope"] * (1 - right))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"slope": (1 if self.shared else self.units,)}

    def start(self) -> None:
        self.parameters["slope"].fill(self.slope)


@ACTIVATIONS.register("elu")
class ELU(Layer):
    """f(z) = z if z > 0 else alpha(e^z - 1), f' = 1 or a + alpha (Clevert et al. 2016)."""

    alpha: Annotated[float, Bounds(ge=0)] = 1.0

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        self.a = relu(z) + self.alpha * np.expm1(np.minimum(z, 0))
        return self.a

    def backward(self, gradient: Array) -> Array:
        right = positive(self.z)
        return gradient * (right + (1 - right) * (self.a + self.alpha))


@ACTIVATIONS.register("selu")
class SELU(Layer):
    """f(z) = scale·ELU(z) with the fixed alpha and scale of Klambauer et al. 2017, eq. 2."""

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        self.a = SELU_SCALE * (relu(z) + SELU_ALPHA * np.expm1(np.minimum(z, 0)))
        return self.a

    def backward(self, gradient: Array) -> Array:
        right = positive(self.z)
        return gradient * (SELU_SCALE * right + (1 - right) * (self.a + SELU_SCALE * SELU_ALPHA))


@ACTIVATIONS.register("softplus")
class Softplus(Layer):
    """f(z) = ln(1 + e^z), f' = sigmoid z = 1 - e^-a (Dugas et al. 2001)."""

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.a = softplus(z)
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * -np.expm1(-self.a)


@ACTIVATIONS.register("gelu")
class GELU(Layer):
    """f(z) = z/2 (1 + tanh u), u = √(2/π)(z + 0.044715 z³) (Hendrycks & Gimpel 2016).

    f' = (1 + t)/2 · (1 + (1 - t)·z·u'), with t = tanh u and u' = √(2/π)(1 + 3·0.044715 z²).
    """

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        self.t = np.tanh(SQRT_2_OVER_PI * z * (1 + GELU_CUBIC * z * z))
        return 0.5 * z * (1 + self.t)

    def backward(self, gradient: Array) -> Array:
        slope_u = SQRT_2_OVER_PI * (1 + 3 * GELU_CUBIC * self.z * self.z)
        return gradient * (0.5 * (1 + self.t) * (1 + (1 - self.t) * self.z * slope_u))


@ACTIVATIONS.register("silu")
class SiLU(Layer):
    """f(z) = z·s, f' = s + a(1 - s), with s = sigmoid z (Elfwing et al. 2018; "swish")."""

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.s = sigmoid(z)
        self.a = z * self.s
        return self.a

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.s + self.a * (1 - self.s))


@ACTIVATIONS.register("mish")
class Mish(Layer):
    """f(z) = z·t with t = tanh(softplus z); f' = t + z(1 - t²)·sigmoid z (Misra 2020)."""

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z
        self.t = np.tanh(softplus(z))
        return z * self.t

    def backward(self, gradient: Array) -> Array:
        return gradient * (self.t + self.z * (1 - self.t * self.t) * sigmoid(self.z))


@ACTIVATIONS.register("maxout")
class Maxout(Layer):
    """Each unit is the largest of ``pieces`` affine outputs (Goodfellow et al. 2013).

    The pre-activations have shape (n, pieces · units), piece after piece. The gradient flows to
    the winning piece alone; of equal pieces the first wins.
    """

    pieces: Annotated[int, Bounds(ge=1)] = 2

    def forward(self, z: Array, rng: StepRandom | None = None) -> Array:
        self.z = z.reshape(len(z), self.pieces, -1)
        self.a = self.z.max(axis=1)
        return self.a

    def backward(self, gradient: Array) -> Array:
        below = np.empty_like(self.z)
        undecided = np.ones(self.a.shape, bool)
        for piece in range(self.pieces):
            won = undecided & (self.z[:, piece] == self.a)
            np.multiply(gradient, won, out=below[:, piece])
            undecided ^= won
        return below.reshape(len(below), -1)

    def inputs(self, units: int) -> int:
        return units * self.pieces


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z), without overflow: e^-z is held below the largest number."""
    lowest = 1 - float(np.log(np.finfo(z.dtype).max))
    return 1 / (1 + np.exp(-np.maximum(z, lowest)))


def softplus(z: Array) -> Array:
    """ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|), in which nothing overflows."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def relu(z: Array) -> Array:
    """max(z, 0), of which a row of zeros is faster than the number 0."""
    return np.maximum(z, np.zeros_like(z[:1]))


def positive(z: Array) -> Array:
    """1 where z > 0, else 0: as a factor, which keeps the bits, far faster than `np.where`."""
    return (z > 0).astype(z.dtype)
