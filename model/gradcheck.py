"""Activations as curves, and analytic against numeric gradients: by point, and by parameter."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.blas import one_blas_thread
from nnbasic.model.layers import Layer
from nnbasic.model.network import MLP
from nnbasic.model.randomness import StepRandom

TOLERANCE = 1e-6
"""A relative error that a right float64 gradient stays well below."""

STEPS = (1e-5, 1e-6, 1e-7)
"""Steps of the central difference, of which the nearest counts. Its error is of order step² plus
rounding / step; where a kink, as ReLU's at 0, lies within a step, only a smaller one is right."""

NOTHING = 1e-8
"""Gradients this small are only rounding errors, such as those of a bias below `BatchNorm`."""

FAR = np.array([10, 20, 50, 100, 1e3, 1e4])
POINTS = np.sort([*np.linspace(-8, 8, 161).round(1), *FAR, *-FAR])
"""Where an activation is looked at: densely around 0, and as far as it saturates or overflows."""

DOUT = 2.0
"""dL/da at each point: not 1, or a backward that forgets to multiply by it would seem right."""


class GradientCheck(NamedTuple):
    """One parameter's comparison over ``checked`` of its ``size`` entries.

    ``error`` is ‖analytic - numeric‖ / (‖analytic‖ + ‖numeric‖), 0 if the sum is below `NOTHING`;
    ``worst`` says where they differ most, and what they are there.
    """

    name: str
    size: int
    checked: int
    error: float
    worst: str

    @property
    def agrees(self) -> bool:
        return self.error <= TOLERANCE


def curve(activation: Layer, z: ArrayLike, dout: float = 1.0) -> tuple[Array, Array]:
    """f(z) and dout · f'(z), float64, of shape (n,), computed by the layer that training uses.

    A learned parameter has its first value; the pieces of maxout are the lines of `pieces`.
    """
    slopes, offsets = pieces(activation)
    (layer,) = MLP([1, 1, 1], activation, dtype=np.float64).activations
    a = layer.forward(np.asarray(z, dtype=np.float64)[:, np.newaxis] * slopes + offsets)
    gradient = layer.backward(np.full_like(a, dout))
    assert gradient is not None  # only the first affine layer returns none
    return a[:, 0], (gradient * slopes).sum(axis=1)


def pieces(activation: Layer) -> tuple[Array, Array]:
    """Slopes and offsets of the affine pieces that a unit is drawn with: z itself, but for maxout.

    The pieces of maxout are learned. Drawn are tangents of the parabola z²/4 + z/4, so that each
    of them is the largest somewhere.
    """
    count = activation.inputs(1)
    if count == 1:
        return np.ones(1), np.zeros(1)
    slopes = np.linspace(-0.5, 1, count)
    return slopes, -((slopes - 0.25) ** 2)


def check_activation(activation: Layer) -> tuple[list[float], str | None]:
    """The kinks among the `POINTS`, where there is no derivative, and what is wrong elsewhere.

    That is said of the wrong point nearest to 0; None if all are right. The gradient that
    ``activation`` gives back is compared with `DOUT` times difference quotients of its values.
    """
    step = STEPS[0]
    with np.errstate(all="ignore"):  # what overflows shows in the comparison
        here, backward = curve(activation, POINTS, DOUT)
        left = (here - curve(activation, POINTS - step)[0]) / step
        right = (curve(activation, POINTS + step)[0] - here) / step
        quotient = (left + right) / 2
        scale = np.maximum(1, np.maximum(np.abs(left), np.abs(right)))
        kinks = np.abs(left - right) > 1e-3 * scale
        error = np.where(kinks, 0, np.abs(backward / DOUT - quotient) / scale)
    error[~np.isfinite(error)] = np.inf
    wrong = np.flatnonzero(error > 10 * TOLERANCE)
    if not len(wrong):
        return POINTS[kinks].tolist(), None
    i = min(wrong, key=lambda i: abs(POINTS[i]))
    if np.isfinite(here[i]):
        fault = f"at z = {POINTS[i]:g} and dout = {DOUT:g} backward gives {backward[i]:.6g}"
        fault += f", the difference quotient times dout is {DOUT * quotient[i]:.6g}"
    else:
        fault = f"forward is {here[i]:g} at z = {POINTS[i]:g}"
    return POINTS[kinks].tolist(), fault


@one_blas_thread()  # thousands of small products, for which threads mostly wait for each other
def check_gradients(
    network: MLP, x: Array, labels: Labels, *, entries: int = 100, seed: int = 0
) -> list[GradientCheck]:
    """Compare each parameter's gradient with central differences, at ``entries`` drawn entries.

    The network is in training mode, and what it draws the same each time. It must be float64
    (ValueError otherwise); its parameters are left as they were.
    """
    if network.dtype != np.float64:
        raise ValueError("gradients are checked in float64: build the network with that dtype")
    before = network.vector.copy()  # batch normalisation goes on averaging
    _, gradients = network.loss_and_gradients(x, labels, StepRandom(seed, 1, 0))

    def loss() -> float:
        return network.loss(network.forward(x, StepRandom(seed, 1, 0)), labels)[0]

    rng = np.random.default_rng(seed)
    checks = []
    for name, parameter in network.parameters.items():
        chosen = rng.permutation(parameter.size)[:entries]
        analytic = gradients[name].reshape(-1)[chosen]
        quotients = np.array([_quotients(loss, parameter.reshape(-1), index) for index in chosen])
        nearest = np.abs(quotients - analytic[:, np.newaxis]).argmin(axis=1)
        numeric = quotients[np.arange(len(chosen)), nearest]
        i = int(np.argmax(np.abs(analytic - numeric)))
        place = ", ".join(map(str, np.unravel_index(chosen[i], parameter.shape)))
        worst = f"at {name}[{place}] backward gives {analytic[i]:.6g}, the difference quotient"
        worst += f" {numeric[i]:.6g}"
        scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
        error = float(np.linalg.norm(analytic - numeric)) / scale if scale > NOTHING else 0.0
        checks.append(GradientCheck(name, parameter.size, len(chosen), error, worst))
    network.vector[:] = before
    return checks


def _quotients(loss: Callable[[], float], numbers: Array, index: int) -> list[float]:
    """Difference quotients of the loss with respect to ``numbers[index]``, one for each step."""
    before, quotients = numbers[index], []
    for step in STEPS:
        numbers[index] = before + step
        above = loss()
        numbers[index] = before - step
        quotients.append((above - loss()) / (2 * step))
    numbers[index] = before
    return quotients
