"""The power is cut at every moment: what was reported is there, and the run goes on.

Each command is traced; what the disk may hold is worked out from what was written and synced.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest

import power
from calls import traced
from nnbasic.training import RunError, all_runs
from operations import KILLED, Workshop

pytest.importorskip("resource")


def possible(
    folder: Path, operation: str, workshop: Workshop, *options: str
) -> dict[power.State, bytes]:
    """What may be left of an operation at each moment, and what it had printed by then."""
    root = folder / "disk"
    words = [*workshop.prepare(operation, root / "runs"), *options]
    disk = power.Disk(str(root))
    code, err, calls = traced(words, folder / "log")
    assert code == 0, err
    found: dict[power.State, bytes] = {}
    for call in calls:
        if disk.does(call):
            found |= dict.fromkeys(disk.states(), disk.reported)
    return found


def goes_on(runs: Path, printed: bytes, workshop: Workshop) -> bool:
    """Whether a run is there that was trained to its end; there must be one once that was said."""
    found = [*all_runs(runs)]
    epochs = len(re.findall(rb"^epoch ", printed, re.MULTILINE))
    try:
        statuses = [run.status() for run in found]
    except RunError:
        statuses = []
    if not statuses:
        assert not epochs
        return False
    (run,) = found
    if b"test accuracy" in printed:
        assert statuses == ["finished"]
    if epochs:
        with np.load(run.last) as file:
            assert file["epoch"] >= epochs
    workshop.goes_on(run)
    return True


@pytest.mark.parametrize("few", [15, pytest.param(0, marks=pytest.mark.slow)])
def test_a_training(tmp_path: Path, workshop: Workshop, few: int) -> None:
    states = [*possible(tmp_path, "train", workshop).items()]
    assert len(states) > 100
    tried = random.Random(1).sample(states, few or len(states))
    resumed = 0
    for number, (state, printed) in enumerate(tried):
        folder = tmp_path / str(number)
        power.write(state, folder)
        resumed += goes_on(folder / "runs", printed, workshop)
    assert resumed > len(tried) / 2


@pytest.mark.parametrize(
    "operation",
    ["rm", *(pytest.param(name, marks=pytest.mark.slow) for name in ("tag", "rename", "restore"))],
)
def test_a_run_that_is_edited_or_moved(operation: str, tmp_path: Path, workshop: Workshop) -> None:
    states = possible(tmp_path, operation, workshop)
    assert len(states) > 1
    for number, (state, printed) in enumerate(states.items()):
        folder = tmp_path / str(number)
        power.write(state, folder)
        workshop.check(operation, folder / "runs", 0 if printed else KILLED)


@pytest.mark.slow
def test_without_waiting_for_the_disk_all_could_be_lost(tmp_path: Path, workshop: Workshop) -> None:
    """What `--no-sync` says; and that the test above can fail."""
    states = possible(tmp_path, "train", workshop, "--no-sync")
    empty = [printed for state, printed in states.items() if not any(file for _, file in state)]
    assert any(b"test accuracy" in printed for printed in empty)
