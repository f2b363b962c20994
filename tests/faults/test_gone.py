"""What a run is written to goes away or is full while it trains: one message, nothing spoilt."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import FailedError, Run, RunError, start
from support import Straight, content, finish

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="deletes what is open; uses tmpfs")


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
    session = start(config(), dataset, runs=tmp_path / "runs", name="x")
    events = session.train()
    next(event for event in events if event.epoch == 2)
    change(session.run)
    there = [path for path in session.run.directory.rglob("*") if path.name != ".lock"]
    before = {path: path.read_bytes() for path in there}
    with pytest.raises(FailedError, match="is not there any more: it was deleted, moved"):
        for _ in events:
            pass
    assert {path: path.read_bytes() for path in there} == before
    if change is not deleted:
        left = Run(tmp_path / "runs" / "moved")
        assert left.status() == "crashed"
        assert finish(left, dataset).status() == "finished"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A file system in memory, of a size that can be set."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")

    def resized(options: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
        return folder

    yield resized
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_turns_read_only(
    disk: Callable[[str], Path], dataset: Dataset, config: Callable[..., Config]
) -> None:
    session = start(config(), dataset, runs=disk("rw") / "runs", name="x")
    events = session.train()
    next(event for event in events if event.epoch == 2)
    directory = str(session.run.directory)
    subprocess.run(["mount", "--bind", directory, directory], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
    try:
        with pytest.raises(FailedError, match=r"Read-only|not permitted|not there any more"):
            for _ in events:
                pass
    finally:
        subprocess.run(["umount", directory], check=True)
    assert session.run.status() == "crashed"
    assert finish(session.run, dataset).status() == "finished"


@pytest.mark.parametrize("few", [5, pytest.param(0, marks=pytest.mark.slow)])
def test_a_disk_that_is_full(
    disk: Callable[[str], Path],
    dataset: Dataset,
    config: Callable[..., Config],
    straight: Straight,
    few: int,
) -> None:
    """After so many pages; a run takes about a hundred, and on two none begins."""
    sizes = range(3, 120)
    ends = set()
    for pages in [2, *random.Random(1).sample(sizes, few or len(sizes))]:
        runs = disk(f"size={pages * os.sysconf('SC_PAGE_SIZE')}") / "runs"
        run, said = None, "No space left on device"
        try:
            run = start(config(), dataset, runs=runs, name="x").run
            finish(run, dataset)
            ends.add("finished")
        except (FailedError, RunError) as error:
            said = str(error)
            ends.add("failed" if run else "not begun")
        assert "No space left on device" in said
        disk("size=50m")
        if run:
            assert run.status() in ("failed", "crashed", "interrupted", "finished")
            if run.status() != "finished":
                finish(run, dataset)
            assert content(run) == straight("plain", config())
        else:
            assert not [*runs.glob("*")]
        shutil.rmtree(runs, ignore_errors=True)
    assert ends == {"not begun", "failed", "finished"}
