"""Analytic against numeric gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.network import MLP

TOLERANCE = 1e-6
"""A relative error that a right float64 gradient stays well below."""

STEPS = (1e-5, 1e-6, 1e-7)
"""Steps of the central difference. Its error is of order step² plus rounding / step, so the first
is the best; but where a kink, as ReLU's at 0, lies within the step, only a smaller one is right."""


@dataclass(frozen=True)
class GradientCheck:
    """One parameter's comparison over ``checked`` of its ``size`` entries.

    ``error`` is ‖analytic - numeric‖ / (‖analytic‖ + ‖numeric‖), or 0 where both are 0.
    """

    name: str
    size: int
    checked: int
    error: float

    @property
    def agrees(self) -> bool:
        return self.error <= TOLERANCE


def check_gradients(
    network: MLP, x: Array, labels: Labels, *, entries: int = 100, seed: int = 0
) -> list[GradientCheck]:
    """Compare each parameter's gradient with central differences, at ``entries`` drawn entries.

    ``network`` must be float64 (ValueError otherwise) and is left as it was.
    """
    if network.dtype != np.float64:
        raise ValueError("gradients are checked in float64: build the network with that dtype")
    _, gradients = network.loss_and_gradients(x, labels)
    rng = np.random.default_rng(seed)
    checks = []
    for name, parameter in network.parameters.items():
        flat = parameter.reshape(-1)
        chosen = rng.permutation(flat.size)[:entries]
        analytic = gradients[name].reshape(-1)[chosen]
        pairs = zip(chosen, analytic, strict=True)
        numeric = np.array([_slope(network, flat, i, x, labels, near) for i, near in pairs])
        error = relative_error(analytic, numeric)
        checks.append(GradientCheck(name, flat.size, len(chosen), error))
    return checks


def relative_error(analytic: Array, numeric: Array) -> float:
    """‖analytic - numeric‖ / (‖analytic‖ + ‖numeric‖), or 0 where both are 0."""
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
    return float(np.linalg.norm(analytic - numeric)) / scale if scale else 0.0


def _slope(
    network: MLP, flat: Array, index: int, x: Array, labels: Labels, analytic: float
) -> float:
    """dL/dflat[index] by the first step that agrees with ``analytic``, or else the nearest."""
    slopes = []
    for step in STEPS:
        slopes.append(_central_difference(network, flat, index, x, labels, step))
        if abs(slopes[-1] - analytic) <= TOLERANCE * abs(analytic):
            break
    return min(slopes, key=lambda slope: abs(slope - analytic))


def _central_difference(
    network: MLP, flat: Array, index: int, x: Array, labels: Labels, step: float
) -> float:
    before = flat[index]
    losses = []
    for shift in (step, -step):
        flat[index] = before + shift
        losses.append(network.score(x, labels)[0])
    flat[index] = before
    return (losses[0] - losses[1]) / (2 * step)
