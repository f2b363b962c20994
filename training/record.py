"""What `run.json`, `user.json` and a line of `metrics.jsonl` hold, as types."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from nnbasic.data.scale import Scale

SCHEMA_VERSION = 3
"""Raised when a record changes so that older ones can no longer be read."""

NEAR_CHANCE = 1.5
"""A run that ends with less than so many times the accuracy of guessing has collapsed."""

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


def _unicode(text: Any) -> Any:
    """``text`` with a question mark for each byte of an argument that is no Unicode."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else text


Moment = Annotated[str, AfterValidator(_moment)]
Text = Annotated[str, BeforeValidator(_unicode)]


class EpochRow(BaseModel):
    """A line of `metrics.jsonl`: what an epoch came to, and the time so far.

    All that concerns validation is None without a validation split. A number that is not finite
    becomes None, and ``non_finite`` says what it was. Further metrics have names of their own.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, float | None]

    epoch: Size
    step: Count
    train_loss: float | None
    train_accuracy: Share
    val_loss: float | None = None
    val_accuracy: Share | None = None
    learning_rate: float | None
    epoch_seconds: Seconds
    elapsed_seconds: Seconds
    """Seconds of training and validation since the start of the run, over all sessions."""
    non_finite: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_non_finite(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        numbers = {k: v for k, v in values.items() if isinstance(v, float)}
        bad = {key: str(value) for key, value in numbers.items() if not math.isfinite(value)}
        return values | dict.fromkeys(bad) | {"non_finite": bad} if bad else values

    def to_dict(self) -> dict[str, Any]:
        """What stands in the file."""
        return self.model_dump(exclude=None if self.non_finite else {"non_finite"})

    def line(self) -> str:
        """The line of the file."""
        return json.dumps(self.to_dict(), allow_nan=False) + "\n"


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
    """What `run.json` holds. An accuracy is a share of images, rounded once."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="null")

    schema_version: int = SCHEMA_VERSION
    id: str
    status: Status
    reason: str | None = None
    """Why it failed, diverged or collapsed."""
    config: dict[str, Any]
    """The complete config: what is trained, resumed, listed and compared."""
    identity: str
    """Hash of the config without its seed: equal for the repetitions of one run."""
    rate_search: RateSearch | None = None
    """How the learning rate was chosen; None if the config simply says it."""
    dataset: str
    """``mnist``, ``digits`` or ``data.name``: what it was trained on, whatever was asked for."""
    dataset_sha256: str
    val_images: Count
    """The size of the validation split."""
    test_images: Size
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
    epoch: Count = 0
    """Epochs done."""
    best: EpochRow | None = None
    """The epoch of `best.npz`."""
    last: EpochRow | None = None
    test_accuracy: Share | None = None
    """That of `best.npz`; the test set is scored once, at the end."""
    test_loss: float | None = None
    seconds: Seconds = 0.0
    """Time spent on training and validation, over all sessions."""

    @property
    def val_accuracy(self) -> float | None:
        """The best epoch's, between 0 and 1; None without an epoch or a validation split."""
        return None if self.best is None else self.best.val_accuracy

    @property
    def last_accuracy(self) -> float | None:
        """The last epoch's, by validation; by the training images without a validation split."""
        if self.last is None:
            return None
        return self.last.val_accuracy if self.val_images else self.last.train_accuracy

    @property
    def test_error(self) -> float | None:
        """The standard error of `test_accuracy`: what so few test images leave open."""
        accuracy = self.test_accuracy
        return None if accuracy is None else binomial_error(accuracy, self.test_images)

    @property
    def outcome(self) -> str:
        """The status, or ``collapsed`` if it finished near chance.

        Where only the validation images say so, as they may hold a single class, it has not.
        """
        layers, last, accuracy = self.config.get("layers"), self.last, self.last_accuracy
        if self.status != "finished" or not layers or last is None or accuracy is None:
            return self.status
        near_chance = max(accuracy, last.train_accuracy) < NEAR_CHANCE / layers[-1]
        return "collapsed" if near_chance else self.status

    def class_names(self, count: int) -> list[str]:
        """What the ``count`` outputs are called: what the config calls them, else their numbers."""
        data = self.config.get("data")
        named = data.get("classes") if isinstance(data, dict) else None
        names = list(map(str, named))[:count] if isinstance(named, list) else []
        return [*names, *map(str, range(len(names), count))]

    @model_validator(mode="after")
    def _is_used_as_it_is(self) -> Record:
        """Refuse what those who read the record would trip over."""
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

    model_config = ConfigDict(validate_assignment=True)

    name: Text
    tags: list[Text] = []
    notes: Text = ""


def binomial_error(share: float, n: int) -> float:
    """Standard error √(p(1 - p)/n) of a ``share`` of ``n`` independent cases."""
    return math.sqrt(share * (1 - share) / n)


def parse(model: type[Model], content: bytes) -> Model:
    """The ``model`` in JSON ``content``; ValueError, in one line, if there is none."""
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        key = " ".join(".".join(map(str, first["loc"])).split())  # a key may have line breaks
        raise ValueError(f"{key or 'content'}: {first['msg']}") from None
