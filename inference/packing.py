"""Networks as text for the page, their weights with half the bits where that changes nothing."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from nnbasic.inference import portable
from nnbasic.model import Dense, Layer
from nnbasic.model.arrays import Array
from nnbasic.training import Trained

CODES = 32767
"""The code of a unit's largest weight: the most that 16 bits hold."""

LIMIT = "the page cannot compute; give another RUN, `nnbasic runs list` shows them"
TOLERANCE = 0.001
"""The most by which codes may change a probability."""


class Weight(NamedTuple):
    """A weight (inputs, units): as it is, or as codes of 16 bits that count ``steps`` (units,)."""

    values: Array
    steps: Array | None

    @classmethod
    def coded(cls, weight: Array) -> Weight:
        steps = np.abs(weight).max(axis=0).astype(np.float32) / np.float32(CODES)
        codes = np.rint(weight / np.where(steps > 0, steps, 1))
        return cls(np.clip(codes, -CODES, CODES).astype("<i2"), steps)

    @classmethod
    def plain(cls, weight: Array) -> Weight:
        return cls(weight.astype("<f4"), None)

    @property
    def decoded(self) -> Array:
        return self.values if self.steps is None else self.values * self.steps


class Packed(NamedTuple):
    """What the page is told of a network.

    Whether its weights are ``coded``, and the most by which packing changes a probability.
    """

    network: dict[str, Any]
    coded: bool
    change: float


def pack(trained: Trained, images: Array) -> Packed:
    """Pack a network as `network.js` unpacks it, with codes if they do for ``images`` (n, 784).

    RunError if the page cannot compute it, as it has a plugin's component.
    """
    exact = trained.probabilities(images)
    folded = replace(trained, network=trained.network.folded())
    network, before = folded.network, folded.network.vector.copy()
    for form in (Weight.coded, Weight.plain):
        dense = [layer for layer in network.layers if isinstance(layer, Dense)]
        weights = [form(layer.parameters["weight"]) for layer in dense]
        for layer, weight in zip(dense, weights, strict=True):
            layer.parameters["weight"][...] = weight.decoded
        change = float(np.abs(folded.probabilities(images) - exact).max())
        network.vector[:] = before
        if change <= TOLERANCE:
            break
    packed = {
        "scale": [trained.scale.multiplier, trained.scale.offset],
        "output": portable.output(network.loss, LIMIT),
        "layers": [
            _layer(*three)
            for three in zip(dense, weights, [*network.activations, None], strict=True)
        ],
    }
    return Packed(packed, weights[0].steps is not None, change)


def _layer(dense: Dense, weight: Weight, activation: Layer | None) -> dict[str, Any]:
    packed: dict[str, Any] = {
        "units": activation.units if activation else dense.units,
        "weight": {
            "codes": text_of(weight.values),
            "scale": None if weight.steps is None else text_of(weight.steps),
        },
        "bias": _floats(dense.parameters["bias"]),
        "activation": activation and portable.spec(activation, LIMIT),
        "limits": activation and activation.limits,
    }
    if activation:
        packed |= {name: _floats(array) for name, array in activation.parameters.items()}
    return packed


def _floats(array: Array) -> str:
    return text_of(array.astype("<f4"))


def text_of(array: Array) -> str:
    """The bytes of ``array`` in base64."""
    return base64.b64encode(array.tobytes()).decode()
