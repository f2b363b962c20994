"""What a run is written to goes away while it trains: one message, and the weights are saved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from sampling import Sample

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.model import Epoch
from nnbasic.training import FailedError, Run, RunError, start
from support import BASE, NNBASIC, Straight, content, epochs_on_disk, finish, started, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="does not delete what is open")


@pytest.fixture
def rescue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def moved(run: Run) -> None:
    run.directory.rename(run.directory.with_name("moved"))


def replaced(run: Run) -> None:
    copy = run.directory.with_name("moved")
    run.directory.rename(copy)
    shutil.copytree(copy, run.directory)


def deleted(run: Run) -> None:
    shutil.rmtree(run.directory.parent)


@pytest.mark.parametrize("change", [moved, replaced, deleted])
def test_the_directory(
    tmp_path: Path,
    dataset: Dataset,
    config: Callable[..., Config],
    straight: Straight,
    rescue: Path,
    change: Callable[[Run], None],
) -> None:
    session = start(config(), dataset, runs=tmp_path / "runs", name="x")
    events = session.train()
    while not isinstance(next(events), Epoch):
        pass
    weights = {name: array.copy() for name, array in session.trained.network.parameters.items()}
    change(session.run)
    before = {
        path: path.read_bytes()
        for path in session.run.directory.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    with pytest.raises(FailedError, match="is not there any more: it was deleted, moved") as error:
        for _ in events:
            pass
    assert before == {path: path.read_bytes() for path in before}
    (saved,) = rescue.iterdir()
    assert str(saved) in str(error.value)
    with np.load(saved) as file:
        assert {name: file[name].shape for name in file} == {k: v.shape for k, v in weights.items()}
        # a second epoch of training lies between them
        assert not np.array_equal(file["layer1.weight"], weights["layer1.weight"])
    if change is not deleted:
        copy = Run(tmp_path / "runs" / "moved")
        assert copy.status() == "crashed"
        assert content(finish(copy, dataset)) == straight("plain", config())


def test_what_the_command_says(workplace: Path, rescue: Path) -> None:
    Path("some.yaml").write_text(BASE.replace("epochs: 12", "epochs: 500"))
    with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
        wait_for(process, lambda: epochs_on_disk() >= 1)
        Path("runs").rename("elsewhere")
        _, err = process.communicate(timeout=60)
    (saved,) = rescue.iterdir()
    assert process.returncode == 1
    (line,) = err.splitlines()
    assert "is not there any more: it was deleted, moved or replaced" in line
    assert line.endswith(f"the weights that it had by then are in {saved}")


def test_an_interrupt_that_cannot_be_recorded(workplace: Path, rescue: Path) -> None:
    Path("some.yaml").write_text("layers: [784, 500, 500, 10]\nepochs: 9\ndata: {dataset: digits}")
    with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
        wait_for(process, lambda: epochs_on_disk() >= 0)
        shutil.rmtree("runs")
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is not there any more" in err
    assert "Traceback" not in err


def mount(*arguments: object) -> None:
    command = ["mount", "-t", "tmpfs", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-o", "size=50m", "tmpfs", folder)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_a_disk_that_turns_read_only(
    disk: Path, dataset: Dataset, config: Callable[..., Config], straight: Straight, rescue: Path
) -> None:
    session = start(config(), dataset, runs=disk / "runs", name="x")
    events = session.train()
    while not isinstance(next(events), Epoch):
        pass
    made_read_only(session.run.directory)
    try:
        with pytest.raises(FailedError, match="the weights that it had by then are in") as error:
            for _ in events:
                pass
    finally:
        made_writable(session.run.directory)
    assert "Read-only" in str(error.value) or "not permitted" in str(error.value)
    assert len(list(rescue.iterdir())) == 1
    assert session.run.status() == "crashed"
    assert content(finish(session.run, dataset)) == straight("plain", config())


def made_read_only(folder: Path) -> None:
    bound = ["mount", "--bind", str(folder), str(folder)]
    subprocess.run(bound, check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)


def made_writable(folder: Path) -> None:
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_a_disk_that_fills_at_every_moment(
    disk: Path,
    dataset: Dataset,
    config: Callable[..., Config],
    straight: Straight,
    sample: Sample,
    tmp_path: Path,
) -> None:
    """At every page that a run writes, which is less than a hundredth of it."""
    expected = straight("plain", config())
    page = os.sysconf("SC_PAGE_SIZE")
    ends = {"not begun": 0, "failed": 0, "finished": 0}
    for pages in chain([2], sample(range(3, 120), 12)):  # on two pages none begins
        subprocess.run(["mount", "-o", f"remount,size={pages * page}", str(disk)], check=True)
        run = filled(disk / str(pages), dataset, config(), ends)
        subprocess.run(["mount", "-o", "remount,size=50m", str(disk)], check=True)
        if run is None:
            assert not list((disk / str(pages)).glob("*"))
        else:
            assert run.status() in ("failed", "crashed", "interrupted", "finished")
            if run.status() != "finished":
                finish(run, dataset)
            assert content(run) == expected
        shutil.rmtree(disk / str(pages), ignore_errors=True)
    print(f", {ends}")
    assert min(ends.values()) > 0


def filled(runs: Path, dataset: Dataset, config: Config, ends: dict[str, int]) -> Run | None:
    """A run on a disk that may be too small; None if it could not begin."""
    said, run = "No space left on device", None
    try:
        run = start(config, dataset, runs=runs, name="x").run
        finish(run, dataset)
        ends["finished"] += 1
    except (FailedError, RunError) as error:
        said = str(error)
        ends["failed" if run else "not begun"] += 1
    assert "No space left on device" in said
    return run
