"""What `run.json`, `user.json` and a line of `metrics.jsonl` hold, as types."""

import json
import math
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from nnbasic.data.scale import Scale

SCHEMA_VERSION = 3
"""Raised when a record changes so that older ones can no longer be read."""

MOST_SCORES = 100
"""A CSV file has a column for each."""

NEAR_CHANCE = 1.5
"""A run that ends with less than so many times the accuracy of guessing has collapsed."""

Status = Literal["running", "finished", "interrupted", "failed", "diverged"]


def _is_moment(text: str) -> bool:
    """Whether ``text`` is a time as `nnbasic.training.environment.now` writes it."""
    time = datetime.fromisoformat(text)
    return time.tzinfo is not None and 1970 <= time.year < 9999


Count = Annotated[int, lambda n: 0 <= n < 2**53]
Size = Annotated[int, lambda n: 1 <= n < 2**53]
Units = Annotated[int, lambda n: n >= 1]
Share = Annotated[float, lambda x: 0 <= x <= 1]
Seconds = Annotated[float, lambda x: 0 <= x < 1e12]
Rate = Annotated[float, lambda x: x > 0]
Moment = Annotated[str, _is_moment]

_hints = cache(partial(get_type_hints, include_extras=True))


def from_json(kind: Any, content: Any, path: str = "") -> Any:
    """``content``, a value of JSON, as ``kind``; ValueError, in one line, names what does not fit.

    ``kind`` is a scalar, a Literal, Any, a dataclass, a list or dict of these, one of these or
    None, or one Annotated with a function that says whether the value will do. Keys that a
    dataclass does not have are left out.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        found = from_json(arguments[0], content, path)
        if not arguments[1](found):
            raise ValueError(f"{path}: is out of range")
        return found
    if type(None) in arguments:
        return None if content is None else from_json(arguments[0], content, path)
    if origin is list and isinstance(content, list):
        return [from_json(arguments[0], each, path) for each in content]
    if origin is dict and isinstance(content, dict):
        of_keys, of_values = arguments
        return {of_keys(key): from_json(of_values, each, path) for key, each in content.items()}
    if isinstance(kind, type) and is_dataclass(kind) and isinstance(content, dict):
        for each in fields(kind):
            if each.name not in content and each.default is each.default_factory is MISSING:
                raise ValueError(f"{path}.{each.name}: is missing".strip("."))
        known = {name: hint for name, hint in _hints(kind).items() if name in content}
        paths = {name: f"{path}.{name}".strip(".") for name in known}
        return kind(**{name: from_json(known[name], content[name], paths[name]) for name in known})
    if kind is float and type(content) is int:
        return float(content)
    if kind is Any or type(content) is kind or (origin is Literal and content in arguments):
        return content
    raise ValueError(f"{path or 'content'}: has a value of another kind than it must have")


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """A line of `metrics.jsonl`: what an epoch came to, and the time so far.

    All that concerns validation is None without a validation split. A number that is not finite
    becomes None, and ``non_finite`` says what it was.
    """

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
    scores: dict[str, float | None] = field(default_factory=dict)
    """``val_`` and the name of each of `nnbasic.model.METRICS` but accuracy → what it came to."""
    non_finite: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.scores) > MOST_SCORES or not all(key[:4] == "val_" for key in self.scores):
            raise ValueError("scores: are not those of a few metrics")
        for values in (vars(self), self.scores):
            for key, value in values.items():
                if isinstance(value, float) and not math.isfinite(value):
                    self.non_finite[key] = str(value)
                    values[key] = None

    def line(self) -> str:
        return json.dumps(asdict(self), allow_nan=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class RateSearch:
    """How a sweep chose ``optimizer.lr`` for a run: see `nnbasic.sweeps.learning_rates`."""

    given: Rate
    """The learning rate of the config that the sweep started from."""
    chosen: Rate
    tried: dict[float, Share]
    """Learning rate → mean validation accuracy over the trials; a diverged trial counts as 0."""
    seeds: Size
    """How many trials there were at each rate."""

    def __post_init__(self) -> None:
        if not self.tried or not all(0 < rate < math.inf for rate in self.tried):
            raise ValueError("a search for a learning rate has tried none")

    @property
    def at_edge(self) -> bool:
        """Whether a rate beyond those tried may be better."""
        return self.chosen in (min(self.tried), max(self.tried))

    def __str__(self) -> str:
        tried = ", ".join(
            f"{100 * self.tried[rate]:.2f} % at {rate:g}" for rate in sorted(self.tried)
        )
        edge = " (at the edge of the grid)" * self.at_edge
        return (
            f"optimizer.lr {self.chosen:g}{edge} chosen by the mean"
            f" validation accuracy of {self.seeds} other seeds: {tried}"
        )


@dataclass(frozen=True, kw_only=True)
class Record:
    """What `run.json` holds. An accuracy is a share of images, rounded once."""

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
    plugins: dict[str, str] = field(default_factory=dict)
    """The SHA-256 of each plugin's file, by its path in the config."""
    versions: dict[str, str | None]
    machine: dict[str, Any]
    threads: Size
    warnings: list[str] = field(default_factory=list)
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

    def __post_init__(self) -> None:
        """ValueError for what those who read the record would trip over."""
        if not (abs(self.scale.multiplier) < 1e9 and abs(self.scale.offset) < 1e9):
            raise ValueError("its scale is none for pixels")
        if not from_json(list[Units], self.config.get("layers", [1]), "config.layers"):
            raise ValueError("config.layers: is empty")
        from_json(int, self.config.get("seed", 0), "config.seed")

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
    def fell_back(self) -> bool:
        """Whether it has the built-in digits because MNIST, which ``auto`` prefers, was missing."""
        wanted = self.config.get("data")
        auto = isinstance(wanted, dict) and wanted.get("dataset") == "auto"
        return auto and self.dataset == "digits"

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


@dataclass(kw_only=True)
class User:
    """What `user.json` holds: the only file that is edited after the run."""

    name: str
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    sweeps: list[str] = field(default_factory=list)
    """The ids of the sweeps that asked for it, also of those that found it there."""


def binomial_error(share: float, n: int) -> float:
    """Standard error √(p(1 - p)/n) of a ``share`` of ``n`` independent cases."""
    return math.sqrt(share * (1 - share) / n)


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """95 % confidence interval of a ``share`` of ``n`` independent cases, right near 0 and 1 too.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    z = 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)
