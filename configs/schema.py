"""What a config may say: every key with its type, range, default and meaning.

A `Config` holds its components built, so that ``config.optimizer.lr`` is a number; `model_dump`
gives their specifications.
"""

import hashlib
import json
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from nnbasic import model
from nnbasic.configs.sections import Section, key, part
from nnbasic.data import DATASETS
from nnbasic.model import Bounds
from nnbasic.model.network import parameter_shapes, stack
from nnbasic.model.registry import Registry, hyperparameters

PIXELS = 28 * 28
CLASSES = 10

MOST_EPOCHS = 100_000
"""So many lines of metrics, each below 600 bytes, stay within what is read of a file of a run."""


@dataclass(frozen=True, kw_only=True)
class Data(Section):
    """Which images are used, and how their pixels are scaled."""

    dataset: Literal["auto", "mnist", "digits", "idx"] = key(
        "auto",
        "`mnist` is MNIST or an error; `digits` the built-in digits; `auto` MNIST if it is "
        "available, else the built-in digits with a warning; `idx` what is in `directory`.",
    )
    directory: str | None = key(
        None,
        "With `idx`, the folder of four files named and made as MNIST's, gzipped or not; relative "
        "to the config.",
    )
    name: str | None = key(None, "With `idx`, what runs and comparisons call these images.")
    classes: list[str] | None = key(
        None,
        "With `idx`, what the classes are called, from label 0 on; null: by their labels.",
    )
    validation: Annotated[int, Bounds(ge=0)] = key(
        5000, "How many of the training images, the last ones, are held out for validation."
    )
    train: Annotated[int, Bounds(ge=1)] | None = key(
        None, "How many of the training images are used, the first ones; null: all."
    )
    scale: Literal["unit", "standard", "signed"] = key(
        "unit",
        "`unit` maps pixels to 0…1, `signed` to -1…1, `standard` to mean 0 and variance 1 over all "
        "pixels of the training images.",
    )

    def mismatches(self) -> Iterator[tuple[str, str]]:
        """Keys of ``idx`` that are missing, or given for another data set; a taken name."""
        own = self.dataset == "idx"
        for each in ("directory", "name", "classes"):
            value = getattr(self, each)
            if own and each != "classes" and not value:
                yield each, "is missing; dataset: idx needs it"
            elif not own and value is not None:
                yield each, "goes only with dataset: idx"
        if own and self.name in DATASETS:
            yield "name", f"{self.name} is a data set of nnbasic; give this one another name"

    def model_dump(self) -> dict[str, Any]:
        """The complete content; without the keys of ``idx`` for another data set."""
        return {key: value for key, value in super().model_dump().items() if value is not None}

    @property
    def source(self) -> str:
        """Where the images are from: a data set's name, or the directory."""
        return self.directory or self.dataset


@dataclass(frozen=True, kw_only=True)
class Augmentation(Section):
    """How the training images are distorted, each anew in every epoch."""

    shift: Annotated[float, Bounds(ge=0, le=14)] = key(
        0.0, "Pixels, at most, to either side and up or down."
    )
    rotation: Annotated[float, Bounds(ge=0, le=180)] = key(0.0, "Degrees, at most, either way.")
    scale: Annotated[float, Bounds(ge=0, le=0.5)] = key(
        0.0, "The share, at most, by which width and height grow or shrink."
    )
    shear: Annotated[float, Bounds(ge=0, le=1)] = key(
        0.0, "Pixels, at most, by which each row is shifted from the one above."
    )
    elastic: Annotated[float, Bounds(ge=0, le=200)] = key(
        0.0, "How strong the elastic deformation is: α of Simard et al. 2003."
    )
    smoothness: Annotated[float, Bounds(ge=2, le=28)] = key(
        4.0, "How smooth it is: σ of Simard et al. 2003, in pixels."
    )

    def model_dump(self) -> dict[str, Any]:
        """The complete content, without the parts that are 0."""
        parts = {key: value for key, value in super().model_dump().items() if value}
        if not self.elastic:
            del parts["smoothness"]
        return parts


@dataclass(frozen=True, kw_only=True)
class EarlyStopping(Section):
    """When to stop before the last epoch."""

    metric: Literal["val_accuracy", "val_loss"] = key(
        "val_accuracy", "The metric that has to improve."
    )
    patience: Annotated[int, Bounds(ge=1)] = key(5, "How many epochs to wait for an improvement.")
    min_delta: Annotated[float, Bounds(ge=0)] = key(
        0.0, "The least change that counts as an improvement."
    )


@dataclass(frozen=True, kw_only=True)
class Config(Section):
    """One training run, complete: equal configs give equal runs, bit for bit, on one machine."""

    layers: list[Annotated[int, Bounds(ge=1)]] = key(
        [PIXELS, 256, 128, CLASSES],
        "Units of the input (28 × 28 pixels: 784), of each hidden layer, and of the output (at "
        "least the 10 classes, or those of `data`).",
    )
    activation: Annotated[model.Layer | list[model.Layer], model.ACTIVATIONS, list] = key(
        "relu", "The activation of the hidden layers, or a list with one for each of them."
    )
    init: Annotated[model.Initializer, model.INITIALIZERS] = key(
        "he", "How the weights are drawn before the first step."
    )
    loss: Annotated[model.Loss, model.LOSSES] = key("cross_entropy", "What training minimises.")
    batch_norm: bool = key(
        False, "Whether the pre-activations of the hidden layers are normalised over each batch."
    )
    dropout: Annotated[float, Bounds(ge=0, lt=1)] = key(
        0.0, "The share of the units of each hidden layer that each training step leaves out."
    )
    input_dropout: Annotated[float, Bounds(ge=0, lt=1)] = key(
        0.0, "The share of the pixels that each training step leaves out."
    )
    input_noise: Annotated[float, Bounds(ge=0)] = key(
        0.0, "Standard deviation of the normal noise on the scaled pixels in training."
    )
    augmentation: Augmentation | None = key(
        None, "How the training images are distorted, each anew in every epoch; null: not at all."
    )
    optimizer: Annotated[model.Optimizer, model.OPTIMIZERS] = key(
        {"name": "sgd", "lr": 0.1, "momentum": 0.9}, "How the gradient changes the parameters."
    )
    schedule: Annotated[model.Schedule, model.SCHEDULES] = key(
        {"name": "cosine", "warmup": 0.05}, "How the learning rate changes during training."
    )
    epochs: Annotated[int, Bounds(ge=1, le=MOST_EPOCHS)] = key(
        10, "Passes over the training images."
    )
    batch_size: Annotated[int, Bounds(ge=1)] = key(128, "Images per step.")
    seed: Annotated[int, Bounds(ge=0)] = key(
        0, "Seed of all that is random: initial weights, order of the images, noise, distortions."
    )
    dtype: Literal["float32", "float64"] = key("float32", "Floating-point precision.")
    data: Data = key({}, "Which images are used, and how their pixels are scaled.")
    early_stopping: EarlyStopping | None = key(
        None, "When to stop before the last epoch; null: never."
    )
    diagnostics: bool = key(True, "Whether statistics of each layer are recorded.")
    plugins: list[str] = key(
        [],
        "Python files, relative to the config, that register components. They run when you train "
        "with the config: use only plugins that you would also run as programs.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.augmentation and not self.augmentation.model_dump():
            object.__setattr__(self, "augmentation", None)  # all of its parts are 0

    def mismatches(self) -> Iterator[tuple[str, str]]:
        """Layers that do not fit the images or the activations, and what lacks images."""
        least, hidden = known_classes(self.data) or 1, len(self.layers) - 2
        if hidden < 0:
            yield "layers", f"must have at least 2 entries, not {len(self.layers)}"
        elif self.layers[0] != PIXELS:
            first = self.layers[0]
            yield "layers", f"must begin with {PIXELS}, one input per pixel, not {first}"
        elif (last := self.layers[-1]) < least:
            yield "layers", f"must end with at least {least}, one output per class, not {last}"
        if isinstance(self.activation, list) and (count := len(self.activation)) != hidden:
            yield "activation", f"a list of {count} for {hidden} hidden layers; one for each"
        if self.early_stopping and self.data.validation == 0:
            yield "early_stopping", "needs a validation set; set data.validation above 0"
        if self.batch_norm and self.batch_size == 1:
            yield "batch_norm", "needs batches of 2 images or more; set batch_size above 1"

    def identity(self) -> str:
        """SHA-256, in hexadecimal, of what decides the result, but for the seed and the code.

        It is equal for the repetitions of one run. The record of a run has the hash of the code,
        plugins included.
        """
        content = self.model_dump()
        for other in ("seed", "diagnostics", "plugins"):
            del content[other]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def known_classes(data: Data) -> int | None:
    """The number of classes; None if it is known only once the images are read."""
    if data.dataset != "idx":
        return CLASSES
    return len(data.classes) if data.classes else None


def cautions(config: Config) -> list[str]:
    """A warning for each choice in ``config`` that may surprise, none of them twice."""
    causes = [layer.caution for layer in stack(config.layers, config.activation)]
    found = [each for each in dict.fromkeys([*causes, config.init.caution]) if each]
    classes, outputs = known_classes(config.data), config.layers[-1]
    if len(config.layers) == 2:
        found.append("there is no hidden layer: this net is a linear classifier")
    if classes and outputs > classes:
        found.append(f"{outputs - classes} of the {outputs} outputs are for no class")
    return found


def shortage(config: Config) -> str | None:
    """Why the parameters of ``config`` cannot be trained here; None if there is enough memory.

    None too where the system does not say how much there is. What grows with the batch is left out:
    where that is too much, NumPy raises a MemoryError in the training.
    """
    moments = sum(state.size for state in config.optimizer.init(np.zeros(1)).values() if state.ndim)
    copies = 2 + moments  # the parameters, their gradient, and what the optimiser keeps of each
    shapes = parameter_shapes(stack(config.layers, config.activation, config.batch_norm))
    values = copies * sum(map(math.prod, shapes.values()))
    needed = values * np.dtype(config.dtype).itemsize / 2**30
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):  # Windows
        return None
    if needed <= available:
        return None
    return f"training takes more than {needed:.3g} GiB of memory; this machine has {available:.3g}"


PARTS = {key: part(annotation) for key, annotation in hyperparameters(Config).items()}
COMPONENTS = {key: one for key, one in PARTS.items() if isinstance(one, Registry)}
