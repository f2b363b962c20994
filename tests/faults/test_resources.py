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
from support import NNBASIC

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs Linux and 2 cores")

TRAIN = [NNBASIC, "train", "--config", "small", "--set", "batch_size=64", "--quiet"]


@pytest.fixture(autouse=True)
def two_threads(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")


def limited(kind: str, value: int) -> Callable[[], None]:
    def limit() -> None:
        import resource

        resource.setrlimit(getattr(resource, kind), (value, value))

    return limit


def ended(*before: str, limit: Callable[[], object] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [*before, *TRAIN],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limit,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def failing(calls: str, error: str) -> list[str]:
    """What comes before a command whose ``calls`` of the system all fail."""
    return [strace(), "-f", "-qq", "-o", "/dev/null", f"--inject={calls}:error={error}"]


def statuses() -> list[str]:
    return [run.status() for run in all_runs()]


def test_64_open_files() -> None:
    assert ended(limit=limited("RLIMIT_NOFILE", 64)) == (0, "")


def test_a_sweep_with_64_open_files() -> None:
    sweep = [NNBASIC, "sweep", "--config", "small", "--set", "epochs=1", "--seeds", "4"]
    limit = limited("RLIMIT_NOFILE", 64)
    subprocess.run(sweep, check=True, capture_output=True, timeout=120, preexec_fn=limit)
    assert statuses() == ["finished"] * 4


def test_one_core() -> None:
    taskset = shutil.which("taskset") or pytest.skip("needs taskset")
    assert ended(taskset, "-c", "0") == (0, "")


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


def test_half_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with control_group("cpu", "cpu.cfs_quota_us", "cpu.max", "50000") as enter:
        assert ended(limit=enter) == (0, "")
    assert [run.record().machine["cores"] for run in all_runs()] == [1]


def test_no_new_processes() -> None:
    """By strace, as root may always start some."""
    code, err = ended(*failing("fork,vfork,clone", "EAGAIN"))
    assert code == 0, err
    assert "training in one process, not in 2: no process can be started" in err
    assert statuses() == ["finished"]


def test_no_new_threads() -> None:
    """OpenBLAS would end the program as NumPy is loaded."""
    code, err = ended(*failing("fork,vfork,clone,clone3", "EAGAIN"))
    assert code == 0, err
    assert err == "Warning: no thread can be started here, so NumPy computes with one\n"
    assert statuses() == ["finished"]


def test_no_sweep_without_threads() -> None:
    sweep = [NNBASIC, "sweep", "--config", "small", "--seeds", "2"]
    none = failing("fork,vfork,clone,clone3", "EAGAIN")
    done = subprocess.run([*none, *sweep], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "Error: a sweep needs a thread for each process" in done.stderr
    assert statuses() == []


def test_no_shared_memory() -> None:
    unshare = shutil.which("unshare") or pytest.skip("needs unshare")
    command = [unshare, "-m", "sh", "-c", 'mount -t tmpfs -o ro none /dev/shm && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    code, err = ended(*command)
    assert code == 0, err
    assert "training in one process, not in 2: there are no semaphores" in err


def test_a_file_system_without_locks() -> None:
    code, err = ended(*failing("flock", "ENOLCK"))
    assert code == 2
    assert "its file system has no locks (No locks available)" in err
    assert statuses() == ["interrupted"]


def test_closed_standard_streams_are_no_names_of_other_files() -> None:
    """Else the lock would have the number of stderr, and a library's words would be in it."""
    script = f'exec {sys.executable} -m nnbasic "$@" 0<&- 1>&- 2>&-'
    done = subprocess.run(["bash", "-c", script, "bash", *TRAIN[1:]], timeout=120, check=False)
    assert done.returncode == 0
    assert statuses() == ["finished"]
    assert next(Path("runs").glob("*/.lock")).read_bytes() == b""
