"""Several commands on one run at the same moment: each change is there, or was refused."""

import shutil
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nnbasic.training import Run, all_runs
from support import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")


@pytest.fixture
def only(workplace: Path, trained_on_digits: Path) -> Run:
    """One finished run."""
    original = next(all_runs(trained_on_digits))
    shutil.copytree(original.directory, workplace / "runs" / original.id)
    return next(all_runs())


def together(*commands: str) -> list[tuple[int, str]]:
    """The exit codes and stderr of `nnbasic` with each of ``commands`` at once."""
    with ThreadPoolExecutor(len(commands)) as pool:
        ended = [*pool.map(lambda command: run(*command.split()), commands)]
    assert not any("Traceback" in said.err for said in ended)
    return [(said.code, said.err) for said in ended]


def test_no_tag_is_lost(only: Run) -> None:
    ended = together(*(f"runs tag {only.id} word-{number}" for number in range(4)))
    assert [code for code, _ in ended] == [0] * 4  # each waited for its turn
    assert sorted(only.user().tags) == [f"word-{number}" for number in range(4)]


@pytest.mark.slow
def test_of_three_exports_to_one_file_two_are_refused(only: Run) -> None:
    for number in range(3):
        ended = together(*[f"runs export {only.id} --csv {number}.csv"] * 3)
        assert Counter(code for code, _ in ended) == {0: 1, 2: 2}
        assert all("already exists" in err for code, err in ended if code == 2)
        assert len(Path(f"{number}.csv").read_text().splitlines()) == 3
    assert not list(Path().glob(".*.part"))


@pytest.mark.slow
def test_what_is_deleted_is_not_brought_back_in_part(only: Run) -> None:
    whole = {file.name for file in only.directory.iterdir()}
    kept = shutil.copytree(only.directory, "kept")
    for _ in range(3):
        together(f"runs rm {only.id}")
        together(f"runs rm --purge {only.id}", f"runs restore {only.id}")
        left = [*all_runs(), *all_runs(Path("runs", ".trash"))]
        assert len(left) <= 1
        for each in left:
            assert whole <= {file.name for file in each.directory.iterdir()}
            shutil.rmtree(each.directory)
        shutil.copytree(kept, only.directory)
