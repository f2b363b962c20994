"""What commands do to a run, for tests that cut them short, and what must be there afterwards."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnbasic.training import Run, RunError, all_runs
from support import content, invoke

KILLED = 128 + signal.SIGKILL

TRASH = ".trash"

OPERATIONS = {
    "train": "train --config small --name run --runs RUNS",
    "tag": "runs tag run good --runs RUNS",
    "rename": "runs rename run another --runs RUNS",
    "rm": "runs rm run --runs RUNS",
    "purge": "runs rm --purge run --runs RUNS",
    "restore": "runs restore run --runs RUNS",
    "export": "runs export run --csv RUNS/metrics.csv --runs RUNS",
}
"""The command lines; all but the first find a finished run of the same training."""


@dataclass(frozen=True)
class Workshop:
    """A folder with `small.yaml`, and a finished run of it."""

    finished: Path
    """The folder with that run, which is given as copies."""

    expected: dict[str, Any]
    """Its content."""

    def prepare(self, operation: str, runs: Path) -> Sequence[str]:
        """Make ``runs`` as the operation finds it; the words of its command."""
        runs.parent.mkdir(parents=True, exist_ok=True)
        if not operation.startswith("train"):
            shutil.copytree(self.finished, runs)
        if operation == "restore":
            assert invoke("runs", "rm", "run", "--runs", runs).code == 0
        return [word.replace("RUNS", str(runs)) for word in OPERATIONS[operation].split()]

    def check(self, operation: str, runs: Path, code: int) -> None:
        """All that was not said to be gone is there, whole, and a training goes on."""
        found = [*all_runs(runs), *all_runs(runs / TRASH)] if runs.exists() else []
        if operation == "train":
            begun = [run for run in found if began(run, code)]
            assert begun or code != 0
        else:
            begun = found
            assert len(found) == 1 or operation == "purge"
            assert not found or operation != "purge" or code != 0
        for run in begun:
            self.goes_on(run)
        if operation in ("train", "purge"):
            return
        user = json.loads((found[0].directory / "user.json").read_text())
        edited = {"tag": {"tags": ["good"]}, "rename": {"name": "another"}}.get(operation, {})
        assert user["name"] in ("run", edited.get("name"))
        assert user["tags"] in ([], edited.get("tags"))
        assert code != 0 or user == user | edited
        if code == 0:
            assert (found[0].directory.parent.name == TRASH) == (operation == "rm")
        if operation == "export" and (code == 0 or (runs / "metrics.csv").exists()):
            assert len((runs / "metrics.csv").read_text().splitlines()) == 1 + 3

    def goes_on(self, run: Run) -> None:
        """The run ends in the same bits, whatever other files lie there."""
        status = run.status()
        assert status != "running"
        if status != "finished":
            ended = invoke("train", "--resume", run.directory, "--quiet")
            assert ended.code == 0, ended.err
        assert content(run) | {"files": []} == self.expected | {"files": []}
        left = {file.name for file in run.directory.iterdir()}
        assert {*self.expected["files"]} - {".lock"} <= left  # the lock may be lost with a name


def began(run: Run, code: int) -> bool:
    """Whether the run can be read: one that had not begun cannot; an error leaves none of these."""
    try:
        run.status()
    except RunError:
        assert code == KILLED
        return False
    return True
