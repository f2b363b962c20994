"""Who is at work on a run, seen from another process than the one that trains it."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nnbasic.training import Record, Run, RunError
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
    holder.send_signal(signal.SIGKILL)
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


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(seconds=40), "running"),
        (timedelta(minutes=6), "crashed"),
        (timedelta(seconds=-40), "running"),
        (timedelta(days=-400), "crashed"),  # a clock was wrong and has been put right
    ],
)
def test_a_run_elsewhere_is_judged_by_its_heartbeat(run: Run, age: timedelta, status: str) -> None:
    heartbeat = (datetime.now(UTC) - age).isoformat()
    edit(run, machine={"host": "elsewhere"}, heartbeat=heartbeat)
    assert run.status() == status


def test_a_lock_that_is_held_counts_more_than_a_name_or_a_time(
    run: Run, holder: subprocess.Popen[str]
) -> None:
    """The host may have got another name since, and its clock another time."""
    edit(run, machine={"host": "its old name"}, heartbeat="2001-01-01T00:00:00+00:00")
    assert run.status() == "running"
    with pytest.raises(RunError, match="another process is training this run"), run.claim():
        pass


@pytest.mark.parametrize("heartbeat", ["", "soon", "2026-01-01T00:00:00"])
def test_a_heartbeat_that_is_no_time_is_not_alive(run: Run, heartbeat: str) -> None:
    edit(run, machine={"host": "elsewhere"}, heartbeat=heartbeat)
    assert run.status() == "crashed"


def test_other_statuses_are_what_was_written(run: Run) -> None:
    record: Record = run.record()
    for status in ("finished", "interrupted", "failed", "diverged"):
        assert run.status(record.model_copy(update={"status": status})) == status
