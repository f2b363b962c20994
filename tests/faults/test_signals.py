"""Signals to the processes of a training and of a sweep, also to those that are stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sampling import Sample

from nnbasic.training import Run, all_runs, newest
from nnbasic.training.cores import cores
from nnbasic.training.parallel import AVAILABLE
from support import BASE, NNBASIC, content, epochs_on_disk, run, started, wait_for

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs a team: Linux, 2 cores")

LIMIT = 20
"""Seconds in which a process surely ends, if it ends at all."""


@pytest.fixture
def team(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`some.yaml`, which two processes train."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    Path("some.yaml").write_text(BASE.replace("batch_size: 10", "batch_size: 32"))


def children(process: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    return []


def state(process: int) -> str:
    """The letter of its state; X if there is none."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "X"


def gone(process: int) -> bool:
    return state(process) in "ZX"


def go_on_if_unbegun(process: int) -> None:
    """Continue a process that was stopped as it was forked, before it did anything.

    Of these nothing is promised: it could not ask to be killed with its parent. Git is one, too.
    """
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        if fields[0] == "T" and int(fields[7]) <= 1:  # page faults
            os.kill(process, signal.SIGCONT)


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)


def stop(process: int) -> None:
    os.kill(process, signal.SIGSTOP)
    until(lambda: state(process) == "T")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_a_run_whose_partner_is_stopped(team: None, number: signal.Signals) -> None:
    with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
        wait_for(process, lambda: epochs_on_disk() >= 1 and children(process.pid))
        (partner,) = children(process.pid)
        stop(partner)
        process.send_signal(number)
        _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert "Interrupted after" in err
    assert gone(partner)
    stopped = newest()
    assert stopped.status() == "interrupted"
    assert run("train", "--resume", stopped.id, "--quiet").returncode == 0
    assert run("train", "--config", "some", "--quiet").returncode == 0
    assert content(stopped) == content(newest())


@pytest.mark.parametrize("stopped", [False, True])
def test_a_partner_does_not_outlive_its_parent(team: None, stopped: bool) -> None:
    with started(NNBASIC, "train", "--config", "some", "--quiet") as process:
        wait_for(process, lambda: epochs_on_disk() >= 1 and children(process.pid))
        (partner,) = children(process.pid)
        if stopped:
            stop(partner)
        process.kill()
        process.wait()
        until(lambda: gone(partner))


def test_a_partner_whose_parent_ends_while_it_is_forked(tmp_path: Path) -> None:
    """It asks for the signal of its parent's end too late, and sees that by its new parent."""
    script = """
import os, sys, time
from nnbasic.model import parallel
asked = parallel._end_with
def late(parent):
    print(os.getpid(), flush=True)
    while os.getppid() == parent:
        time.sleep(0.01)
    asked(parent)
parallel._end_with = late
team = parallel.Team(2)
with team.at_work(lambda: time.sleep(600)):
    time.sleep(600)
"""
    with started(sys.executable, "-c", script) as process:
        assert process.stdout is not None
        partner = int(process.stdout.readline())
        process.kill()
        process.wait()
        until(lambda: gone(partner))


def test_a_process_that_is_stopped_as_it_is_forked_holds_up_nobody() -> None:
    """The one that is forked to see whether that is possible."""
    code = (
        "import os, signal; from nnbasic.training.parallel import obstacle;"
        " os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGSTOP));"
        " print(obstacle())"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=LIMIT)
    assert said == "None\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_sweep_ends_with_all_its_processes_though_one_is_stopped(
    held: Any, number: signal.Signals
) -> None:
    held.hold()
    with started(NNBASIC, "sweep", "--jobs", 2, *held.arguments) as process:
        wait_for(process, lambda: len(held.processes()) == 2)
        workers = held.processes()
        stop(min(workers))
        held.release()
        process.send_signal(number)
        if number == signal.SIGINT:
            process.communicate(timeout=LIMIT)
            assert process.returncode == 130
        until(lambda: all(map(gone, workers)))
    assert {each.status() for each in all_runs()} <= {"interrupted", "finished"}


def disturbed() -> list[Run]:
    """The runs that were sent signals; a process that was killed at once has left none."""
    return [
        each
        for each in all_runs()
        if "disturbed" in each.id and (each.directory / "run.json").exists()
    ]


def test_at_random_moments_to_every_process(team: None, sample: Sample) -> None:
    """Whatever they are sent, no process stays behind, and the run ends in the same bits."""
    assert run("train", "--config", "some", "--quiet", "--name", "straight").returncode == 0
    expected = content(newest())
    rng = random.Random(4)
    signals = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, signal.SIGHUP]
    command = ["train", "--config", "some", "--name", "disturbed"]
    for _ in sample(range(1000), 6):
        with started(
            NNBASIC,
            *(*command, "--quiet"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.3, 1.6))
            partners = children(process.pid)
            target = rng.choice([process.pid, *partners, -process.pid])
            number = rng.choice(signals)
            with contextlib.suppress(ProcessLookupError):
                os.kill(target, number)
            if number == signal.SIGSTOP:  # then somebody loses patience
                process.send_signal(signal.SIGTERM if target in partners else signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1 if target in partners and number == signal.SIGHUP else LIMIT)
            process.kill()
            process.wait()
        for partner in partners:
            go_on_if_unbegun(partner)
        until(lambda partners=partners: all(map(gone, partners)))
        ours = disturbed()
        if ours and ours[-1].status() == "finished":
            assert content(ours[-1]) == expected
            command = ["train", "--config", "some", "--name", "disturbed"]
        elif ours:
            assert ours[-1].status() in ("interrupted", "crashed", "failed")
            command = ["train", "--resume", str(ours[-1].directory)]
    print(f", {sum(each.status() == 'finished' for each in disturbed())} runs finished")
    if ours and ours[-1].status() != "finished":
        assert run("train", "--resume", ours[-1].directory, "--quiet").returncode == 0
    assert content(ours[-1]) == expected
