"""A command is killed, the power is cut, or a change fails, at every moment: nothing is lost."""

import errno
import json
import re
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moments import Disk, watched
from nnbasic.training import Run, RunError, all_runs, newest
from support import content, invoke

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at files in /proc")

KILLED = -9

COMMANDS = {
    "train": "train --config small --name run --runs RUNS",
    "tag": "runs tag run good --runs RUNS",
    "rm": "runs rm run --runs RUNS",
    "purge": "runs rm --purge run --runs RUNS",
    "restore": "runs restore run --runs RUNS",
    "export": "runs export run --csv RUNS/metrics.csv --runs RUNS",
}
"""All but the first are given a finished run of the same training."""

ERRORS = [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS]


@dataclass(frozen=True)
class Workshop:
    """A finished run and its content; the runs in ``folder`` are what commands are tried on."""

    finished: Path
    expected: dict[str, Any]
    folder: Path

    def begin(self, name: str) -> list[str]:
        """The words of a command; its runs are as it finds them."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if name == "train":
            self.folder.mkdir()
        else:
            shutil.copytree(self.finished, self.folder)
        if name == "restore":
            assert invoke("runs", "rm", "run", "--runs", self.folder).code == 0
        return [word.replace("RUNS", str(self.folder)) for word in COMMANDS[name].split()]

    def check(self, name: str, runs: Path, code: int, said: str = "") -> None:
        """All that was not said to be gone is in ``runs``, whole, and a training goes on."""
        found = [*all_runs(runs), *all_runs(runs / ".trash")]
        if name == "train":
            self.check_training(found, code, said)
            return
        assert len(found) <= (name != "purge" or code != 0)
        assert found or name == "purge"
        for run in found:
            self.goes_on(run)
            user = json.loads((run.directory / "user.json").read_text())
            tags = ["good"] if name == "tag" else []
            assert user["name"] == "run"
            assert user["tags"] == tags or (code != 0 and user["tags"] == [])
            assert code != 0 or (run.directory.parent.name == ".trash") == (name == "rm")
        exported = runs / "metrics.csv"
        if name == "export" and (code == 0 or exported.exists()):
            assert len(exported.read_text().splitlines()) == 1 + 3

    def check_training(self, found: list[Run], code: int, said: str) -> None:
        """As far as was ``said``; a run that had not begun cannot be read."""
        epochs = len(re.findall(r"^epoch ", said, re.MULTILINE))
        try:
            assert all(run.status() != "running" for run in found)
        except RunError:
            assert (code, epochs) == (KILLED, 0)
            return
        assert len(found) == 1 or (code != 0 and not epochs)
        for run in found:
            if epochs:
                with np.load(run.last) as file:
                    assert file["epoch"] >= epochs
            self.goes_on(run)

    def goes_on(self, run: Run) -> None:
        """The run ends in the same bits, whatever other files lie there."""
        if run.status() != "finished":
            ended = invoke("train", "--resume", run.directory, "--quiet")
            assert ended.code == 0, ended.err
        assert content(run) | {"files": []} == self.expected | {"files": []}


finished: list[Path] = []
"""The folder with the finished run, once it has been made."""


@pytest.fixture
def workshop(workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    if not finished:
        folder = tmp_path_factory.mktemp("finished")
        train = COMMANDS["train"].replace("RUNS", str(folder))
        assert invoke(*train.split()).code == 0
        finished.append(folder)
    return Workshop(finished[0], content(newest(finished[0])), workplace / "runs")


def written() -> str:
    """What the command has written by now."""
    sys.stdout.flush()
    sys.stderr.flush()
    texts = [stream.buffer.getvalue() for stream in (sys.stdout, sys.stderr)]  # type: ignore
    return b"".join(texts).decode()


CASES = [("train", 17), *((name, 1) for name in COMMANDS if name != "train")]
CASES += [pytest.param("train", 1, marks=pytest.mark.slow)]
"""Commands, and of how many moments one is tried."""


@pytest.mark.parametrize("power_cut", [False, True])
@pytest.mark.parametrize(("name", "one_of"), CASES)
def test_cut_short(
    workshop: Workshop, tmp_path: Path, name: str, one_of: int, power_cut: bool
) -> None:
    words = workshop.begin(name)
    left: list[tuple[Path, str]] = []
    with closing(Disk(workshop.folder)) as disk:

        def copy() -> None:
            target = tmp_path / f"left-{len(left)}"
            left.append((target, written()))
            if power_cut:
                disk.write(target)
            else:
                shutil.copytree(workshop.folder, target)

        with watched(copy, disk.synced):
            assert invoke(*words).code == 0
        end = tmp_path / "end"
        disk.write(end)
    assert len(left) > 3
    for folder, said in left[::one_of]:
        workshop.check(name, folder, KILLED, said)
    workshop.check(name, end, 0)


def test_without_waiting_for_the_disk_all_could_be_lost(workshop: Workshop, tmp_path: Path) -> None:
    """What `--no-sync` says; and that the test above can fail."""
    words = workshop.begin("train")
    with closing(Disk(workshop.folder)) as disk:
        with watched(lambda: None, disk.synced):
            assert invoke(*words, "--no-sync").code == 0
        disk.write(tmp_path / "left")
    assert not [*(tmp_path / "left").iterdir()]


@pytest.mark.parametrize(("name", "one_of"), CASES)
def test_failing(workshop: Workshop, name: str, one_of: int) -> None:
    """The first change fails, the second, and so on, in each way in turn."""
    for number in count(step=one_of):
        moments = count()

        def fail(number: int = number, moments: Any = moments) -> None:
            if next(moments) == number:
                raise OSError(ERRORS[number // one_of % len(ERRORS)], "it failed")

        words = workshop.begin(name)
        with watched(fail):
            said = invoke(*words)
        assert said.code in (0, 1, 2)
        assert "Traceback" not in said.err
        workshop.check(name, workshop.folder, said.code, said.err)
        if next(moments) <= number:
            break
    assert number > 3
