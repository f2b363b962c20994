"""What a result may depend on: the code that computes, and the threads that really run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from nnbasic.training import environment
from nnbasic.training.environment import blas_threads, code_sha256


def asked(question: str, **environment: str) -> str:
    """What a new process prints that finds nnbasic in the same place."""
    code = f"from nnbasic.training import environment as e; print({question})"
    variables = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=variables | environment,
    )
    return done.stdout.strip()


class TestThreads:
    @pytest.mark.parametrize("variable", ["MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
    def test_only_variables_that_the_blas_obeys_count(self, variable: str) -> None:
        """NumPy's wheels have OpenBLAS, which takes no notice of MKL's variable."""
        real = "max(p['num_threads'] for p in __import__('threadpoolctl').threadpool_info())"
        recorded, running = asked(f"e.blas_threads(), {real}", **{variable: "1"}).split()
        assert recorded == running

    def test_a_limit_that_was_set_in_the_process(self) -> None:
        with threadpool_limits(1, user_api="blas"):
            assert blas_threads() == 1


class TestCode:
    """The hash that tells whether two runs were computed by the same code."""

    @pytest.fixture
    def copy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """The rooms in another place, where the code is looked for from now on."""
        for room in ("model", "data", "configs", "training"):
            (tmp_path / room).mkdir()
            for file in environment.HERE.parent.with_name(room).glob("*.py"):
                shutil.copy(file, tmp_path / room)
        monkeypatch.setattr(environment, "HERE", tmp_path / "training" / environment.HERE.name)
        environment._own_hashes.cache_clear()
        yield tmp_path
        environment._own_hashes.cache_clear()

    @pytest.mark.parametrize(
        ("file", "counts"),
        [
            ("model/activations.py", True),
            ("data/new.py", True),
            ("training/session.py", True),
            ("training/trained.py", True),
            ("training/collection.py", False),
            ("configs/text.py", False),
        ],
    )
    def test_a_change_counts_where_it_computes(
        self, before: str, copy: Path, file: str, counts: bool
    ) -> None:
        assert code_sha256() == before, "where it is installed does not matter"
        environment._own_hashes.cache_clear()
        with (copy / file).open("a") as stream:
            stream.write("# another line\n")
        assert (code_sha256() != before) == counts

    @pytest.fixture
    def before(self) -> str:
        return code_sha256()

    def test_plugins_compute_too(self, tmp_path: Path) -> None:
        plugin = tmp_path / "mine.py"
        plugin.write_text("a = 1")
        first = code_sha256([str(plugin)])
        assert first == code_sha256([str(plugin)]) != code_sha256()
        plugin.write_text("a = 2")
        assert code_sha256([str(plugin)]) != first
