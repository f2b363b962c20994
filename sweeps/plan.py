"""The plan of a sweep: every combination with the same seeds, what is left, and how a job ends."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from nnbasic.configs import Config, ConfigError, Problem, dump, flow, load
from nnbasic.configs.text import Document
from nnbasic.sweeps.worker import Task
from nnbasic.training import environment
from nnbasic.training.collection import all_runs
from nnbasic.training.directory import Run
from nnbasic.training.record import RateSearch, Record
from nnbasic.training.storage import RunError

ENDED = ("finished", "collapsed", "diverged")
"""The statuses of runs with which there is nothing left to do."""

Key = tuple[str, int, str, bool, frozenset[str]]
"""What makes two runs the same: identity of the config, seed, SHA-256 of the data, whether their
rate was searched, and the SHA-256 of each plugin, wherever its file is. A run with a fixed rate
does not stand in for one whose search happened to choose this rate: the two belong to different
comparisons."""

Images = tuple[str, str]
"""What identifies a data set: its name and SHA-256."""


@dataclass(frozen=True)
class Cell:
    """One combination of choices, as a config with the first of the seeds."""

    name: str
    """What its runs are called: ``relu-he``, ``leaky_relu-0.2-he``."""
    config: Config
    rate_search: RateSearch | None = None
    """How its learning rate was chosen, if it was searched."""


@dataclass(frozen=True)
class Job:
    """One run that a sweep asks for; ``begun`` is an interrupted one that can be resumed."""

    config: Config
    name: str
    rate_search: RateSearch | None
    dataset: str
    sha256: str
    begun: Run | None = None
    queued: str = field(default_factory=environment.now)
    """When it was planned."""

    @cached_property
    def key(self) -> Key:
        """Its key with the plugins as they are when it is first asked for."""
        searched = self.rate_search is not None
        plugins = frozenset(environment.plugins_sha256(self.config.plugins).values())
        return (self.config.identity(), self.config.seed, self.sha256, searched, plugins)

    def task(self, runs: Path, data: Path | None, sync: bool = True) -> Task:
        """What to send to the process that trains it."""
        return Task(
            config=dump(self.config),
            name=self.name,
            rate_search=self.rate_search,
            queued=self.queued,
            images=self.config.data.model_dump(),
            dataset=self.dataset,
            sha256=self.sha256,
            runs=str(runs),
            data=None if data is None else str(data),
            sync=sync,
            resume=None if self.begun is None else str(self.begun.directory),
        )


class Attempt(NamedTuple):
    """A run that exists, and its status."""

    status: str
    run: Run
    record: Record


class Progress(NamedTuple):
    """How many epochs of a job have been trained."""

    job: Job
    epochs: int


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``status`` is that of its run, ``message`` the reason for a bad end."""

    job: Job
    status: str
    message: str = ""
    val_accuracy: float | None = None
    """The best validation accuracy, if the run got that far and has a validation split."""
    run: Run | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do here."""
        return self.status in (*ENDED, "running")


def cells(source: str, overrides: Sequence[str], vary: Sequence[str]) -> list[Cell]:
    """Every combination of the values in ``vary``, each applied to the config ``source``.

    Raises ConfigError if some are not valid configs, naming each, and RunError if two are the same.
    """
    base = load(source, overrides)
    axes = [parse_vary(text) for text in vary]
    keys = [key for key, _ in axes]
    if len(set(keys)) < len(keys):
        raise RunError(f"--vary names a key twice ({', '.join(keys)}); give all its values at once")
    found: dict[str, Cell] = {}
    problems: dict[str, Problem] = {}
    for values in product(*(values for _, values in axes)):
        changes = [f"{key}={flow(value)}" for key, value in zip(keys, values, strict=True)]
        combination = " ".join(changes)
        try:
            config = load(source, [*overrides, *changes]) if changes else base
        except ConfigError as error:
            for problem in error.problems:  # one that many combinations have is told once
                place = f"the combination {combination}"  # not the change that caused it
                if problem.place.removeprefix("--set ") not in changes:
                    place += f": {problem.place}"
                problems.setdefault(str(problem), replace(problem, place=place))
            continue
        name = "-".join(map(word, keys, values)) or Path(source).stem
        if config.identity() in found:
            raise RunError(f"--vary asks for the same config again with {combination}")
        found[config.identity()] = Cell(name, config)
    if problems:
        raise ConfigError(problems.values())
    return list(found.values())


def parse_vary(text: str) -> tuple[str, list[Any]]:
    """The key and values in ``activation=relu,tanh`` or ``layers=[784, 10],[784, 30, 10]``.

    Raises RunError if it has another form, ConfigError if the values are not YAML.
    """
    key, equals, values = text.partition("=")
    if key.strip() == "seed":
        raise RunError("--vary seed: say how many seeds with --seeds, and the first with --set")
    if not (equals and key.strip() and values.strip()):
        raise RunError(
            f"--vary {text}: must be KEY=VALUE,VALUE as in activation=relu,tanh; a"
            " mapping is a value too: 'activation={name: elu, alpha: 0.5},relu'"
        )
    place = f"--vary {text}"
    try:
        choices = Document(f"[{values}]", place).value
        if key.strip() == "activation" and len(choices) == 1 and isinstance(choices[0], list):
            raise RunError(
                f"{place}: the list is one value, a net with a different activation in each layer;"
                " for a net with each, leave out the brackets; for that one net, use --set"
            )
        return key.strip(), choices
    except ConfigError as error:
        found = [Problem(problem.message, key.strip(), place) for problem in error.problems]
        raise ConfigError(found) from None


def jobs(cells: Sequence[Cell], seeds: Sequence[int], datasets: Mapping[str, Images]) -> list[Job]:
    """A job for each of ``cells`` with each of ``seeds``.

    ``datasets`` holds the data set of each `Data.source`. All cells have their first
    seed before any has its second, so that a part of a sweep can be compared too.
    """
    found = []
    for seed, cell in product(seeds, cells):
        config = replace(cell.config, seed=seed)
        found.append(Job(config, cell.name, cell.rate_search, *datasets[config.data.source]))
    return found


def attempts(runs: Path, known: Collection[Path] = ()) -> dict[Key, list[Attempt]]:
    """The runs in ``runs`` by their keys, oldest first, but for unreadable and ``known`` ones."""
    found: dict[Key, list[Attempt]] = {}
    for run in all_runs(runs):
        if run.directory in known:
            continue
        try:
            record = run.record()
            attempt = Attempt(run.status(record), run, record)
        except RunError:
            continue
        searched = record.rate_search is not None
        seed, plugins = record.config.get("seed", -1), frozenset(record.plugins.values())
        key = (record.identity, seed, record.dataset_sha256, searched, plugins)
        found.setdefault(key, []).append(attempt)
    return found


def outstanding(jobs: Iterable[Job], there: Mapping[Key, Sequence[Attempt]]) -> list[Job]:
    """Which of ``jobs`` still have to be trained, given the runs that are ``there``.

    A job is done if a run with its key has `ENDED` (as it would again), and left
    alone if one is running; an interrupted or crashed run is resumed; a failed one is repeated.
    """
    left: dict[Key, Job] = {}
    for job in jobs:
        mine = there.get(job.key, ())
        if any(attempt.status in (*ENDED, "running") for attempt in mine):
            continue
        begun = [each.run for each in mine if each.status in ("interrupted", "crashed")]
        left.setdefault(job.key, replace(job, begun=begun[-1] if begun else None))
    return list(left.values())


def changed_plugins(left: Iterable[Job], there: Mapping[Key, Sequence[Attempt]]) -> Counter[str]:
    """Name of a plugin's file → how many of the jobs that are ``left`` were run with another."""
    found = Counter[str]()
    for job in left:
        now = environment.plugins_sha256(job.config.plugins)
        if now:
            alike = [own for key, own in there.items() if key[:-1] == job.key[:-1]]
            before = {each for own in alike for a in own for each in a.record.plugins.items()}
            found.update({Path(p).name for p, sha256 in before if now.get(p, sha256) != sha256})
    return found


def outcome(job: Job, run: Run | None, words: str) -> Outcome:
    """The outcome in the record of ``run``; ``words`` are the last ones of its process."""
    if run is None:
        return Outcome(job, "failed", words or "interrupted before it began")
    try:
        record = run.record()
        status = run.status(record)
    except RunError as error:
        return Outcome(job, "failed", str(error), run=run)
    return Outcome(job, status, record.reason or words, record.val_accuracy, run)


def word(key: str, value: Any) -> str:
    """``value`` in the name of a run, after the last part of ``key`` unless it has a name itself.

    ``relu`` for activation=relu, ``leaky_relu-0.2`` for a mapping, ``lr-0.1`` for optimizer.lr=0.1.
    """
    scalars = list(_scalars(value))
    words = [flow(scalar) for scalar in scalars]
    named = scalars and isinstance(scalars[0], str)
    return "-".join(words if named else [key.rpartition(".")[2], *words])


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _scalars(part)
    else:
        yield value
