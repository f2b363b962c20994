"""What must be there after an operation of `worked_on` that something has cut short."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

from nnbasic.data import Dataset
from nnbasic.training import Run, RunError, all_runs
from nnbasic.training.curation import TRASH
from support import content, finish
from worked_on import discard, train

KILLED = 128 + signal.SIGKILL


def prepare(operation: str, folder: Path, trained: Path) -> None:
    """Make ``folder`` as the operation finds it, with a copy of the run in ``trained``."""
    if operation.startswith("train"):
        return
    if not trained.exists():
        train(trained)
    shutil.copytree(trained, folder)
    if operation == "restore":
        discard([*all_runs(folder)])


def runs_in(folder: Path) -> list[Run]:
    return [*all_runs(folder), *all_runs(folder / TRASH)]


def check(
    operation: str, folder: Path, code: int, dataset: Dataset, expected: dict[str, Any]
) -> None:
    """Whether all is there that the operation has not said to be gone, whole, and can go on."""
    runs = runs_in(folder) if folder.exists() else []
    if operation == "train":
        for run in runs:
            try:
                status = run.status()
            except RunError:
                assert code == KILLED  # it had not begun: start cleans up after an error
                continue
            assert status != "running"
            if status != "finished":
                finish(run, dataset)
            found = content(run)
            assert found | {"files": []} == expected | {"files": []}
            assert set(expected["files"]) <= set(found["files"])
        assert len(runs) == 1 or code != 0
        return
    if operation == "purge":
        assert not runs or code != 0
        for run in runs:  # it is there whole, or gone
            assert content(run) | {"files": []} == expected | {"files": []}
        return
    (run,) = runs
    assert content(run) | {"files": []} == expected | {"files": []}
    user = json.loads((run.directory / "user.json").read_text())
    tags, names = {"tag": [[], ["good"]]}.get(operation, [[]]), ["run"]
    names += ["another"] * (operation == "rename")
    assert user["tags"] in tags
    assert user["name"] in names
    if code == 0:
        assert (user["tags"], user["name"]) == (tags[-1], names[-1])
        assert (run.directory.parent.name == TRASH) == (operation == "rm")
    exported = folder / "metrics.csv"
    if operation == "export" and (code == 0 or exported.exists()):
        assert len(exported.read_text().splitlines()) == 1 + 2
