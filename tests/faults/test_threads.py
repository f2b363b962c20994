"""Training from a program that has threads or processes of its own: no deadlock, and said so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.cores import cores
from nnbasic.training.parallel import AVAILABLE

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs a team: Linux, 2 cores")

PROGRAM = """
import ctypes, multiprocessing, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from nnbasic.training import start
from small_runs import make_config, make_dataset

def train(name):
    session = start(make_config(), make_dataset(), runs=Path("runs"), name=name)
    for _ in session.train():
        pass
    return session.run.status()

def native():
    c = ctypes.CDLL(None)
    number = ctypes.c_ulong()
    c.pthread_create(ctypes.byref(number), None, ctypes.cast(c.pause, ctypes.c_void_p), None)

if __name__ == "__main__":
    way = sys.argv[1]
    if way == "alone":
        print(train(way))
    elif way == "beside a thread":
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        print(train(way))
    elif way == "beside a native thread":
        native()
        print(train(way))
    elif way == "in threads":
        with ThreadPoolExecutor(3) as pool:
            for ended in pool.map(train, "abc"):
                print(ended)
    else:
        with multiprocessing.get_context(way).Pool(2) as pool:
            for ended in pool.map(train, "ab"):
                print(ended)
"""


@pytest.mark.parametrize(
    ("way", "warning"),
    [
        ("alone", ""),
        ("beside a thread", "it has 1 other thread, beside which a fork may deadlock"),
        ("beside a native thread", "a library has threads of its own here"),
        ("in threads", "beside which a fork may deadlock"),
        ("fork", ""),
        ("spawn", ""),
    ],
)
def test_every_way_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, warning: str
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    done = subprocess.run(
        [sys.executable, "program.py", way],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"finished"}
    if warning:
        assert "RuntimeWarning: training in one process, not in 2: " in done.stderr
        assert warning in done.stderr
    else:
        assert done.stderr == ""


def test_a_thread_that_is_about_to_end_is_waited_for() -> None:
    """OpenBLAS's are, at a fork: where a core is taken away, they are seen for a while yet."""
    code = (
        "import ctypes; from nnbasic.training.parallel import obstacle; c = ctypes.CDLL(None);"
        " c.pthread_create(ctypes.byref(ctypes.c_ulong()), None,"
        " ctypes.cast(c.usleep, ctypes.c_void_p), ctypes.c_void_p(100_000)); print(obstacle())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "None\n"
