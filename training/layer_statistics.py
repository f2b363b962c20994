"""What goes on inside a network, layer by layer, on one batch.

Figures of the activations, and of the gradient of the batch's mean loss. They change nothing that
training depends on: not the parameters, not the optimiser's state, not a random generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnbasic.model import MLP, Layer
from nnbasic.model.arrays import Array, Labels

Figures = dict[str, Any]
"""The figures of a layer by name: see `diagnose`."""

BINS = 64
"""The most bins that a histogram has; fewer than half of them only if the values hardly differ."""

OUTER = 0.05
"""The part of a bounded activation's range, at either end, that counts as saturated.

For sigmoid and tanh the derivative is there less than a fifth of its maximum.
"""


PASSES = 1e-5
"""A unit passes a gradient if some derivative is larger: ELU's is never 0, but e^z far below 0."""


def diagnose(network: MLP, x: Array, labels: Labels, before: Array | None = None) -> list[Figures]:
    """Diagnose each layer on the batch ``x`` (n, inputs) with its ``labels`` (n,).

    ``before`` is a copy of ``network.vector`` from before the last update. Sets
    ``network.gradient``, as training does; like it, checks nothing.

    The activations are those after the activation function; for the output layer, the logits.
    ``sd`` is over all of them and ``image_sd`` over the images alone: the root mean square,
    over the units, of each unit's standard deviation. Where it is 0 all images look the same.
    ``dead`` is the share of units that pass no gradient for any image (see `PASSES`), ``saturated``
    that of activations within the `OUTER` part of a bounded range. The norms are Frobenius norms of
    the gradient with respect to the weight and to the pre-activations (n, units); ``update_ratio``
    is ‖weight - weight before‖ / ‖weight before‖. None where there is no such figure; a figure
    that is not finite is left so.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        outputs = {layer.name: (layer, output) for layer, output in network.outputs(x)}
        logits = outputs[network.layers[-1].name][1]
        gradients = _gradients(network, logits, labels)
        weights = {} if before is None else network.views(before)
        found = []
        for name, (layer, output) in outputs.items():
            weight = f"{name}.weight"
            gradient_norms = {
                "gradient_norm": _norm(network.gradients[weight]),
                "preactivation_gradient_norm": _norm(gradients[name][-1]),
                "update_ratio": _change(network.parameters[weight], weights.get(weight)),
            }
            hidden = layer.role == "activation"
            dead = _dead(output, *gradients[name][:2]) if hidden else None
            figures = {"layer": name, **_activations(layer, output), "dead": dead}
            found.append(figures | gradient_norms)
        return found


def _gradients(network: MLP, logits: Array, labels: Labels) -> dict[str, list[Array]]:
    """dL/da, but for the output layer, and dL/dz of each name; sets all other gradients too."""
    found: dict[str, list[Array]] = {}
    gradient: Array | None = network.loss(logits, labels)[1]
    for layer in reversed(network.layers):
        if gradient is not None and layer.role != "noise":
            found.setdefault(layer.name, []).append(gradient.copy())
            gradient = layer.backward(gradient)
    return found


def _dead(a: Array, above: Array, below: Array) -> float:
    """The share of units that pass no gradient from ``above`` (n, units) to any image below.

    ``below`` has columns for each piece of maxout. Where none comes from above, a unit is dead if
    it is 0 for every image.
    """
    passed = np.abs(below).reshape(len(a), -1, a.shape[1]).max(axis=1)
    blocked = (passed <= PASSES * np.abs(above)).all(axis=0)
    return float(np.mean(blocked & (above.any(axis=0) | ~a.any(axis=0))))


def _activations(layer: Layer, a: Array) -> Figures:
    """The figures of the activations ``a`` (n, units)."""
    mean = a.mean(axis=0, dtype=np.float64, keepdims=True)
    within = float(a.var(axis=0, dtype=np.float64, mean=mean).mean())
    return {
        "mean": float(mean.mean()),
        "sd": math.sqrt(within + float(mean.var())),
        "image_sd": math.sqrt(within),
        "histogram": histogram(a),
        "saturated": _saturated(a, layer.limits),
    }


def histogram(values: Array) -> Figures | None:
    """``counts`` in equal bins from ``low`` to ``high``; None if a value is not finite.

    The bins' width is a power of two and their edges are multiples of it, so that histograms
    of one layer over several runs or epochs can be added up without splitting a bin.
    """
    low, high = float(values.min()), float(values.max())
    if not math.isfinite(low) or not math.isfinite(high):
        return None
    largest = max(abs(low), abs(high))
    # Two bins fewer than BINS, since low and high may lie within a bin. The other two bounds keep
    # the indices exact in float32 where the values hardly differ, or are next to zero.
    span = high / (BINS - 2) - low / (BINS - 2)
    finest = max(span, largest * 2.0**-20, float(np.finfo(values.dtype).tiny))
    width = 2.0 ** math.ceil(math.log2(finest)) if largest else 1.0
    indices = np.floor(values.reshape(-1) / width).astype(np.intp)
    first = int(indices.min())
    counts = np.bincount(indices - first).tolist()
    return {"low": first * width, "high": (first + len(counts)) * width, "counts": counts}


def variance_ratio(layers: Sequence[Figures]) -> float | None:
    """The last hidden layer's variance over the images in terms of the first one's.

    None with fewer than two hidden layers, or where there is no variance to begin with.
    """
    hidden = layers[:-1]
    if len(hidden) < 2 or not hidden[0]["image_sd"]:
        return None
    ratio: float = hidden[-1]["image_sd"] / hidden[0]["image_sd"]
    return ratio * ratio  # which overflows to infinity, where ** would raise


def _saturated(a: Array, limits: tuple[float, float] | None) -> float | None:
    if limits is None:
        return None
    low, high = limits
    margin = OUTER * (high - low)
    outside = np.count_nonzero(a < low + margin) + np.count_nonzero(a > high - margin)
    return int(outside) / a.size


def _change(weight: Array, before: Array | None) -> float | None:
    return None if before is None else float(np.float64(_norm(weight - before)) / _norm(before))


def _norm(array: Array) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))
