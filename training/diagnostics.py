"""`diagnostics.jsonl`: what goes on inside the network, at step 0 and after epochs.

Each line is an object: ``epoch``, ``step`` and ``layers``, a list with what `diagnose` finds; a
number that is not finite is null. To diagnose changes nothing that training depends on: not the
parameters, not the optimiser's state, not a random generator.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnbasic.configs import Config, cautions
from nnbasic.data import Dataset, files
from nnbasic.model import ACTIVATIONS, INITIALIZERS, MLP, Epoch, Layer, Step
from nnbasic.model.arrays import Array, Labels
from nnbasic.training.directory import Run
from nnbasic.training.trained import Trained

Figures = dict[str, Any]
"""The figures of a layer by name: see `diagnose`."""

FILE = "diagnostics.jsonl"

PROBE = 512
"""How many images the network is diagnosed on, always the same ones."""

MOST = 10_000
"""Layers in the file, some 7 MB: of a longer training every second epoch is kept, and so on."""

SATURATED = 0.95
"""The share of saturated activations with which a layer passes hardly any gradient on."""

MISMATCH = 1000.0
"""The factor between the first and the last hidden layer's variance that calls for a warning.

At 1000 in variance (30 in standard deviation) plain gradient descent no longer moves the layers
at one end. The pairs that belong together stay within it in nets of up to ten hidden layers,
all but sigmoid: it loses a factor of about 10 a layer whatever initialiser of gain 1 is used.
"""

BINS = 64
"""The most bins that a histogram has; fewer than half of them only if the values hardly differ."""

OUTER = 0.05
"""The part of a bounded activation's range, at either end, that counts as saturated.

For sigmoid and tanh the derivative is there less than a fifth of its maximum.
"""

PASSES = 1e-5
"""A unit passes a gradient if some derivative is larger: ELU's is never 0, but e^z far below 0."""


class Watcher:
    """Diagnoses ``trained`` on the first `PROBE` validation images, or training ones without."""

    def __init__(self, trained: Trained, dataset: Dataset) -> None:
        split = dataset.validation if len(dataset.validation.labels) else dataset.train
        self.network, config = trained.network, trained.config
        self.x, self.labels = next(trained.batches(split, PROBE).epoch(0))
        self.steps = -(-len(dataset.train.labels) // config.batch_size)
        self.every = -(-config.epochs * (len(config.layers) - 1) // MOST)
        self.last = config.epochs
        self.before = self.network.vector.copy()

    def layers(self) -> list[Figures]:
        """The figures before the first step."""
        return diagnose(self.network, self.x, self.labels)

    def read(self, result: Step | Epoch, run: Run) -> None:
        """Write the line of an epoch, and keep the parameters before its last step."""
        if isinstance(result, Epoch):
            if result.epoch % self.every == 0 or result.epoch == self.last:
                layers = diagnose(self.network, self.x, self.labels, self.before)
                append(run, result.epoch, result.step, layers)
        elif result.step % self.steps == 0:
            return  # that was the last step: the epoch's result comes next
        if (result.step + 1) % self.steps == 0:
            self.before[:] = self.network.vector


def append(run: Run, epoch: int, step: int, layers: Sequence[Figures]) -> None:
    """Add the line of an epoch; 0 is the network before its first step."""
    row = {"epoch": epoch, "step": step, "layers": [*map(_finite, layers)]}
    files.append(run.directory / FILE, json.dumps(row, allow_nan=False) + "\n")


def _finite(figures: Figures) -> Figures:
    bad = [k for k, v in figures.items() if isinstance(v, float) and not math.isfinite(v)]
    return figures | dict.fromkeys(bad)


def mismatch(config: Config, layers: Sequence[Figures]) -> str | None:
    """A warning if, before the first step, the activations vanish or explode with depth.

    None with batch normalisation, which prevents both from the first batch on, and where there is
    no variance to begin with.
    """
    hidden = layers[:-1]
    if config.batch_norm or len(hidden) < 2 or not hidden[0]["image_sd"]:
        return None
    ratio: float = hidden[-1]["image_sd"] / hidden[0]["image_sd"]
    ratio *= ratio  # which overflows to infinity, where ** would raise
    if 1 / MISMATCH <= ratio <= MISMATCH:
        return None
    used = config.activation if isinstance(config.activation, list) else [config.activation]
    activations = " and ".join(dict.fromkeys(map(ACTIVATIONS.name, used)))
    if ratio < 1:
        change = f"shrinks by a factor of {1 / ratio:.1g}" if ratio else "shrinks to nothing"
    else:
        finite = math.isfinite(ratio)
        change = f"grows by a factor of {ratio:.1g}" if finite else "grows to infinity"
    return (
        f"activation {activations} does not go with init {INITIALIZERS.name(config.init)} in a net"
        " this deep: before the first step the variance of the activations over the images"
        f" {change} from {hidden[0]['layer']} to {hidden[-1]['layer']} (a factor of {MISMATCH:g} is"
        f" too much). Try {'larger' if ratio < 1 else 'smaller'} initial weights or fewer layers:"
        " he suits relu and the like, lecun suits selu, xavier suits tanh, and xavier with gain 4"
        " suits sigmoid."
    )


def why_diverged(config: Config) -> str:
    """What a user may try when the loss of ``config`` stopped being finite."""
    clipping = "" if config.optimizer.clip_norm else ", or bound the gradient by clip_norm"
    return (
        f"likely causes: a learning rate too high (optimizer.lr is {config.optimizer.lr:g}:"
        f" try a tenth{clipping}), or initial weights too large (init is"
        f" {INITIALIZERS.name(config.init)}){_plugins_too(config)}"
    )


def _plugins_too(config: Config) -> str:
    """What is said at the end where the gradient may be a plugin's."""
    return ", or a plugin's gradient wrong: try `nnbasic gradcheck`" if config.plugins else ""


def why_collapsed(
    config: Config, warnings: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> str:
    """The likely cause, without a full stop, from the last of the diagnostics ``rows``, if any.

    ``warnings`` are those that the run was started with.
    """
    if known := [*cautions(config), *warnings]:
        return known[0].removesuffix(".")
    rate = f"optimizer.lr is {config.optimizer.lr:g}"
    too_high = f"The learning rate may be too high ({rate}: try a tenth), or the initial weights"
    layers = rows[-1]["layers"] if rows else []
    for layer in layers:
        if (layer["saturated"] or 0) > SATURATED:
            return (
                f"{100 * layer['saturated']:.0f} % of the activations of {layer['layer']} are"
                f" saturated, where their derivative is near 0. {too_high} too large"
            )
    for layer in layers:
        if layer["dead"] == 1:
            return (
                f"all units of {layer['layer']} are dead: they pass no gradient for any image."
                f" {too_high} too large; leaky_relu cannot die like this"
            )
    few = f"the learning rate may be too high, or too low for so few epochs ({rate})"
    return few + _plugins_too(config)


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
