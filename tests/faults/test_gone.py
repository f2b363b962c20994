"""The directory of a run goes away while it trains: one message, and nothing is spoilt."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import FailedError, Run, start, train
from support import finish

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deletes what is open")


def moved(run: Run) -> None:
    run.directory.rename(run.directory.with_name("moved"))


def replaced(run: Run) -> None:
    moved(run)
    shutil.copytree(run.directory.with_name("moved"), run.directory)


def deleted(run: Run) -> None:
    shutil.rmtree(run.directory.parent)


@pytest.mark.parametrize("change", [moved, replaced, deleted])
def test_the_directory(
    tmp_path: Path,
    dataset: Dataset,
    config: Callable[..., Config],
    change: Callable[[Run], None],
) -> None:
    run = start(config(), dataset, runs=tmp_path / "runs", name="x")
    events = train(run, dataset)
    next(event for event in events if event.epoch == 2)
    change(run)
    there = [path for path in run.directory.rglob("*") if path.name != ".lock"]
    before = {path: path.read_bytes() for path in there}
    with pytest.raises(FailedError, match="is not there any more: it was deleted, moved"):
        for _ in events:
            pass
    assert {path: path.read_bytes() for path in there} == before
    if change is not deleted:
        left = Run(tmp_path / "runs" / "moved")
        assert left.status() == "crashed"
        assert finish(left, dataset).status() == "finished"
