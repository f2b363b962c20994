"""Little of everything: a training works, or says what is missing before it begins."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from calls import strace
from nnbasic.model.parallel import AVAILABLE
from nnbasic.training import all_runs
from nnbasic.training.cores import cores
from support import NNBASIC, Said, run

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs Linux and 2 cores")

TRAIN = ["train", "--config", "small", "--set", "batch_size=64", "--quiet"]
SWEEP = ["sweep", "--config", "small", "--set", "epochs=1", "--seeds", "2"]


@pytest.fixture(autouse=True)
def two_threads(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")


def limited(kind: str, value: int) -> Callable[[], None]:
    def limit() -> None:
        import resource

        resource.setrlimit(getattr(resource, kind), (value, value))

    return limit


def failing(calls: str, error: str) -> list[str]:
    """What comes before a command whose ``calls`` of the system all fail."""
    return [strace(), "-f", "-qq", "-o", "/dev/null", f"--inject={calls}:error={error}"]


def statuses() -> list[str]:
    return [run.status() for run in all_runs()]


@pytest.mark.parametrize("command", [TRAIN, pytest.param(SWEEP, marks=pytest.mark.slow)])
def test_64_open_files(command: list[str]) -> None:
    said = run(*command, preexec_fn=limited("RLIMIT_NOFILE", 64))
    assert said.code == 0, said.err
    assert {*statuses()} == {"finished"}


def test_little_address_space_is_refused_before_it_begins() -> None:
    said = run(*TRAIN, preexec_fn=limited("RLIMIT_AS", 200 * 2**20))
    assert said.refused("memory")
    assert statuses() == []


@pytest.mark.slow
def test_one_core() -> None:
    taskset = shutil.which("taskset") or pytest.skip("needs taskset")
    said = run(*TRAIN, before=[taskset, "-c", "0"])
    assert (said.code, said.err) == (0, "")


@contextlib.contextmanager
def control_group(controller: str, v1: str, v2: str, limit: str) -> Iterator[Callable[[], object]]:
    """What puts the process that calls it into a new control group with this limit."""
    old = Path(f"/sys/fs/cgroup/{controller}").is_dir()
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == (controller if old else ""):
            break
    group = Path(f"/sys/fs/cgroup/{controllers}{path}", f"limited-{os.getpid()}")
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"needs the right to make a control group: {error}")
    try:
        try:
            (group / (v1 if old else v2)).write_text(limit)
        except OSError as error:
            pytest.skip(f"needs the right to set a limit: {error}")
        yield lambda: (group / "cgroup.procs").write_text("0")
    finally:
        group.rmdir()


@pytest.mark.slow
def test_half_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with control_group("cpu", "cpu.cfs_quota_us", "cpu.max", "50000") as enter:
        said = run(*TRAIN, preexec_fn=enter)
    assert (said.code, said.err) == (0, "")
    assert [run.record().machine["cores"] for run in all_runs()] == [1]


@pytest.mark.slow
def test_the_memory_of_a_container() -> None:
    limit = str(100 * 2**20)
    with control_group("memory", "memory.limit_in_bytes", "memory.max", limit) as enter:
        said = run(*TRAIN, preexec_fn=enter)
    assert said.refused("100 MiB of memory")
    assert statuses() == []


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
def test_no_sweep_without_threads() -> None:
    said = run(*SWEEP, before=failing("fork,vfork,clone,clone3", "EAGAIN"))
    assert said.code == 2
    assert "Error: a sweep needs a thread for each process" in said.err
    assert statuses() == []


@pytest.mark.slow
def test_no_shared_memory() -> None:
    unshare = shutil.which("unshare") or pytest.skip("needs unshare")
    before = [unshare, "-m", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh"]
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    said = run(*TRAIN, before=before)
    assert said.code == 0, said.err
    assert "training in one process, not in 2: there are no semaphores" in said.err


def test_a_file_system_without_locks() -> None:
    said: Said = run(*TRAIN, before=failing("flock", "ENOLCK"))
    assert said.refused("its file system has no locks (No locks available)")


@pytest.mark.slow
def test_closed_standard_streams_are_no_names_of_other_files() -> None:
    """Else the lock would have the number of stderr, and a library's words would be in it."""
    script = f'exec {sys.executable} {NNBASIC} "$@" 0<&- 1>&- 2>&-'
    done = subprocess.run(["bash", "-c", script, "bash", *TRAIN], timeout=120, check=False)
    assert done.returncode == 0
    assert statuses() == ["finished"]
    assert next(Path("runs").glob("*/.lock")).read_bytes() == b""
