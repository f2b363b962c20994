"""A command is killed at a system call that touches a run, or that call fails: nothing is lost."""

from __future__ import annotations

import random
from itertools import cycle
from pathlib import Path

import pytest

from calls import touching, traced
from operations import KILLED, OPERATIONS, Workshop

pytest.importorskip("resource")

HOW = {
    "killed": ["signal=KILL"],
    "failing": ["error=ENOSPC", "error=EIO", "error=EACCES", "error=EROFS"],
}
QUICK = [
    ("train", "killed", 2),
    ("train", "failing", 2),
    ("rm", "killed", 1),
]
ALL = [(operation, how, 0) for operation in OPERATIONS for how in HOW]


@pytest.mark.parametrize(
    ("operation", "how", "few"),
    [*QUICK, *(pytest.param(*each, marks=pytest.mark.slow) for each in ALL)],
)
def test_at_every_call(
    tmp_path: Path, workshop: Workshop, operation: str, how: str, few: int
) -> None:
    """At a ``few`` of the calls; 0 for all of them."""

    def folder(number: int) -> Path:
        return tmp_path / str(number) / "runs"

    words = workshop.prepare(operation, folder(0))
    code, err, calls = traced(words, tmp_path / "log")
    assert code == 0, err
    workshop.check(operation, folder(0), code)
    calls = [each for each in touching(calls, folder(0)) if each.name not in ("lseek", "close")]
    assert len(calls) > 5
    cases = [*zip(calls, cycle(HOW[how]))]
    for number, (call, fault) in enumerate(random.Random(1).sample(cases, few or len(cases)), 1):
        words = workshop.prepare(operation, folder(number))
        inject = f"--inject={call.name}:{fault}:when={call.number}"
        code, err, seen = traced(words, tmp_path / "log", inject)
        assert code == KILLED or any(each.injected for each in seen), (inject, call)
        assert code in (0, 1, 2, KILLED), (inject, err)
        assert "Traceback" not in err, (inject, call)
        workshop.check(operation, folder(number), code)
