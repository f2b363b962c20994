"""Sweeps: every combination of choices with the same seeds, and what is left of them to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from nnbasic.configs import Config, load
from nnbasic.runs.files import RunError
from nnbasic.runs.locate import all_runs
from nnbasic.runs.record import Run

Choice = tuple[str, Any]
"""A config key and the value that a cell gives it."""


@dataclass(frozen=True)
class Cell:
    """One combination of choices, as a config with the first of the seeds."""

    choices: tuple[Choice, ...]
    config: Config
    note: str = ""
    """How the learning rate was chosen, if it was."""

    @property
    def name(self) -> str:
        """What its runs are called: ``relu-he``, ``leaky_relu-0.2-he``."""
        return "-".join(_word(value) for _, value in self.choices) or "sweep"

    def jobs(self, seeds: int) -> list[Job]:
        """One job for each of ``seeds`` seeds, from the config's own upwards."""
        first = self.config.seed
        return [
            Job(self.config.model_copy(update={"seed": seed}), self.name, self.note)
            for seed in range(first, first + seeds)
        ]


@dataclass(frozen=True)
class Job:
    """One run that a sweep asks for; ``run`` is one that has begun it and can go on."""

    config: Config
    name: str
    note: str = ""
    run: Run | None = None

    @property
    def label(self) -> str:
        return f"{self.name} seed {self.config.seed}"


def parse_vary(text: str) -> tuple[str, list[Any]]:
    """The key and the values of ``activation=relu,tanh`` or ``layers=[784, 10],[784, 30, 10]``.

    RunError if it is not of that form.
    """
    key, equals, values = text.partition("=")
    try:
        parsed = yaml.safe_load(f"[{values}]") if equals and key.strip() else None
    except yaml.YAMLError:
        parsed = None
    if not parsed:
        raise RunError(
            f"--vary {text}: must be KEY=VALUE,VALUE as in activation=relu,tanh; a mapping is a"
            " value too: 'activation={name: elu, alpha: 0.5},relu'"
        )
    return key.strip(), parsed


def cells(source: str, overrides: Sequence[str], vary: Sequence[str]) -> list[Cell]:
    """Every combination of the values in ``vary``, each applied to the config ``source``.

    Raises ConfigError for a combination that is no valid config, RunError for a wrong ``vary``.
    """
    axes = [parse_vary(text) for text in vary]
    keys = [key for key, _ in axes]
    if len(set(keys)) < len(keys):
        raise RunError(f"--vary names a key twice ({', '.join(keys)}); give all its values at once")
    found = []
    for values in product(*(values for _, values in axes)):
        choices = tuple(zip(keys, values, strict=True))
        changes = [f"{key}={_flow(value)}" for key, value in choices]
        found.append(Cell(choices, load(source, [*overrides, *changes])))
    return found


def outstanding(jobs: Iterable[Job], runs: Path, hashes: Mapping[str, str]) -> list[Job]:
    """What is left of ``jobs``, judged by the runs that are there.

    ``hashes`` is the SHA-256 of each data set that a config of the jobs names.

    A job is done if a run of the same config, seed and data has finished or diverged (which it
    would do again), and left alone if one is running; an interrupted or crashed run is taken up
    again; a failed one is repeated.
    """
    begun: dict[tuple[str, int, str], list[tuple[str, Run]]] = {}
    for run in all_runs(runs):
        try:
            record = run.record()
        except RunError:
            continue
        key = (record.identity, record.config["seed"], record.dataset_sha256)
        begun.setdefault(key, []).append((run.status(record), run))
    left = []
    for job in jobs:
        key = (job.config.identity(), job.config.seed, hashes[job.config.data.dataset])
        there = begun.get(key, [])
        if any(status in ("finished", "diverged", "running") for status, _ in there):
            continue
        stopped = [run for status, run in there if status in ("interrupted", "crashed")]
        left.append(replace(job, run=stopped[-1] if stopped else None))
    return left


def _flow(value: Any) -> str:
    """``value`` as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**6)
    return text.removesuffix("...\n").strip()


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return "-".join(_word(part) for part in value.values())
    if isinstance(value, list):
        return "-".join(_word(part) for part in value)
    return str(value)
