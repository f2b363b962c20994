"""Training from a program that has threads of its own: no deadlock, and Python's are warned of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.machine import cores
from nnbasic.training.parallel import AVAILABLE

pytestmark = pytest.mark.skipif(not AVAILABLE or cores() < 2, reason="needs a team: Linux, 2 cores")

PROGRAM = """
import ctypes, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from nnbasic import training
from small_runs import make_config, make_dataset

def train(name):
    dataset = make_dataset()
    run = training.start(make_config(), dataset, runs=Path("runs"), name=name)
    for _ in training.train(run, dataset):
        pass
    return run.status()

def native():
    c = ctypes.CDLL(None)
    number = ctypes.c_ulong()
    c.pthread_create(ctypes.byref(number), None, ctypes.cast(c.pause, ctypes.c_void_p), None)

if __name__ == "__main__":
    way = sys.argv[1]
    if way == "beside a native thread":
        native()
        print(train("a"))
    else:
        with ThreadPoolExecutor(3) as pool:
            print(*pool.map(train, "abc"))
"""


@pytest.mark.parametrize(
    ("way", "warning"),
    [
        ("in threads", "beside which a fork may deadlock"),
        pytest.param("beside a native thread", None, marks=pytest.mark.slow),
    ],
)
def test_every_way_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, warning: str | None
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    program = [sys.executable, "program.py", way]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert {*done.stdout.split()} == {"finished"}
    if warning is None:
        assert "RuntimeWarning" not in done.stderr
    else:
        assert "RuntimeWarning: training in one process, not in 2: " in done.stderr
        assert warning in done.stderr
