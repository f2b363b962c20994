"""Many runs, read once: what list, diff, export and compare work on."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic import configs
from nnbasic.data.files import read_bytes
from nnbasic.training.directory import ForeignError, Run, VersionError
from nnbasic.training.lookup import LATEST, all_runs, matching, newest
from nnbasic.training.storage import LARGEST_LINES, Lines, RunError, has_epoch, read_lines

if TYPE_CHECKING:
    from nnbasic.training.record import Record, User

NAMED = 5
"""How many directories of one kind that cannot be read are named one by one."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True, eq=False)
class RunData:
    """A run with what is known about it; the longer files are read when they are first needed.

    Two are equal only if they are the same object: what is worked out from one is kept with it.
    ``status`` is the derived one: a recorded ``running`` is ``crashed`` if its process has gone.
    """

    run: Run
    record: Record
    user: User
    status: str

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`, one per epoch."""
        return self._metrics.rows

    @property
    def diagnostics(self) -> list[dict[str, Any]]:
        """The lines of `diagnostics.jsonl`, from epoch 0; empty if they were turned off."""
        return self._diagnostics.rows

    @property
    def problem(self) -> str | None:
        """What is wrong with these two files."""
        return self._metrics.problem or self._diagnostics.problem

    @cached_property
    def _metrics(self) -> Lines:
        return self.run.course()

    @cached_property
    def _diagnostics(self) -> Lines:
        return read_lines(self.run.directory / "diagnostics.jsonl", has_epoch)

    @cached_property
    def flat(self) -> dict[str, Scalar]:
        """The config with dotted keys."""
        return flatten(self.record.config)


def flatten(config: Mapping[str, Any]) -> dict[str, Scalar]:
    """``config`` with dotted keys such as ``optimizer.lr``; a list becomes one line of YAML."""
    flat: dict[str, Scalar] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": each for inner, each in flatten(value).items()}
        else:
            flat[key] = flow(value) if isinstance(value, list) else value
    return flat


def flow(value: Any) -> str:
    """``value`` as YAML on one line; a component without hyperparameters is its name alone."""
    return _flow(json.dumps(value))


@functools.lru_cache  # a thousand runs have few different lists, and writing YAML is slow
def _flow(text: str) -> str:
    def short(value: Any) -> Any:
        if isinstance(value, list):
            return list(map(short, value))
        return value["name"] if isinstance(value, dict) and list(value) == ["name"] else value

    return configs.flow(short(json.loads(text)))


def collect(
    runs_dir: Path, selectors: Sequence[str] = (), *, whole: bool = False
) -> tuple[list[RunData], list[str]]:
    """Read the runs in ``runs_dir``, or those that ``selectors`` mean; returns runs and problems.

    The runs are ordered from the oldest on. A selector is an id, the beginning of ids, a name, a
    tag or a directory, and may mean several runs; RunError if it means none. There is a problem,
    one line, for each directory that could not be read or only in part; with ``whole`` the longer
    files are looked into too. Of directories that are no runs, and of runs of another version of
    nnbasic, a few are named and the rest counted.
    """
    data: list[RunData] = []
    problems: list[str] = []
    often: dict[type[RunError], list[str]] = {VersionError: [], ForeignError: []}
    for run in _selected(runs_dir, selectors):
        try:
            found, problem = read(run, whole=whole)
        except RunError as error:
            often.get(type(error), problems).append(str(error))
            continue
        data.append(found)
        if problem:
            problems.append(problem)
    for lines in often.values():
        problems += lines[:NAMED]
        if more := len(lines[NAMED:]):
            directories = "directory" if more == 1 else "directories"
            problems.append(f"{runs_dir}: and {more} more such {directories}")
    return sorted(data, key=lambda each: (each.record.started, each.run.id)), problems


def read(run: Run, *, whole: bool = False) -> tuple[RunData, str | None]:
    """Read a run, and say which of its files is torn, if any; RunError if it cannot be read.

    Without ``whole`` the lines of the longer files are counted, which keeps a list of a thousand
    runs quick.
    """
    record = run.record()
    data = RunData(run, record, run.user(), run.status(record))
    # a process that is at work may be in the middle of a line
    lost = None if data.status == "running" else _lost_epochs(run, record)
    return data, lost or (data.problem if whole and data.status != "running" else None)


def _selected(runs_dir: Path, selectors: Sequence[str]) -> list[Run]:
    found = list(all_runs(runs_dir))
    if not selectors:
        return found

    @functools.cache
    def words(run: Run) -> list[str]:
        user = run.user()
        return [user.name, *user.tags]

    chosen: dict[Path, Run] = {}
    for text in selectors:
        matches = matching(text, found, words)
        if not matches and text == LATEST:
            matches = [newest(runs_dir)]
        if not matches:
            raise RunError(
                f"no run {text!r} in {runs_dir}: give an id, the beginning of one, a name, a tag"
                " or a directory"
            )
        chosen |= {run.directory.resolve(): run for run in matches}
    return list(chosen.values())


def _lost_epochs(run: Run, record: Record) -> str | None:
    """What is wrong if `metrics.jsonl` has fewer whole lines than ``record`` has epochs."""
    path = run.directory / "metrics.jsonl"
    try:
        content = read_bytes(path, LARGEST_LINES)
    except FileNotFoundError:
        content = b""
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    whole = content.count(b"\n")
    if whole < record.epoch:
        return f"{path}: torn, it has {whole} of {record.epoch} epochs; the rest is lost"
    if content and not content.endswith(b"\n"):
        return f"{path}: torn after epoch {whole}; the incomplete line after it is ignored"
    return None
