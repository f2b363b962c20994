"""Little of everything: a training works, or says what is missing before it begins."""

import shutil
import subprocess

import pytest

from nnbasic.training import all_runs
from nnbasic.training.machine import cores
from nnbasic.training.parallel import AVAILABLE
from support import limited, run

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs Linux and 2 cores")

TRAIN = ["train", "--config", "small", "--set", "batch_size=64", "--quiet"]
SWEEP = ["sweep", "--config", "small", "--set", "epochs=1", "--seeds", "2"]


@pytest.fixture(autouse=True)
def two_threads(workplace: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")


def failing(calls: str, error: str) -> list[str]:
    """What comes before a command whose ``calls`` of the system all fail; a skip without strace."""
    strace = shutil.which("strace") or pytest.skip("needs strace: apt-get install strace")
    if subprocess.run([strace, "-o", "/dev/null", "true"], check=False).returncode:
        pytest.skip("needs to be allowed to trace")
    return [strace, "-f", "-qq", "-o", "/dev/null", f"--inject={calls}:error={error}"]


def statuses() -> list[str]:
    return [run.status() for run in all_runs()]


@pytest.mark.parametrize("command", [TRAIN, pytest.param(SWEEP, marks=pytest.mark.slow)])
def test_64_open_files(command: list[str]) -> None:
    said = run(*command, preexec_fn=limited("RLIMIT_NOFILE", 64))
    assert said.code == 0, said.err
    assert {*statuses()} == {"finished"}


@pytest.mark.slow
def test_one_core() -> None:
    taskset = shutil.which("taskset") or pytest.skip("needs taskset")
    said = run(*TRAIN, before=[taskset, "-c", "0"])
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ("fork,vfork,clone", "training in one process, not in 2: no process can be started"),
        pytest.param(
            "fork,vfork,clone,clone3",
            "Warning: no thread can be started here, so NumPy computes with one",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_no_new_processes_or_threads(calls: str, said: str) -> None:
    """By strace, as root may always start some."""
    ended = run(*TRAIN, before=failing(calls, "EAGAIN"))
    assert ended.code == 0, ended.err
    assert said in ended.err
    assert statuses() == ["finished"]


@pytest.mark.slow
def test_a_sweep_needs_threads() -> None:
    ended = run(*SWEEP, before=failing("clone3", "EAGAIN"))
    assert ended.code == 2
    assert "a sweep needs a thread for each process: can't start new thread" in ended.err
    assert statuses() == []


@pytest.mark.slow
def test_no_shared_memory() -> None:
    unshare = shutil.which("unshare") or pytest.skip("needs unshare")
    before = [unshare, "-m", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh"]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    said = run(*TRAIN, before=before)
    assert said.code == 0, said.err
    assert "training in one process, not in 2: no process can be started" in said.err


def test_a_file_system_without_locks() -> None:
    said = run(*TRAIN, before=failing("flock", "ENOLCK"))
    assert said.refused("its file system has no locks (No locks available)")
