"""Finding runs: by id, by a prefix of it, by name, by directory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from nnbasic.training.directory import Run
from nnbasic.training.storage import RunError

DIRECTORY = Path("runs")

LATEST = "latest"
"""The newest run, where commands take a RUN."""


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
            if directory.is_dir() and directory.name[0] not in "._":
                yield Run(directory)


def newest(runs: Path = DIRECTORY) -> Run:
    """The run that was started last; RunError if there is no run."""
    if (run := _newest(all_runs(runs))) is None:
        raise RunError(f"{runs}: there is no run yet; start one with `nnbasic train --config relu`")
    return run


def _newest(runs: Iterable[Run]) -> Run | None:
    started: list[tuple[str, Run]] = []
    for run in runs:
        try:
            started.append((run.record().started, run))
        except RunError:
            continue  # a broken run, or a directory that is not one
    return max(started, key=lambda pair: pair[0])[1] if started else None


def matching(text: str, found: Sequence[Run], words: Callable[[Run], Iterable[str]]) -> list[Run]:
    """The runs that ``text`` means: that in a directory, or those of ``found``.

    Of the latter, the run with this id; else those whose id begins so; else those that have
    ``text`` among their ``words``.
    """
    if not text:
        return []  # an unset variable in a script means neither this directory nor every run
    with contextlib.suppress(OSError):  # a text too long for a path
        if ((path := Path(text)) / "run.json").is_file():
            return [Run(path if path.name.strip(".") else path.resolve())]  # . has no name
    exact = [run for run in found if run.id == text]
    matches = exact or [run for run in found if run.id.startswith(text)]
    return matches or [run for run in found if text in words(run)]


def find(text: str, *folders: Path) -> Run:
    """The one run in ``folders`` (without any, in ./runs) that ``text`` means.

    ``text`` is a directory, an id, a unique prefix of one, or a name. RunError if it means no run,
    or several.
    """
    return _only(_meant(text, folders), text, folders)


def find_latest(text: str, *folders: Path) -> tuple[Run, int]:
    """`find`, or the newest of the runs that share the name ``text``; and how many share it.

    `LATEST` is the newest run of all, unless a run has that name.
    """
    matches = _meant(text, folders)
    named = [run for run in matches if not run.id.startswith(text)]
    if len(named) > 1 and (run := _newest(named)):
        return run, len(named)
    if text == LATEST and not matches:
        return newest(*folders), 1
    return _only(matches, text, folders), 1


def _meant(text: str, folders: Sequence[Path]) -> list[Run]:
    found = [run for folder in folders or (DIRECTORY,) for run in all_runs(folder)]
    return matching(text, found, lambda run: [run.user().name])


def _only(matches: Sequence[Run], text: str, folders: Sequence[Path]) -> Run:
    if len(matches) == 1:
        return matches[0]
    where = " or ".join(map(str, folders or (DIRECTORY,)))
    if not matches:
        raise RunError(
            f"no run {text!r} in {where}: give an id, the beginning of one, a name or a directory"
        )
    shown = ", ".join(run.id for run in matches[-5:])
    raise RunError(
        f"{text!r} could mean {len(matches)} runs in {where}: give more of the id ({shown})"
    )
