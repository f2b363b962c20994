"""Runs for commands: read, with a warning about whatever is broken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nnbasic.cli.terminal import warn
from nnbasic.runs.collection import RunData, collect, read
from nnbasic.runs.directory import Run
from nnbasic.runs.lookup import find


def read_all(
    runs_dir: Path, selectors: Sequence[str] = (), *, whole: bool = False
) -> tuple[list[RunData], list[str]]:
    """The runs that can be read, all or those that ``selectors`` mean, and the warnings given.

    With ``whole`` the warnings are of their longer files too.
    """
    data, problems = collect(runs_dir, selectors, whole=whole)
    for problem in problems:
        warn(problem)
    return data, problems


def read_one(text: str, runs_dir: Path) -> RunData:
    """The one run that ``text`` means."""
    data, problem = read(find(text, runs_dir), whole=True)
    if problem:
        warn(problem)
    return data


def find_each(names: Iterable[str], *folders: Path) -> list[Run]:
    """The runs that ``names`` mean, one each; a run that is named twice is there once."""
    chosen = (find(name, *folders) for name in names)
    return list({run.directory.resolve(): run for run in chosen}.values())
