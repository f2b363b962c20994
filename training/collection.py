"""The runs of a folder: found by id, name, tag or directory, and read, whole and broken ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic.configs.errors import printable
from nnbasic.training.choices import SEARCHED, Values, flatten
from nnbasic.training.directory import ForeignError, Run, VersionError
from nnbasic.training.storage import Lines, RunError

if TYPE_CHECKING:
    from nnbasic.training.record import EpochRow, Record, User

DIRECTORY = Path("runs")

LATEST = "latest"
"""The newest run, where commands take a RUN."""

NAMED = 5
"""How many directories of one kind that cannot be read are named one by one."""


@dataclass(frozen=True, eq=False)
class RunData:
    """A run with what is known about it; the longer files are read when they are first needed.

    Two are equal only if they are the same object. ``status`` is the derived one: a recorded
    ``running`` is ``crashed`` if its process has gone.
    """

    run: Run
    record: Record
    user: User
    status: str

    @classmethod
    def read(cls, run: Run) -> RunData:
        """Read the short files of ``run``; RunError if it has no record that can be used."""
        record = run.record()
        return cls(run, record, run.user(), run.status(record))

    @property
    def metrics(self) -> list[EpochRow]:
        """The lines of `metrics.jsonl`, one per epoch."""
        return self._metrics.rows

    @property
    def diagnostics(self) -> list[dict[str, Any]]:
        """The lines of `diagnostics.jsonl`, from epoch 0; empty if they were turned off."""
        return self._diagnostics.rows

    @cached_property
    def _metrics(self) -> Lines[EpochRow]:
        return self.run.metrics_lines()

    @cached_property
    def _diagnostics(self) -> Lines[dict[str, Any]]:
        return self.run.diagnostics_lines()

    @property
    def problem(self) -> str | None:
        """What is wrong with these two files; a run at work may be in the middle of a line."""
        if self.status == "running":
            return None
        there, epochs = len(self.metrics), self.record.epoch
        lost = f"{self.run.directory}/metrics.jsonl: torn, it has {there} of {epochs} epochs"
        problem = self._metrics.problem or self._diagnostics.problem
        return problem or (lost if there < epochs else None)

    @cached_property
    def flat(self) -> Values:
        """The config with dotted keys."""
        return flatten(self.record.config)

    @cached_property
    def values(self) -> Values:
        """What it was made of; a component's name stands under the component's own key.

        Keys are printable: a record may hold any.
        """
        content = {printable(key.removesuffix(".name")): value for key, value in self.flat.items()}
        content.pop("seed", None)
        # records are read leniently, so these may be missing
        content |= {key: content.get(key) for key in ("epochs", "data.validation")}
        if self.record.rate_search is not None:
            content[SEARCHED] = True
        dataset = f"{self.record.dataset} {self.record.dataset_sha256}"
        return content | {"dataset": dataset, "code": self.record.code_sha256}


def all_runs(runs: Path = DIRECTORY) -> Iterator[Run]:
    """The runs in ``runs``, oldest first; hidden folders and Python's caches are left out.

    RunError if the folder cannot be read.
    """
    if runs.is_dir():
        try:
            directories = sorted(runs.iterdir())
        except OSError as error:
            raise RunError(f"{runs}: cannot be read: {error.strerror}") from None
        for directory in directories:
            if directory.name[0] not in "._" and directory.is_dir():
                yield Run(directory)


def newest(runs: Path = DIRECTORY) -> Run:
    """The run that was started last; RunError if there is none whose record can be read."""
    if found := _newest(all_runs(runs)):
        return found
    raise RunError(f"{runs}: there is no run yet; start one with `nnbasic train --config relu`")


def _newest(runs: Iterable[Run]) -> Run | None:
    started: dict[str, Run] = {}
    for run in runs:
        with contextlib.suppress(RunError):  # a broken run, or a directory that is none
            started[run.record().started] = run
    return started[max(started)] if started else None


def find(text: str, *folders: Path) -> Run:
    """The one run in ``folders`` (without any, in ./runs) that ``text`` means.

    ``text`` is a directory, an id, a unique prefix of one, or a name. RunError if it means no run,
    or several.
    """
    return _only(text, _named(text, *folders))


def find_newest(text: str, *folders: Path) -> tuple[Run, int]:
    """`find`, or the newest of the runs that share the name ``text``; and how many share it.

    `LATEST` is the newest run of all.
    """
    if text == LATEST:
        return newest(*folders), 1
    matches = _named(text, *folders)
    named = [run for run in matches if not run.id.startswith(text)]
    if len(named) > 1 and (run := _newest(named)):
        return run, len(named)
    return _only(text, matches), 1


def _named(text: str, *folders: Path) -> list[Run]:
    folders = folders or (DIRECTORY,)
    found = [run for folder in folders for run in all_runs(folder)]
    where = " or ".join(map(str, folders))
    return _matching(text, found, lambda run: [run.user().name], where, "a name")


def _only(text: str, matches: Sequence[Run]) -> Run:
    if len(matches) == 1:
        return matches[0]
    shown = ", ".join(run.id for run in matches[-5:])
    raise RunError(f"{text!r} could mean {len(matches)} runs: give more of the id ({shown})")


def _matching(
    text: str,
    found: Sequence[Run],
    words: Callable[[Run], Iterable[str]],
    where: Path | str,
    kinds: str,
) -> list[Run]:
    """The run in the directory ``text``, or those of ``found`` that it means; RunError if none.

    Of the latter, the run with this id; else those whose id begins so; else those that have
    ``text`` among their ``words``. The error says of which ``kinds`` these are.
    """
    matches: list[Run] = []
    if text:  # an unset variable in a script means neither this directory nor every run
        with contextlib.suppress(OSError):  # a text too long for a path
            if ((path := Path(text)) / "run.json").is_file():
                return [Run(path if path.name.strip(".") else path.resolve())]  # . has no name
        matches = [run for run in found if run.id == text]
        matches = matches or [run for run in found if run.id.startswith(text)]
        matches = matches or [run for run in found if text in words(run)]
    if not matches:
        raise RunError(
            f"no run {text!r} in {where}: give an id, the beginning of one, {kinds} or a directory"
        )
    return matches


def collect(
    runs_dir: Path, selectors: Sequence[str] = (), *, whole: bool = False
) -> tuple[list[RunData], list[str]]:
    """Read the runs in ``runs_dir``, or those that ``selectors`` mean; returns runs and problems.

    The runs are ordered from the oldest on. A selector is an id, the beginning of ids, a name, a
    tag or a directory, and may mean several runs; RunError if it means none. There is a problem,
    one line, for each directory that could not be read, and with ``whole`` for one whose longer
    files are torn. Of directories that are no runs, and of runs of another version of nnbasic, a
    few are named and the rest counted.
    """
    data: list[RunData] = []
    problems: list[str] = []
    often: dict[type[RunError], list[str]] = {VersionError: [], ForeignError: []}
    for run in _selected(runs_dir, selectors):
        try:
            data.append(RunData.read(run))
        except RunError as error:
            often.get(type(error), problems).append(str(error))
            continue
        if whole and (problem := data[-1].problem):
            problems.append(problem)
    for lines in often.values():
        problems += lines[:NAMED]
        if more := len(lines[NAMED:]):
            directories = "directory" if more == 1 else "directories"
            problems.append(f"{runs_dir}: and {more} more such {directories}")
    return sorted(data, key=lambda each: (each.record.started, each.run.id)), problems


def _selected(runs_dir: Path, selectors: Sequence[str]) -> list[Run]:
    found = list(all_runs(runs_dir))
    if not selectors:
        return found

    @cache
    def words(run: Run) -> list[str]:
        user = run.user()
        return [user.name, *user.tags]

    chosen: dict[Path, Run] = {}
    for text in selectors:
        if text == LATEST:
            matches = [newest(runs_dir)]
        else:
            matches = _matching(text, found, words, runs_dir, "a name, a tag")
        chosen |= {run.directory.resolve(): run for run in matches}
    return list(chosen.values())
