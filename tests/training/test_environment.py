"""What a result may depend on: the code that computes, and the threads that really run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

import nnbasic.training
from nnbasic.training.cores import cores
from nnbasic.training.environment import blas_threads, code_sha256

ROOMS = Path(nnbasic.training.__file__).parents[1]
ASK = "from nnbasic.training import environment as e; print({})"


def asked(question: str, **environment: str) -> str:
    """What a new process prints that finds nnbasic in the same place."""
    command = [sys.executable, "-c", ASK.format(question)]
    variables = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=variables | environment
    )
    return done.stdout.strip()


class TestThreads:
    def test_variables_that_the_blas_does_not_obey_change_nothing(self) -> None:
        """NumPy's wheels have OpenBLAS, which takes no notice of MKL's variable."""
        real = "max(p['num_threads'] for p in __import__('threadpoolctl').threadpool_info())"
        question = f"e.blas_threads(), {real}"
        recorded, running = asked(question, MKL_NUM_THREADS="1").split()
        assert recorded == running
        recorded, running = asked(question, OPENBLAS_NUM_THREADS="1").split()
        assert recorded == running == "1"

    def test_a_limit_that_was_set_in_the_process(self) -> None:
        with threadpool_limits(1, user_api="blas"):
            assert blas_threads() == 1

    def test_no_more_than_cores(self) -> None:
        assert int(asked("e.blas_threads()", OPENBLAS_NUM_THREADS="64")) <= cores()


class TestCode:
    """The hash that tells whether two runs were computed by the same code."""

    @pytest.fixture
    def copy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Another installation, whose files may be changed."""
        copy = tmp_path / "nnbasic"
        copy.mkdir()
        shutil.copy(ROOMS / "__init__.py", copy)
        for room in ("model", "data", "configs", "training"):
            (copy / room).mkdir()
            for file in (ROOMS / room).glob("*.py*"):
                shutil.copy(file, copy / room)
        return copy

    def of(self, copy: Path) -> str:
        return asked("e.code_sha256()", PYTHONPATH=str(copy.parent), PYTHONDONTWRITEBYTECODE="1")

    def test_where_it_is_installed_does_not_matter(self, copy: Path) -> None:
        assert self.of(copy) == code_sha256()

    @pytest.mark.parametrize(
        ("file", "counts"),
        [
            ("model/activations.py", True),
            ("model/new.py", True),
            ("data/batches.py", True),
            ("training/session.py", True),
            ("training/trained.py", True),
            ("training/lookup.py", False),
            ("configs/reader.py", False),
        ],
    )
    def test_a_change_counts_where_it_computes(self, copy: Path, file: str, counts: bool) -> None:
        with (copy / file).open("a") as stream:
            stream.write("# another line\n")
        assert (self.of(copy) != code_sha256()) == counts

    def test_plugins_compute_too(self, tmp_path: Path) -> None:
        plugin = tmp_path / "mine.py"
        plugin.write_text("a = 1")
        first = code_sha256([str(plugin)])
        assert first == code_sha256([str(plugin)]) != code_sha256()
        plugin.write_text("a = 2")
        assert code_sha256([str(plugin)]) != first
