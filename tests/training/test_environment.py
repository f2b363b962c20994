"""What a result may depend on: the code that computes, and the threads that really run."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from nnbasic.training import environment
from nnbasic.training.environment import blas_threads, code_sha256


def test_the_threads_of_the_blas_are_those_that_a_process_has_set() -> None:
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
        code_sha256.cache_clear()
        yield tmp_path
        code_sha256.cache_clear()

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
        code_sha256.cache_clear()
        with (copy / file).open("a") as stream:
            stream.write("# another line\n")
        assert (code_sha256() != before) == counts

    @pytest.fixture
    def before(self) -> str:
        return code_sha256()
