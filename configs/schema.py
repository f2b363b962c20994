"""What a config may say: every key with its type, range, default and meaning.

A `Config` holds its components built, so that ``config.optimizer.lr`` is a number; `model_dump`
gives their specifications.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import InitErrorDetails

from nnbasic.configs.components import Component, Section, described, wrong
from nnbasic.data import DATASETS
from nnbasic.model import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Initializer,
    Layer,
    Loss,
    Optimizer,
    Schedule,
)

PIXELS = 28 * 28
CLASSES = 10
TRAINING_IMAGES = 60_000


class Data(Section):
    """Which images are used, and how their pixels are scaled."""

    dataset: Literal["auto", "mnist", "digits", "idx"] = Field(
        default="auto",
        description="`mnist` is MNIST or an error; `digits` the built-in digits; `auto` MNIST if "
        "it is available, else the built-in digits with a warning; `idx` what is in `directory`.",
    )
    directory: str | None = Field(
        default=None,
        validate_default=True,
        description="With `idx`, the folder of four files named and made as MNIST's, gzipped or "
        "not; relative to the config.",
    )
    name: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        validate_default=True,
        description="With `idx`, what runs and comparisons call these images.",
    )
    classes: Annotated[list[str], Field(min_length=2)] | None = Field(
        default=None,
        description="With `idx`, what the classes are called, from label 0 on; null: by their "
        "labels.",
    )
    validation: int = Field(
        default=5000,
        ge=0,
        lt=TRAINING_IMAGES,
        description="How many of the training images, the last ones, are held out for validation.",
    )
    scale: Literal["unit", "standard", "signed"] = Field(
        default="unit",
        description="`unit` maps pixels to 0…1, `signed` to -1…1, `standard` to mean 0 and "
        "variance 1 over all pixels of the training images.",
    )

    @field_validator("directory", "name", "classes")
    @classmethod
    def _goes_with_idx(cls, value: Any, info: ValidationInfo) -> Any:
        own = info.data.get("dataset") == "idx"
        if not own and value is not None:
            raise wrong("goes only with dataset: idx")
        if own and value is None and info.field_name != "classes":
            raise wrong("is missing; dataset: idx needs it")
        if info.field_name == "name" and value in DATASETS:
            raise wrong(f"{value} is a data set of nnbasic; give this one another name")
        return value

    @model_serializer(mode="wrap")
    def _without_keys_of_idx(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if value is not None}

    @property
    def source(self) -> str:
        """Where the images are from: a data set's name, or the directory."""
        return self.directory or self.dataset


class EarlyStopping(Section):
    """When to stop before the last epoch."""

    metric: Literal["val_accuracy", "val_loss"] = Field(
        default="val_accuracy", description="The metric that has to improve."
    )
    patience: int = Field(
        default=5, ge=1, description="How many epochs to wait for an improvement."
    )
    min_delta: float = Field(
        default=0.0, ge=0, description="The least change that counts as an improvement."
    )


class Config(Section):
    """One training run, complete: equal configs give equal runs, bit for bit, on one machine."""

    layers: list[Annotated[int, Field(ge=1)]] = Field(
        default=[PIXELS, 256, 128, CLASSES],
        min_length=2,
        description="Units of the input (28 × 28 pixels: 784), of each hidden layer, and of the "
        "output (at least the 10 classes, or those of `data`).",
    )
    activation: Annotated[Layer | list[Layer], Component(ACTIVATIONS, many=True)] = Field(
        default="relu",
        validate_default=True,
        description="The activation of the hidden layers, or a list with one for each of them.",
    )
    init: Annotated[Initializer, Component(INITIALIZERS)] = Field(
        default="he",
        validate_default=True,
        description="How the weights are drawn before the first step.",
    )
    loss: Annotated[Loss, Component(LOSSES)] = Field(
        default="cross_entropy", validate_default=True, description="What training minimises."
    )
    optimizer: Annotated[Optimizer, Component(OPTIMIZERS)] = Field(
        default={"name": "sgd", "lr": 0.1, "momentum": 0.9},
        validate_default=True,
        description="How the gradient changes the parameters.",
    )
    schedule: Annotated[Schedule, Component(SCHEDULES)] = Field(
        default={"name": "cosine", "warmup": 0.05},
        validate_default=True,
        description="How the learning rate changes during training.",
    )
    epochs: int = Field(default=10, ge=1, description="Passes over the training images.")
    batch_size: int = Field(default=128, ge=1, le=TRAINING_IMAGES, description="Images per step.")
    seed: int = Field(
        default=0,
        ge=0,
        description="Seed of all that is random: initial weights, order of the images.",
    )
    dtype: Literal["float32", "float64"] = Field(
        default="float32", description="Floating-point precision."
    )
    data: Data = Field(default={}, validate_default=True, description="Which images are used.")
    early_stopping: EarlyStopping | None = Field(
        default=None, description="When to stop before the last epoch; null: never."
    )
    diagnostics: bool = Field(
        default=True, description="Whether statistics of each layer are recorded."
    )
    plugins: list[str] = Field(
        default=[],
        description="Python files, relative to the config, that register components. They run when "
        "you train with the config: use only plugins that you would also run as programs.",
    )

    @field_validator("layers")
    @classmethod
    def _fit_the_images(cls, layers: list[int]) -> list[int]:
        if layers[0] != PIXELS:
            raise wrong(
                f"must begin with {PIXELS}, one input per pixel, not {described(layers[0])}"
            )
        return layers

    @field_validator("activation")
    @classmethod
    def _one_per_hidden_layer(
        cls, value: Layer | list[Layer], info: ValidationInfo
    ) -> Layer | list[Layer]:
        layers = info.data.get("layers")
        if isinstance(value, list) and layers and len(value) != len(layers) - 2:
            raise wrong(f"a list of {len(value)} for {len(layers) - 2} hidden layers; one for each")
        return value

    @field_validator("early_stopping")
    @classmethod
    def _has_a_validation_set(
        cls, value: EarlyStopping | None, info: ValidationInfo
    ) -> EarlyStopping | None:
        data = info.data.get("data")
        if value and data and data.validation == 0:
            raise wrong("needs a validation set; set data.validation above 0")
        return value

    @model_validator(mode="after")
    def _has_an_output_for_each_class(self) -> Self:
        known = CLASSES
        if self.data.dataset == "idx":  # those that it does not name are counted when it is read
            known = len(self.data.classes or [])
        if self.layers[-1] < known:
            message = f"must end with at least {known}, one output per class, not {self.layers[-1]}"
            flaw = InitErrorDetails(type=wrong(message), loc=("layers",), input=self.layers)
            raise ValidationError.from_exception_data("layers", [flaw])
        return self

    def identity(self) -> str:
        """SHA-256, in hexadecimal, of all but the seed: equal for the repetitions of one run."""
        content = self.model_dump(exclude={"seed"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
