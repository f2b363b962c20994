"""A process is killed at every system call that touches a run, or that call fails; nothing is lost.

strace does it, to the real command: `worked_on` says what is done.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from sampling import Sample

from aftermath import KILLED, check, prepare
from calls import Call, touching, traced
from nnbasic.data import Dataset
from support import Straight
from worked_on import OPERATIONS, REFUSED, config

pytest.importorskip("resource")

ERRORS = ["ENOSPC", "EIO", "EACCES", "EROFS"]
FAILING = ["openat", "write", "fsync", "rename", "linkat", "link", "unlink", "unlinkat", "mkdir"]
FAILING += ["rmdir", "flock"]


@pytest.mark.parametrize("how", ["killed", "failing"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_at_every_call(
    tmp_path: Path,
    dataset: Dataset,
    straight: Straight,
    trained: Path,
    sample: Sample,
    operation: str,
    how: str,
) -> None:
    expected = straight("calls", config())

    def disturbed(number: int, *options: str) -> tuple[Path, int, str, list[Call]]:
        folder = tmp_path / str(number) / "runs"
        folder.parent.mkdir()
        prepare(operation, folder, trained)
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
