"""The runs of a folder: found by id, name, tag or directory, and read, whole and broken ones."""

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Self

from nnbasic.configs.errors import printable
from nnbasic.training.choices import SEARCHED, Scalar, Values, flatten
from nnbasic.training.directory import ForeignError, Run
from nnbasic.training.record import EpochRow, Record, User
from nnbasic.training.storage import Lines, RunError, run_error

DIRECTORY = Path("runs")

LATEST = "latest"
"""The newest run, where commands take a RUN."""

RESUMABLE = {"interrupted", "crashed", "failed"}
"""The statuses of runs that can be resumed."""

NAMED = 5
"""How many directories that are no runs are named one by one."""


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
    def read(cls, run: Run) -> Self:
        """Read the short files of ``run``; RunError if it has no record that can be used."""
        record = run.record()
        return cls(run, record, run.user(), run.status(record))

    @cached_property
    def metrics(self) -> Lines[EpochRow]:
        """The lines of `metrics.jsonl`, one per epoch."""
        return self.run.metrics()

    @cached_property
    def diagnostics(self) -> Lines[dict[str, Any]]:
        """The lines of `diagnostics.jsonl`, from epoch 0; empty if they were turned off."""
        return self.run.diagnostics()

    @property
    def problem(self) -> str | None:
        """What is wrong with these two files; a run at work may be in the middle of a line."""
        if self.status == "running":
            return None
        there, epochs = len(self.metrics), self.record.epoch
        lost = f"{self.run.directory}/metrics.jsonl: torn, it has {there} of {epochs} epochs"
        problem = self.metrics.problem or self.diagnostics.problem
        return problem or (lost if there < epochs else None)

    @property
    def seed(self) -> Scalar:
        return self.record.config.get("seed")

    @cached_property
    def values(self) -> Values:
        """What it was made of, all but the seed, with dotted keys.

        A component's name stands under the component's own key. Keys are printable: a record may
        hold any.
        """
        flat = flatten(self.record.config)
        content = {printable(key.removesuffix(".name")): value for key, value in flat.items()}
        content.pop("seed", None)
        # records are read leniently, so these may be missing
        content |= {key: content.get(key) for key in ("epochs", "data.validation")}
        if self.record.rate_search is not None:
            content[SEARCHED] = True
        if self.record.plugins:  # whoever edits a plugin compares what it was with what it is
            # no hyperparameter can be called class, a word of Python
            content["activation.class"] = " ".join(sorted(self.record.plugins.values()))
        dataset = f"{self.record.dataset} {self.record.dataset_sha256}"
        return content | {"dataset": dataset, "code": self.record.code_sha256}


def all_runs(runs: Path = DIRECTORY) -> Iterator[Run]:
    """The runs in ``runs``, oldest first; hidden folders and Python's caches are left out.

    RunError if the folder cannot be read.
    """
    if runs.is_dir():
        with run_error(runs, "cannot be read"):
            directories = sorted(runs.iterdir())
        for directory in directories:
            if directory.name[0] not in "._" and directory.is_dir():
                yield Run(directory)


def newest(runs: Path = DIRECTORY) -> Run:
    """The run that was started last; RunError if there is none whose record can be read."""
    if found := _last(all_runs(runs), 1):
        return found[0]
    raise RunError(f"{runs}: there is no run yet; start one with `nnbasic train --config relu`")


def _last(runs: Iterable[Run], count: int, statuses: Collection[str] = ()) -> list[Run]:
    """The ``count`` runs that were started last, without broken ones, the newest first.

    With ``statuses`` only runs that have one of them. An id begins with the second in which its run
    was started, so few records are read.
    """
    started: list[tuple[str, Run]] = []
    for second, there in groupby(sorted(runs, key=_second, reverse=True), _second):
        for run in there if len(started) < count or not second else ():
            with contextlib.suppress(RunError):
                record = run.record()
                if not statuses or run.status(record) in statuses:
                    started.append((record.started, run))
    started.sort(key=lambda each: each[0], reverse=True)
    return [run for _, run in started[:count]]


def _second(run: Run) -> str:
    """The time with which the id begins; empty, and so the last in reverse order, without."""
    found = re.match(r"\d{8}T\d{6}Z-", run.id)
    return found[0] if found else ""


def find(text: str, *folders: Path) -> Run:
    """The one run in ``folders`` (without any, in ./runs) that ``text`` means.

    ``text`` is a directory, an id, a unique prefix of one, or a name. RunError if it means no run,
    or several.
    """
    return _only(text, _meant(text, folders or (DIRECTORY,)))


def find_newest(text: str, folder: Path = DIRECTORY, *, resumable: bool = False) -> tuple[Run, int]:
    """`find`, or the newest of the runs that share the name ``text``; and how many share it.

    `LATEST` is the newest run of all. With ``resumable`` it is the newest run of the name that can
    be resumed. RunError if there is none.
    """
    if text == LATEST:
        return newest(folder), 1
    matches = _meant(text, [folder])
    if len(matches) == 1 or matches[0].id.startswith(text):
        return _only(text, matches), 1
    if found := _last(matches, 1, RESUMABLE if resumable else ()):
        return found[0], len(matches)
    what = "resumed" if resumable else "read"
    raise RunError(f"{len(matches)} runs are called {text!r}, and none of them can be {what}")


def _only(text: str, matches: Sequence[Run]) -> Run:
    if len(matches) == 1:
        return matches[0]
    shown = ", ".join(run.id for run in matches[-5:])
    raise RunError(f"{text!r} could mean {len(matches)} runs: give more of the id ({shown})")


def _meant(text: str, folders: Sequence[Path], *, tags: bool = False) -> list[Run]:
    """The runs in ``folders`` that ``text`` means; RunError if there is none.

    The run in the directory ``text``; else that with this id; else those whose id begins so; else
    those that have this name, or with ``tags`` this tag.
    """
    matches: list[Run] = []
    if text:  # an unset variable in a script means neither this directory nor every run
        with contextlib.suppress(OSError):  # a text too long for a path
            if ((path := Path(text)) / "run.json").is_file():
                return [Run(path if path.name.strip(".") else path.resolve())]  # . has no name
        found = [run for folder in folders for run in all_runs(folder)]
        matches = [run for run in found if run.id == text]
        matches = matches or [run for run in found if run.id.startswith(text)]
        matches = matches or [run for run in found if _is_called(run, text, tags)]
    if not matches:
        where = " or ".join(map(str, folders))
        kinds = "a name, a tag" if tags else "a name"
        raise RunError(
            f"no run {text!r} in {where}: give an id, the beginning of one, {kinds} or a directory"
        )
    return matches


def _is_called(run: Run, text: str, tags: bool) -> bool:
    user = run.user()
    return text == user.name or (tags and text in user.tags)


def collect(
    runs_dir: Path,
    selectors: Sequence[str] = (),
    *,
    whole: bool = False,
    last: int | None = None,
) -> tuple[list[RunData], list[str]]:
    """Read the runs in ``runs_dir``, or those that ``selectors`` mean; returns runs and problems.

    The runs are ordered from the oldest on; with ``last`` only the newest so many are read. A
    selector is an id, the beginning of ids, a name, a tag or a directory, and may mean several
    runs; RunError if it means none. There is a problem, one line, for each directory that could
    not be read, and with ``whole`` for one whose longer files are torn. Of directories that are no
    runs, or runs of another version of nnbasic, a few are named and the rest counted.
    """
    chosen: dict[Path, Run] = {}
    for text in selectors:
        meant = [newest(runs_dir)] if text == LATEST else _meant(text, [runs_dir], tags=True)
        chosen |= {run.directory.resolve(): run for run in meant}
    runs: Iterable[Run] = chosen.values() if selectors else all_runs(runs_dir)
    if last is not None:
        runs = _last(runs, last)
    data: list[RunData] = []
    problems: list[str] = []
    foreign: list[str] = []
    for run in runs:
        try:
            data.append(RunData.read(run))
        except RunError as error:
            (foreign if isinstance(error, ForeignError) else problems).append(str(error))
            continue
        if whole and (problem := data[-1].problem):
            problems.append(problem)
    problems += foreign[:NAMED]
    if more := len(foreign[NAMED:]):
        directories = "directory" if more == 1 else "directories"
        problems.append(f"{runs_dir}: and {more} more such {directories}")
    return sorted(data, key=lambda each: (each.record.started, each.run.id)), problems


def of_sweep(data: Sequence[RunData], sweep: str) -> list[RunData]:
    """The runs of the ``sweep`` with this id, or of the `LATEST`; RunError if there are none."""
    known = sorted({each for run in data for each in run.user.sweeps})
    wanted = known[-1] if known and sweep == LATEST else sweep
    if wanted not in known:
        there = f"there are {', '.join(known[-5:])}" if known else "no run is of any"
        raise RunError(f"no sweep {sweep!r}; {there}")
    return [run for run in data if wanted in run.user.sweeps]
