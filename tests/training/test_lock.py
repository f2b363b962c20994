"""Who is at work on a run, seen from another process than the one that trains it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nnbasic.training import Run, RunError
from support import edit

HOLD = """
import sys, time
from pathlib import Path
from nnbasic.training import Run
with Run(Path(sys.argv[1])).claim():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def run(finished: Run) -> Run:
    edit(finished, status="running")
    return finished


@pytest.fixture
def holder(run: Run) -> Any:
    command = [sys.executable, "-c", HOLD, str(run.directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_live_process_is_running_and_a_killed_one_crashed(
    run: Run, holder: subprocess.Popen[str]
) -> None:
    assert run.status() == "running"
    with pytest.raises(RunError, match="another process is training this run"), run.claim():
        pass
    holder.kill()
    holder.wait()
    assert run.status() == "crashed"
    with run.claim():
        assert run.status() == "running"


def test_those_who_look_at_once_do_not_take_one_another_for_the_trainer(run: Run) -> None:
    (run.directory / ".lock").touch()
    with ThreadPoolExecutor(4) as pool:
        looks = pool.map(lambda _: run.status(), range(1000))
    assert set(looks) == {"crashed"}


def test_a_run_that_was_never_locked_is_crashed_and_stays_unchanged(run: Run) -> None:
    (run.directory / ".lock").unlink()
    assert run.status() == "crashed"
    assert not (run.directory / ".lock").exists()


def test_a_lock_that_cannot_be_tested_is_believed_to_be_held(run: Run) -> None:
    (run.directory / ".lock").unlink()
    (run.directory / ".lock").mkdir()
    assert run.status() == "running"
