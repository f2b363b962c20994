"""The power is cut at every moment: what was reported is there, and the run goes on.

Each operation is traced; what the disk may hold is worked out from what was written and synced.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sampling import Sample

import power
from aftermath import KILLED, check, prepare
from calls import traced
from nnbasic.data import Dataset
from nnbasic.training import Run, RunError, all_runs
from nnbasic.training.storage import PART
from support import Straight, content, finish
from worked_on import config

pytest.importorskip("resource")


def certain(folder: Path, operation: str, trained: Path) -> dict[power.State, list[bytes]]:
    """What may be left of an operation at each moment, and what it had reported by then."""
    root = folder / "disk"
    root.mkdir()
    prepare(operation, root / "runs", trained)
    disk = power.Disk(str(root))
    code, err, calls = traced(operation, root / "runs", folder / "log")
    assert (code, err) == (0, "")
    found: dict[power.State, list[bytes]] = {}
    for call in calls:
        if disk.does(call):
            found |= {state: list(disk.reported) for state in disk.states()}
    assert disk.reported[-1] == b"done"
    return found


def resumed(folder: Path, reported: list[bytes], dataset: Dataset) -> Run | None:
    """The run in ``folder``, trained to its end; None if there is none yet."""
    runs = list(all_runs(folder / "runs"))
    if not reported:
        try:
            return finish(runs[0], dataset) if runs else None
        except RunError:
            return None
    (run,) = runs
    if b"done" in reported:
        assert run.status() == "finished"
        return run
    if epochs := int(reported[-1]):
        with np.load(run.last) as file:
            assert file["epoch"] >= epochs
        assert len(run.metrics()) >= epochs
        assert run.best.exists()
    assert run.status() != "running"
    return run if run.status() == "finished" else finish(run, dataset)


def test_at_every_moment(
    tmp_path: Path, dataset: Dataset, straight: Straight, trained: Path, sample: Sample
) -> None:
    states = certain(tmp_path, "train", trained)
    expected = straight("a power cut", config())
    resumable = 0
    for number, (state, reported) in enumerate(sample(list(states.items()), 60), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        power.write(state, folder)
        run = resumed(folder, reported, dataset)
        if run is not None:
            (run.directory / ".lock").touch()  # a name that nobody needs may be lost
            found = content(run)
            found["files"] = [name for name in found["files"] if not name.endswith(PART)]
            assert found == expected, (number, reported)
            resumable += 1
    print(f", {resumable} went on")
    assert resumable > number / 2


@pytest.mark.parametrize("operation", ["tag", "rename", "rm", "restore"])
def test_a_run_that_is_edited_or_moved(
    operation: str, tmp_path: Path, dataset: Dataset, straight: Straight, trained: Path
) -> None:
    expected = straight("a power cut", config())
    states = certain(tmp_path, operation, trained)
    for number, (state, reported) in enumerate(states.items(), 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        power.write(state, folder)
        check(operation, folder / "runs", 0 if reported else KILLED, dataset, expected)
    assert len(states) > 1


def test_without_waiting_for_the_disk_all_could_be_lost(tmp_path: Path, trained: Path) -> None:
    """What `--no-sync` says; and that the test above can fail."""
    states = certain(tmp_path, "train unsynced", trained)
    reported = [
        found for state, found in states.items() if not any(n for n, _ in state if n != ".")
    ]
    assert [b"0", b"1", b"2", b"done"] in reported
