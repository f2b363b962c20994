"""Runs for commands: found, read with a warning about whatever is broken, summed up for JSON."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nnbasic.cli.terminal import err, warn
from nnbasic.training.collection import RunData, collect, find_newest, newest
from nnbasic.training.directory import Run
from nnbasic.training.record import Record, User


def read_all(
    runs_dir: Path, selectors: Sequence[str] = (), *, whole: bool = False, last: int | None = None
) -> tuple[list[RunData], list[str]]:
    """The runs that can be read, all or those that ``selectors`` mean, and the warnings given.

    With ``whole`` the warnings are of their longer files too.
    """
    data, problems = collect(runs_dir, selectors, whole=whole, last=last)
    for problem in problems:
        warn(problem)
    return data, problems


def read_one(text: str | None, runs_dir: Path) -> RunData:
    """The one run that ``text`` means, as `find_one` does."""
    data = RunData.read(find_one(text, runs_dir))
    if data.problem:
        warn(data.problem)
    return data


def find_one(text: str | None, runs_dir: Path, *, resumable: bool = False) -> Run:
    """The run that ``text`` means; without a text the newest.

    A name that several runs share means the newest of them (with ``resumable`` of those that can
    be gone on with), and that is said.
    """
    if text is None:
        return newest(runs_dir)
    run, sharing = find_newest(text, runs_dir, resumable=resumable)
    if sharing > 1:
        newest_of = "the newest that can be resumed" if resumable else "the newest"
        err(f"{sharing} runs are called {text!r}; this is {newest_of}: {run.id}")
    return run


def find_each(names: Iterable[str], runs_dir: Path) -> list[Run]:
    """The runs that ``names`` mean, one each; without names the newest."""
    return distinct([find_one(name, runs_dir) for name in names] or [newest(runs_dir)])


def distinct(runs: Iterable[Run]) -> list[Run]:
    """``runs``, those that are there several times once."""
    return list({run.directory.resolve(): run for run in runs}.values())


def result(run: Run, user: User, record: Record, status: str) -> dict[str, Any]:
    """What came of a run, for JSON."""
    best = record.best
    return {
        "run": run.id,
        "directory": str(run.directory),
        "name": user.name,
        "status": status,
        "reason": record.reason,
        "dataset": record.dataset,
        "dataset_fallback": record.fell_back,
        "epochs": record.epoch,
        "test_accuracy": record.test_accuracy,
        "test_standard_error": record.test_error,
        "test_loss": record.test_loss,
        "best": best and {"epoch": best.epoch, "val_accuracy": best.val_accuracy},
        "seconds": record.seconds,
    }


def summary(data: RunData) -> dict[str, Any]:
    """What `runs list --json` says of a run."""
    return result(data.run, data.user, data.record, data.status) | {
        "tags": data.user.tags,
        "sweeps": data.user.sweeps,
        "notes": data.user.notes,
        "started": data.record.started,
        "config": data.record.config,
    }
