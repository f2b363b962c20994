"""A study as a YAML file: a claim, the arms that test it, and what is expected of them."""

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from pathlib import Path
from typing import Any

from nnbasic.compare.factors import Choice
from nnbasic.configs import Config, ConfigError, Problem, flow, load, loads
from nnbasic.configs.errors import KeyPath, described
from nnbasic.configs.loading import Draft
from nnbasic.configs.sources import read
from nnbasic.configs.text import Document
from nnbasic.studies.expectation import Expectation, parse
from nnbasic.studies.measures import measure
from nnbasic.sweeps.learning_rates import at_rate
from nnbasic.sweeps.plan import Cell, word

SHIPPED = Path(__file__).resolve().parent

REQUIRED = ("claim", "config", "arms", "measure", "expect")
OPTIONAL = ("source", "learning_rate", "seeds")

SEED = "seed"
"""What the share of chance is called among the choices."""

FEWEST_SEEDS = 3
"""For a share of variance: of fewer, one cannot be left out."""

CROSSED = "such as `{activation: [relu, tanh], init: [he, xavier]}`"


@dataclass(frozen=True)
class Study:
    """A claim and its test.

    Each of the ``cells``, one an arm, is trained with all ``seeds``. Either each has its learning
    rate ``searched`` on validation data, or the rates of the configs are used, for the reason
    ``fixed``.
    """

    name: str
    claim: str
    source: str
    cells: tuple[Cell, ...]
    fixed: str | None
    seeds: range
    expect: tuple[Expectation, ...]
    choices: tuple[Choice, ...] = ()

    @property
    def searched(self) -> bool:
        return self.fixed is None

    def scope(self) -> str:
        """For which networks, epochs and learning rates a verdict holds."""
        configs = [cell.config for cell in self.cells]
        nets = _different(map(_net, (config.layers for config in configs)))
        epochs = _different(f"{config.epochs}" for config in configs)
        rates = _different(f"{config.optimizer.lr:g}" for config in configs)
        how = self._rates() if self.searched else f"{rates}: {self.fixed}"
        return f"{nets}; {epochs} epoch{'s' * (epochs != '1')}; learning rate {how}"

    def _rates(self) -> str:
        """The rates that were found, and for which arms: ``searched: 0.1 (relu), 1 (tanh)``."""
        found: dict[str, list[str]] = {}
        for cell in self.cells:
            if cell.rate_search is None:
                return "searched for each arm"
            edge = " at the edge of the grid" * cell.rate_search.at_edge
            found.setdefault(f"{cell.config.optimizer.lr:g}{edge}", []).append(cell.name)
        return "searched: " + ", ".join(f"{rate} ({', '.join(own)})" for rate, own in found.items())


def shipped() -> list[str]:
    """The names of the studies that come with nnbasic."""
    return sorted(file.stem for file in SHIPPED.glob("*.yaml"))


def find(name: str) -> Path:
    """The file that ``name`` means: a path, or a shipped study; ConfigError if there is none."""
    for path in (Path(name), SHIPPED / f"{name}.yaml"):
        if os.path.isfile(path):  # noqa: PTH113 - Path raises for what can be no path
            return path
    close = difflib.get_close_matches(name.lower(), shipped())
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    message = f"there is no such file or study; {hint}`nnbasic study list` shows the studies"
    raise ConfigError([Problem(message, place=name)])


def read_study(name: str) -> Study:
    """The study that ``name`` means, as `find` does; ConfigError with all its problems."""
    path = find(name)
    return _Reader(Draft(Document(read(path), str(path)), ()), path).study()


class _Reader:
    """Reads a study, and collects its problems."""

    def __init__(self, draft: Draft, path: Path) -> None:
        self.draft = draft
        self.path = path
        self.problems: list[Problem] = []
        self.content = draft.root
        self.choices: tuple[Choice, ...] = ()

    def study(self) -> Study:
        if not isinstance(self.content, dict):
            self._problem((), "must be keys and values: claim, config, arms, measure, expect")
        else:
            for key in self.content:
                if key not in REQUIRED + OPTIONAL:
                    known = ", ".join(REQUIRED + OPTIONAL)
                    self._problem((key,), f"is no key of a study; the keys are {known}")
            for key in REQUIRED:
                if key not in self.content:
                    self._problem((), f"lacks the key {key}")
        self._stop()
        claim, source = self._text("claim"), self._text("source", "")
        seeds, fixed = self._seeds(), self._fixed()
        cells = self._cells()
        self._check(cells, searched=fixed is None)
        self._stop()
        expect = self._expect([cell.name for cell in cells], seeds)
        self._stop()
        first = cells[0].config.seed
        every = range(first, first + seeds)
        return Study(self.path.stem, claim, source, cells, fixed, every, expect, self.choices)

    def _text(self, key: str, default: str | None = None) -> str:
        value = self.content.get(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return " ".join(value.split())
        self._problem((key,), f"must be text; this is {described(value)}")
        return ""

    def _seeds(self) -> int:
        value = self.content.get("seeds", 3)
        if type(value) is int and 2 <= value <= 1000:
            return value
        self._problem(("seeds",), f"must be a whole number from 2 to 1000, not {described(value)}")
        return 2

    def _fixed(self) -> str | None:
        value = self.content.get("learning_rate", "searched")
        if value == "searched":
            return None
        why = value.get("fixed") if isinstance(value, dict) and len(value) == 1 else None
        if isinstance(why, str) and why.strip():
            return " ".join(why.split())
        message = "must be `searched`, or say why it is not, as in `{fixed: all arms at one rate}`"
        if isinstance(value if why is None else why, int | float):
            message += "; the rate itself is optimizer.lr of the config or of an arm"
        self._problem(("learning_rate",), message)
        return None

    def _arms(self) -> Any:
        """Arm → changes: of lists of values, which are choices, every combination."""
        arms = self.content["arms"]
        if not (isinstance(arms, dict) and all(isinstance(each, list) for each in arms.values())):
            return arms
        self.choices = tuple((key, tuple(map(flow, values))) for key, values in arms.items())
        for key, values in arms.items():
            if len({word(key, value) for value in values}) < max(2, len(values)):
                self._problem(("arms", key), "must be a list of two different values or more")
        return {
            "-".join(map(word, arms, values)): dict(zip(arms, values, strict=True))
            for values in product(*arms.values())
        }

    def _cells(self) -> tuple[Cell, ...]:
        arms = self._arms()
        if not (isinstance(arms, dict) and len(arms) > 1):
            self._problem(("arms",), "must be a mapping of two arms or more, each with its changes")
            return ()
        cells: dict[str, Cell] = {}
        for arm, changes in arms.items():
            if not isinstance(changes, dict | None):
                message = f"must be a mapping such as `activation: tanh`, not {described(changes)}"
                self._problem(("arms", arm), message)
            elif " " in arm:
                self._problem(("arms", arm), "the name of an arm has no spaces")
            elif config := self._config(("arms", arm), changes or {}):
                same = cells.setdefault(config.identity(), Cell(arm, config))
                if same.name != arm:
                    self._problem(("arms", arm), f"does not differ from {same.name}")
        return tuple(cells.values())

    def _config(self, path: KeyPath, changes: Mapping[str, Any]) -> Config | None:
        """The config with the ``changes`` of an arm; its problems are placed where the arm is."""
        base = self.content["config"]
        overrides = _overrides(changes)
        try:
            if not isinstance(base, dict):
                return load(str(base), overrides)
            plain = {key: value for key, value in base.items() if "." not in key}
            dotted = _overrides({key: base[key] for key in base.keys() - plain.keys()})
            folder = self.path.parent  # where plugins are looked for
            return loads(flow(plain), [*dotted, *overrides], place="config", folder=folder)
        except ConfigError as error:
            for problem in error.problems:
                place = path if problem.place.startswith("--set ") else ("config",)
                keys = problem.key.split(".") if problem.key else ()
                self._problem((*place, *keys), problem.message)
            return None

    def _check(self, cells: Sequence[Cell], searched: bool) -> None:
        """What a study asks of the configs of its arms, beyond their own rules."""
        at_one_rate: dict[str, str] = {}
        for cell in cells:
            path, config = ("arms", cell.name), cell.config
            if config.data.validation == 0:
                self._problem(path, "needs validation images; set data.validation above 0")
            if not config.diagnostics:  # studies share runs, so not only for some measures
                self._problem(path, "needs diagnostics; leave out `diagnostics: false`")
            if config.seed != cells[0].config.seed:
                self._problem(path, "has another seed; all arms have the seeds of the study")
            same = at_one_rate.setdefault(at_rate(config, 1.0).identity(), cell.name)
            if searched and same != cell.name:
                message = f"differs from {same} only in its learning rate, which is searched"
                self._problem(path, f"{message}; say `learning_rate: {{fixed: why}}`")

    def _expect(self, arms: Sequence[str], seeds: int) -> tuple[Expectation, ...]:
        found: list[Expectation] = []
        entries = self.content["expect"]
        if not (isinstance(entries, list) and entries):
            self._problem(("expect",), "must be a list of inequalities between arms")
            return ()
        usual = self._text("measure")
        choices = [*(key for key, _ in self.choices), SEED]
        crossed = self.choices and seeds >= FEWEST_SEEDS
        for index, entry in enumerate(entries):
            name, text = usual, entry
            if isinstance(entry, dict) and len(entry) == 1:
                ((name, text),) = entry.items()
            try:
                if not isinstance(text, str):
                    raise ValueError(f"must be an inequality; this is {described(entry)}")
                measured = measure(name)
                if measured.of_choices and not crossed:
                    raise ValueError(f"{name} needs {FEWEST_SEEDS} seeds, and arms {CROSSED}")
                names = choices if measured.of_choices else arms
                found.append(parse(text, measured, names))
            except ValueError as error:
                self._problem(("expect", index), str(error))
        return tuple(found)

    def _problem(self, path: KeyPath, message: str) -> None:
        problem = self.draft.problem(path, message)
        if problem not in self.problems:  # one of the config itself is found with each arm
            self.problems.append(problem)

    def _stop(self) -> None:
        if self.problems:
            raise ConfigError(self.problems)


def _overrides(changes: Mapping[str, Any]) -> list[str]:
    return [f"{key}={flow(value)}" for key, value in changes.items()]


def _net(layers: Sequence[int]) -> str:
    """``784-20×100-10``: what is written out where no more than two layers in a row are equal."""
    sizes = [(size, len(list(equal))) for size, equal in groupby(layers)]
    parts = (f"{n}×{size}" if n > 2 else "-".join([str(size)] * n) for size, n in sizes)
    return "-".join(parts)


def _different(values: Any) -> str:
    return ", ".join(dict.fromkeys(values))
