"""`diagnostics.jsonl`: what goes on inside the network, at step 0 and after every epoch.

Each line is an object: ``epoch``, ``step`` and ``layers``, a list with the figures of
`nnbasic.model.diagnostics.LayerDiagnostics`; a number that is not finite is null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnbasic.configs import Config
from nnbasic.data import Batches, Dataset, files
from nnbasic.model import ACTIVATIONS, INITIALIZERS, MLP, EpochResult, StepResult
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.diagnostics import MISMATCH, LayerDiagnostics, diagnose, variance_ratio
from nnbasic.training.directory import Run
from nnbasic.training.storage import has_epoch, read_lines, write_text

FILE = "diagnostics.jsonl"
PROBE = 512
"""How many images the network is diagnosed on, always the same ones."""


class Watcher:
    """Reads the training stream, and writes a line for each epoch."""

    def __init__(self, run: Run, network: MLP, config: Config, dataset: Dataset) -> None:
        self.run = run
        self.network = network
        self.x, self.labels = probe(config, dataset)
        self.steps = -(-len(dataset.train.labels) // config.batch_size)
        self.before = network.vector.copy()

    def read(self, result: StepResult | EpochResult) -> None:
        """Diagnose at the end of an epoch, and keep the parameters before its last step."""
        if isinstance(result, EpochResult):
            layers = diagnose(self.network, self.x, self.labels, self.before)
            append(self.run, result.epoch, result.step, layers)
        elif result.step % self.steps == 0:
            return  # that was the last step: the epoch's result comes next
        if (result.step + 1) % self.steps == 0:
            self.before[:] = self.network.vector


def probe(config: Config, dataset: Dataset) -> tuple[Array, Labels]:
    """The first `PROBE` validation images and labels; training ones if there is no validation."""
    split = dataset.validation if len(dataset.validation.labels) else dataset.train
    batches = Batches(
        split.images[:PROBE],
        split.labels[:PROBE],
        batch_size=PROBE,
        scale=dataset.scale(config.data.scale),
        dtype=config.dtype,
    )
    return next(batches.epoch(0))


def mismatch(config: Config, layers: Sequence[LayerDiagnostics]) -> str | None:
    """A warning if, before the first step, the activations vanish or explode with depth."""
    ratio = variance_ratio(layers)
    if ratio is None or 1 / MISMATCH <= ratio <= MISMATCH:
        return None
    used = config.activation if isinstance(config.activation, list) else [config.activation]
    activations = " and ".join(dict.fromkeys(map(ACTIVATIONS.name, used)))
    init = INITIALIZERS.name(config.init)
    if ratio < 1:
        change = f"shrinks by a factor of {1 / ratio:.1g}" if ratio else "shrinks to nothing"
        remedy = "larger initial weights"
    else:
        finite = math.isfinite(ratio)
        change = f"grows by a factor of {ratio:.1g}" if finite else "grows to infinity"
        remedy = "smaller initial weights"
    return (
        f"activation {activations} does not go with init {init} in a net this deep:"
        f" before the first step the variance of the activations over the images {change} from"
        f" {layers[0].layer} to {layers[-2].layer} (a factor of {MISMATCH:g} is too much)."
        f" Try {remedy} or fewer layers: he suits relu and the like, lecun suits selu, xavier suits"
        " tanh, and xavier with gain 4 suits sigmoid."
    )


def append(run: Run, epoch: int, step: int, layers: Sequence[LayerDiagnostics]) -> None:
    """Add the line of an epoch; 0 is the network before its first step."""
    row = {"epoch": epoch, "step": step, "layers": [_finite(asdict(layer)) for layer in layers]}
    files.append(run.directory / FILE, json.dumps(row, allow_nan=False) + "\n")


def read(run: Run) -> list[dict[str, Any]]:
    """The lines of the run, without a torn last one; empty if it was not diagnosed."""
    return read_lines(run.directory / FILE, has_epoch).rows


def keep(run: Run, epochs: int) -> None:
    """Drop the lines after the first ``epochs`` epochs, which the run is about to repeat."""
    lines = read_lines(run.directory / FILE, has_epoch, strict=True)  # or they would be lost
    rows = [row for row in lines.rows if row["epoch"] <= epochs]
    write_text(run.directory / FILE, "".join(json.dumps(row) + "\n" for row in rows))


def _finite(figures: dict[str, Any]) -> dict[str, Any]:
    bad = [k for k, v in figures.items() if isinstance(v, float) and not math.isfinite(v)]
    return figures | dict.fromkeys(bad)
