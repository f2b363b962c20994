"""What `run.json` and `user.json` hold, as types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    computed_field,
    model_validator,
)

from nnbasic.data.scale import Scale

SCHEMA_VERSION = 2
"""Raised when a record changes so that older ones can no longer be read."""

Model = TypeVar("Model", bound=BaseModel)

Status = Literal["running", "finished", "interrupted", "failed", "diverged"]

Count = Annotated[int, Field(ge=0, lt=2**53)]
Size = Annotated[int, Field(ge=1, lt=2**53)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, lt=1e12)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def _moment(text: str) -> str:
    """``text`` if it is a time as `nnbasic.training.environment.now` writes it; else ValueError."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None or not 1970 <= time.year < 9999:
        raise ValueError("not a time since 1970 with its zone")
    return text


Moment = Annotated[str, AfterValidator(_moment)]

NEAR_CHANCE = 1.5
"""A run that ends with less than so many times the accuracy of guessing has collapsed."""


class EpochFigures(BaseModel):
    """The figures of one epoch: those of `nnbasic.model.EpochResult`, and the time so far.

    The validation accuracy is kept as ``val_correct`` of ``val_images``, which is exact. All that
    concerns validation is None without a validation split; a number that is not finite is null in
    the file.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    epoch: Count
    step: Count
    train_loss: float | None
    train_accuracy: Share
    val_loss: float | None
    val_correct: Count | None
    val_images: Size | None
    learning_rate: float | None
    epoch_seconds: Seconds
    elapsed_seconds: Seconds
    """Seconds of training and validation since the start of the run, over all sessions."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def val_accuracy(self) -> float | None:
        """Between 0 and 1."""
        return _share(self.val_correct, self.val_images)

    @model_validator(mode="after")
    def _no_more_right_than_there_are(self) -> EpochFigures:
        _share(self.val_correct, self.val_images)
        return self

    @classmethod
    def from_metrics(cls, row: Mapping[str, Any], val_images: int) -> EpochFigures:
        """The figures in a line of `metrics.jsonl`, with the size of the validation split.

        Raises ValidationError if a figure is missing, TypeError if the accuracy is no number.
        """
        share = row.get("val_accuracy")
        # The share is a whole number of images over val_images, rounded once: this gets it back.
        correct = None if share is None else round(share * val_images)
        counts = {"val_correct": correct, "val_images": val_images or None}
        return cls.model_validate({**row, **counts})


class RateSearch(BaseModel):
    """How a sweep chose ``optimizer.lr`` for a run: see `nnbasic.sweeps.learning_rates`."""

    model_config = ConfigDict(frozen=True)

    given: Rate
    """The learning rate of the config that the sweep started from."""
    chosen: Rate
    tried: Annotated[dict[Rate, Share], Field(min_length=1)]
    """Learning rate → mean validation accuracy over the trials; a diverged trial counts as 0."""
    seeds: Size
    """How many trials there were at each rate."""

    def __str__(self) -> str:
        edge = self.chosen in (min(self.tried), max(self.tried))
        tried = ", ".join(f"{rate:g}: {self.tried[rate]:.4f}" for rate in sorted(self.tried))
        return (
            f"optimizer.lr {self.chosen:g}{' (at the edge of the grid)' * edge} chosen by the mean"
            f" validation accuracy of {self.seeds} other seeds: {tried}"
        )


class Record(BaseModel):
    """What `run.json` holds. A number that is not finite is null."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    schema_version: int = SCHEMA_VERSION
    id: str
    status: Status
    reason: str | None = None
    """Why it failed, diverged or collapsed."""
    config: dict[str, Any]
    identity: str
    """Hash of the config without its seed: equal for the repetitions of one run."""
    rate_search: RateSearch | None = None
    """How the learning rate was chosen; None if the config simply says it."""
    dataset: str
    """``mnist``, ``digits`` or ``data.name``: what it was trained on, whatever was asked for."""
    dataset_sha256: str
    scale: Scale
    """What the pixels were scaled by, fitted to the training images."""
    code_sha256: str
    """Hash of the code that computes: see `nnbasic.training.environment.code_sha256`."""
    plugins: dict[str, str] = {}
    """The SHA-256 of each plugin's file, by its path in the config."""
    versions: dict[str, str | None]
    machine: dict[str, Any]
    threads: Size
    warnings: list[str] = []
    """What was found before the first step and may spoil the training."""
    queued: Moment | None = None
    """When its sweep planned it: runs that start together stand in this order."""
    started: Moment
    ended: Moment | None = None
    process: int
    heartbeat: str
    epoch: Count = 0
    """Epochs done."""
    best: EpochFigures | None = None
    """The epoch of `best.npz`."""
    last: EpochFigures | None = None
    test_correct: Count | None = None
    """How many test images the network of `best.npz` classifies right; scored once, at the end."""
    test_images: Size | None = None
    test_loss: float | None = None
    seconds: Seconds = 0.0
    """Time spent on training and validation, over all sessions."""

    @property
    def val_accuracy(self) -> float | None:
        """The best epoch's, between 0 and 1; None without an epoch or a validation split."""
        return None if self.best is None else self.best.val_accuracy

    @property
    def outcome(self) -> str:
        """The status, or ``collapsed`` if it finished near chance."""
        return "collapsed" if self.status == "finished" and self._near_chance() else self.status

    @property
    def last_accuracy(self) -> float | None:
        """The last epoch's, by validation; by the training images without a validation split."""
        if self.last is None:
            return None
        return self.last.train_accuracy if self.last.val_images is None else self.last.val_accuracy

    def _near_chance(self) -> bool:
        layers, accuracy = self.config.get("layers"), self.last_accuracy
        if not layers or accuracy is None:
            return False
        return accuracy < float(NEAR_CHANCE / layers[-1])

    @computed_field  # type: ignore[prop-decorator]
    @property
    def test_accuracy(self) -> float | None:
        """Between 0 and 1; None before the test images are scored."""
        return _share(self.test_correct, self.test_images)

    @property
    def test_error(self) -> float | None:
        """The standard error of `test_accuracy`: what so few test images leave open."""
        if self.test_accuracy is None or self.test_images is None:
            return None
        return binomial_error(self.test_accuracy, self.test_images)

    def class_names(self, count: int) -> list[str]:
        """What the ``count`` outputs are called: what the config calls them, else their numbers."""
        data = self.config.get("data")
        named = data.get("classes") if isinstance(data, dict) else None
        names = list(map(str, named))[:count] if isinstance(named, list) else []
        return [*names, *map(str, range(len(names), count))]

    @model_validator(mode="after")
    def _is_used_as_it_is(self) -> Record:
        """Refuse what those who read the record would trip over."""
        _share(self.test_correct, self.test_images)
        if not (abs(self.scale.multiplier) < 1e9 and abs(self.scale.offset) < 1e9):
            raise ValueError("its scale is none for pixels")
        layers = self.config.get("layers", [1])
        whole = isinstance(layers, list) and all(type(n) is int and n > 0 for n in layers)
        if not whole or not layers:
            raise ValueError("its config's layers are no list of whole numbers from 1 on")
        if type(self.config.get("seed", 0)) is not int:
            raise ValueError("its config's seed is no whole number")
        return self


class User(BaseModel):
    """What `user.json` holds: the only file that is edited after the run."""

    name: str
    tags: list[str] = []
    notes: str = ""


def binomial_error(share: float, n: int) -> float:
    """Standard error √(p(1 - p)/n) of a ``share`` of ``n`` independent cases."""
    return math.sqrt(share * (1 - share) / n)


def _share(correct: int | None, images: int | None) -> float | None:
    if correct is None or images is None:
        return None
    if correct > images:
        raise ValueError(f"{correct} of {images} images cannot be right")
    return correct / images


class Line(BaseModel):
    """What a line of `metrics.jsonl` must be to be used; figures may be missing."""

    model_config = ConfigDict(strict=True)

    epoch: Size
    train_accuracy: Share | None = None
    val_accuracy: Share | None = None
    epoch_seconds: Seconds | None = None
    elapsed_seconds: Seconds | None = None


def parse(content: bytes) -> Record:
    """The record in JSON ``content``; ValueError, in one line, if it is none."""
    return _parsed(Record, content)


def parse_user(content: bytes) -> User:
    """What `user.json` says in JSON ``content``; ValueError, in one line, if it is no such."""
    return _parsed(User, content)


def check_line(row: Mapping[str, Any]) -> None:
    """ValueError, in one line, if ``row`` is no line of `metrics.jsonl`."""
    try:
        Line.model_validate(row)
    except ValidationError as error:
        raise ValueError(_first(error)) from None


def _parsed(model: type[Model], content: bytes) -> Model:
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise ValueError(_first(error)) from None


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False)[0]
    key = " ".join(".".join(map(str, first["loc"])).split())  # a key may have line breaks
    return f"{key or 'content'}: {first['msg']}"
