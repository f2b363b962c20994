"""Signals to the processes of a training and of a sweep, also to those that are stopped."""

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from nnbasic.training import all_runs, newest
from nnbasic.training.machine import cores
from nnbasic.training.parallel import AVAILABLE
from support import BASE, NNBASIC, PATIENCE, content, epochs_on_disk, run, started, wait_for

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs a team: Linux, 2 cores")

TRAIN = ["train", "--config", "some", "--quiet"]


@pytest.fixture
def team(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`some.yaml`, which two processes train."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    Path("some.yaml").write_text(
        BASE.replace("batch_size: 10", "batch_size: 32").replace("12", "24")
    )


def children(process: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    return []


def fields(process: int) -> list[str]:
    """What the kernel says of a process from its state on, which is X if there is none."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return ["X"]


def gone(process: int) -> bool:
    return fields(process)[0] in "ZX"


def stop(process: int) -> None:
    os.kill(process, signal.SIGSTOP)
    wait_for(lambda: fields(process)[0] == "T")


@pytest.mark.slow
def test_one_signal_ends_a_run_whose_partner_is_stopped_and_it_ends_in_the_same_bits(
    team: None,
) -> None:
    with started(NNBASIC, *TRAIN) as process:
        wait_for(lambda: epochs_on_disk() >= 1 and children(process.pid), process)
        (partner,) = children(process.pid)
        os.kill(partner, signal.SIGSTOP)
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Interrupted after" in err
    assert gone(partner)
    stopped = newest()
    assert stopped.status() == "interrupted"
    assert run("train", "--resume", stopped.id, "--quiet").code == 0
    assert run(*TRAIN).code == 0
    assert content(stopped) == content(newest())


@pytest.mark.slow
def test_a_slow_batch_is_waited_for(workplace: Path) -> None:
    """On a busy machine one may take more than a second."""
    Path("slow.py").write_text(
        "import time\nfrom nnbasic.model import ACTIVATIONS, Layer\n"
        '@ACTIVATIONS.register("slow")\nclass Slow(Layer):\n'
        "    def forward(self, x, rng=None):\n        time.sleep(1.5)\n        return x\n"
        "    def backward(self, gradient):\n        return gradient\n"
    )
    Path("some.yaml").write_text(f"{BASE}activation: slow\nplugins: [slow.py]\n")
    with started(NNBASIC, *TRAIN) as process:
        wait_for(lambda: epochs_on_disk() == 0, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, newest().status()) == (130, "interrupted")
    assert "Interrupted after 0 of 12 epochs" in err


def test_a_stopped_partner_does_not_outlive_its_parent(team: None) -> None:
    with started(NNBASIC, *TRAIN) as process:
        wait_for(lambda: epochs_on_disk() >= 1 and children(process.pid), process)
        (partner,) = children(process.pid)
        os.kill(partner, signal.SIGSTOP)
        process.kill()
        process.wait()
        wait_for(lambda: gone(partner))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_sweep_ends_with_all_its_processes_though_one_is_stopped(
    held: Any, number: signal.Signals
) -> None:
    held.hold()
    with started(NNBASIC, "sweep", "--jobs", 2, *held.arguments) as process:
        wait_for(lambda: len(held.processes()) == 2, process)
        workers = held.processes()
        stop(min(workers))
        held.release()
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        wait_for(lambda: all(map(gone, workers)))
    assert {each.status() for each in all_runs()} <= {"interrupted", "finished"}
