"""`diagnostics.jsonl`: what goes on inside the network, at step 0 and after epochs.

Each line is an object: ``epoch``, ``step`` and ``layers``, a list with what
`nnbasic.training.layer_statistics.diagnose` finds; a number that is not finite is null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nnbasic.configs import Config, cautions
from nnbasic.data import Dataset, files
from nnbasic.model import ACTIVATIONS, INITIALIZERS, Epoch, Step
from nnbasic.training.directory import Run
from nnbasic.training.layer_statistics import Figures, diagnose, variance_ratio
from nnbasic.training.trained import Trained

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

    None with batch normalisation, which prevents both from the first batch on.
    """
    ratio = variance_ratio(layers)
    if config.batch_norm or ratio is None or 1 / MISMATCH <= ratio <= MISMATCH:
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
        f" {change} from {layers[0]['layer']} to {layers[-2]['layer']} (a factor of {MISMATCH:g} is"
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
