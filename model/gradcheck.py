"""Analytic against numeric gradients: activations point by point, networks by parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.curves import curve
from nnbasic.model.layers import Layer
from nnbasic.model.network import MLP
from nnbasic.model.randomness import StepRandom

TOLERANCE = 1e-6
"""A relative error that a right float64 gradient stays well below."""

STEPS = (1e-5, 1e-6, 1e-7)
"""Steps of the central difference. Its error is of order step² plus rounding / step, so the first
is the best; but where a kink, as ReLU's at 0, lies within the step, only a smaller one is right."""

FAR = (10.0, 20.0, 50.0, 100.0, 1e3, 1e4)
POINTS = np.unique(np.concatenate([np.linspace(-8, 8, 161).round(1), FAR, np.negative(FAR)]))
"""Where an activation is looked at: densely around 0, and as far as it saturates or overflows."""

BEND = 1e-3
"""The relative difference of the slopes at the two sides of a point from which it is a kink."""


@dataclass(frozen=True)
class Mismatch:
    """Where backward and the difference quotient differ most: ``z = -0.7`` or ``weight[3, 5]``."""

    where: str
    backward: float
    quotient: float

    def __str__(self) -> str:
        return (
            f"at {self.where} backward gives {self.backward:.6g}, the difference quotient"
            f" {self.quotient:.6g}"
        )


@dataclass(frozen=True)
class ActivationCheck:
    """A comparison at the `POINTS`; at the ``kinks`` there is no derivative to compare with."""

    kinks: list[float]
    mismatch: Mismatch | None


@dataclass(frozen=True)
class GradientCheck:
    """One parameter's comparison over ``checked`` of its ``size`` entries.

    ``error`` is ‖analytic - numeric‖ / (‖analytic‖ + ‖numeric‖), or 0 where both are 0.
    """

    name: str
    size: int
    checked: int
    error: float
    worst: Mismatch

    @property
    def agrees(self) -> bool:
        return self.error <= TOLERANCE


def check_activation(activation: Layer) -> ActivationCheck:
    """Compare the derivative that ``activation`` uses with difference quotients of its values."""
    step = STEPS[0]
    with np.errstate(all="ignore"):  # what overflows shows in the comparison
        below, here, above = (
            curve(activation, z)[0] for z in (POINTS - step, POINTS, POINTS + step)
        )
        _, derivative = curve(activation, POINTS)
        left, right = (here - below) / step, (above - here) / step
        scale = np.maximum(1, np.maximum(np.abs(left), np.abs(right)))
        bends = np.abs(left - right) > BEND * scale
        error = np.abs(derivative - (left + right) / 2) / scale
        error[bends] = 0
        error[~np.isfinite(error)] = np.inf
    worst = int(np.argmax(error))
    mismatch = None
    if error[worst] > 10 * TOLERANCE:
        quotient = (left[worst] + right[worst]) / 2
        mismatch = Mismatch(f"z = {POINTS[worst]:g}", float(derivative[worst]), float(quotient))
    return ActivationCheck(POINTS[bends].tolist(), mismatch)


def check_gradients(
    network: MLP, x: Array, labels: Labels, *, entries: int = 100, seed: int = 0
) -> list[GradientCheck]:
    """Compare each parameter's gradient with central differences, at ``entries`` drawn entries.

    The network is in training mode, and what it draws the same each time. It must be float64
    (ValueError otherwise) and is left as it was.
    """
    if network.dtype != np.float64:
        raise ValueError("gradients are checked in float64: build the network with that dtype")
    _, gradients = network.loss_and_gradients(x, labels, StepRandom(seed, 1, 0))
    rng = np.random.default_rng(seed)
    checks = []
    for name, parameter in network.parameters.items():
        chosen = rng.permutation(parameter.size)[:entries]
        analytic = gradients[name].reshape(-1)[chosen]
        flat = parameter.reshape(-1)
        pairs = zip(chosen, analytic, strict=True)
        numeric = np.array([_slope(network, flat, i, x, labels, near, seed) for i, near in pairs])
        worst = int(np.argmax(np.abs(analytic - numeric)))
        place = ", ".join(map(str, np.unravel_index(chosen[worst], parameter.shape)))
        mismatch = Mismatch(f"{name}[{place}]", float(analytic[worst]), float(numeric[worst]))
        error = relative_error(analytic, numeric)
        checks.append(GradientCheck(name, parameter.size, len(chosen), error, mismatch))
    return checks


def relative_error(analytic: Array, numeric: Array) -> float:
    """‖analytic - numeric‖ / (‖analytic‖ + ‖numeric‖), or 0 where both are 0."""
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
    return float(np.linalg.norm(analytic - numeric)) / scale if scale else 0.0


def _slope(
    network: MLP, flat: Array, index: int, x: Array, labels: Labels, analytic: float, seed: int
) -> float:
    """dL/dflat[index] by the first step that agrees with ``analytic``, or else the nearest."""
    slopes: list[float] = []
    for step in STEPS:
        before, losses = flat[index], []
        for shift in (step, -step):
            flat[index] = before + shift
            logits = network.forward(x, StepRandom(seed, 1, 0))
            losses.append(network.loss(logits, labels)[0])
        flat[index] = before
        slopes.append((losses[0] - losses[1]) / (2 * step))
        if abs(slopes[-1] - analytic) <= TOLERANCE * abs(analytic):
            break
    return min(slopes, key=lambda slope: abs(slope - analytic))
