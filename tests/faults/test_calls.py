"""A process is killed at every system call that touches a run, or that call fails; nothing is lost.

strace does it, to the real command: `worked_on` says what is done.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sampling import Sample

from calls import Call, touching, traced
from nnbasic.data import Dataset
from nnbasic.runs import Run, RunError, all_runs
from nnbasic.runs.curation import TRASH
from support import Straight, content, finish
from worked_on import OPERATIONS, REFUSED, config, discard, train

pytest.importorskip("resource")

ERRORS = ["ENOSPC", "EIO", "EACCES", "EROFS"]
FAILING = ["openat", "write", "fsync", "rename", "linkat", "link", "unlink", "unlinkat", "mkdir"]
FAILING += ["rmdir", "flock"]
KILLED = 128 + signal.SIGKILL


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Path], None]:
    """What makes a folder as an operation finds it."""
    done = tmp_path_factory.mktemp("before") / "runs"

    def prepare(operation: str, folder: Path) -> None:
        if operation == "train":
            return
        if not done.exists():
            train(done)
        shutil.copytree(done, folder)
        if operation == "restore":
            discard([*all_runs(folder)])

    return prepare


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


@pytest.mark.parametrize("how", ["killed", "failing"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_at_every_call(
    tmp_path: Path,
    dataset: Dataset,
    straight: Straight,
    before: Callable[[str, Path], None],
    sample: Sample,
    operation: str,
    how: str,
) -> None:
    expected = straight("calls", config())

    def disturbed(number: int, *options: str) -> tuple[Path, int, str, list[Call]]:
        folder = tmp_path / str(number) / "runs"
        folder.parent.mkdir()
        before(operation, folder)
        return folder, *traced(operation, folder, folder.parent / "log", *options)

    folder, code, err, calls = disturbed(0)
    assert (code, err) == (0, "")
    check(operation, folder, code, dataset, expected)
    calls = [call for call in touching(calls, folder) if call.name in FAILING]
    kinds = ["signal=KILL"] if how == "killed" else [f"error={error}" for error in ERRORS]
    cases = [(call, kind) for call in calls for kind in kinds]
    few = max(2, round({"train": 0.02}.get(operation, 0.05) * len(cases)))
    ends: Counter[int] = Counter()
    for number, (call, kind) in enumerate(sample(cases, few), 1):
        inject = f"--inject={call.name}:{kind}:when={call.number}"
        folder, code, err, seen = disturbed(number, inject)
        assert code == KILLED or any(each.injected for each in seen), (inject, call)
        assert code in (0, REFUSED, KILLED), (inject, err)
        try:
            check(operation, folder, code, dataset, expected)
        except AssertionError as error:
            raise AssertionError(
                f"{inject}: {call.name} {call.texts()[:1]}, {code} {err}"
            ) from error
        ends[code] += 1
        shutil.rmtree(folder.parent)
    print(f", exit codes {dict(ends)}")
