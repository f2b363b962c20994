"""Several commands on one run at the same moment: each change is there, or was refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from nnbasic.training import Run, all_runs, newest
from nnbasic.training.curation import TRASH
from support import NNBASIC, content, epochs_on_disk, started, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")

ROUND = """
import sys, time
from pathlib import Path
from nnbasic.training import Run, RunError, all_runs
from nnbasic.training import curation
from nnbasic.training.curation import TRASH
folder, own = Path("runs"), sys.argv[1]
print("ready", flush=True)
sys.stdin.read()
done = []
for number in range(int(sys.argv[2])):
    for what in sys.argv[3:]:
        word = f"{own}-{number}"
        try:
            if what == "restore":
                curation.restore(list(all_runs(folder / TRASH))[:1])
            elif what == "rename":
                curation.rename(next(all_runs(folder)), word)
            elif what == "rm":
                curation.discard(list(all_runs(folder))[:1])
            elif what == "note":
                curation.note(next(all_runs(folder)), word)
            else:
                curation.tag(next(all_runs(folder)), [word])
                print(word)
        except (RunError, StopIteration) as error:
            print(f"{what}: {error}", file=sys.stderr)
"""


@pytest.fixture
def only(workplace: Path, trained_on_digits: Path) -> Run:
    """One finished run."""
    original = next(all_runs(trained_on_digits))
    shutil.copytree(original.directory, workplace / "runs" / original.id)
    return next(all_runs())


def rounds(*commands: tuple[str, ...], times: int) -> list[tuple[str, str]]:
    """Do the ``commands`` in a process each, ``times`` over, all at once; what each printed."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ROUND, str(number), str(times), *what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number, what in enumerate(commands)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    printed = [process.communicate("", timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), printed
    return printed


def test_no_tag_and_no_note_is_lost(only: Run) -> None:
    printed = rounds(*[("tag", "note")] * 4, times=25)
    given = [word for out, _ in printed for word in out.split()]
    assert len(given) == 100  # each waited for its turn
    assert sorted(only.user().tags) == sorted(given)
    assert sorted(only.user().notes.splitlines()) == sorted(given)


def test_tags_while_the_run_is_moved_to_and_fro(only: Run) -> None:
    before = content(only)
    printed = rounds(("tag",), ("rename", "tag"), ("rm", "restore"), ("restore", "rm"), times=40)
    given = [word for out, _ in printed for word in out.split()]
    assert given
    (run,) = [*all_runs(), *all_runs(Path("runs") / TRASH)]
    assert sorted(run.user().tags) == sorted(given)
    assert content(run) | {"files": []} == before | {"files": []}
    assert not any("Traceback" in err for _, err in printed)


def together(*commands: list[object]) -> list[tuple[int, str]]:
    """The exit codes and stderr of `nnbasic` with each of ``commands`` at once."""
    processes = [
        subprocess.Popen(
            [NNBASIC, *map(str, command)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    said = [process.communicate(timeout=120)[1] for process in processes]
    return [(process.returncode, err) for process, err in zip(processes, said, strict=True)]


def test_a_run_is_resumed_once(workplace: Path) -> None:
    with started(NNBASIC, "train", "--config=small", "--quiet", "--epochs=20") as process:
        wait_for(process, lambda: epochs_on_disk() >= 1)
    run = newest()
    ended = together(*[["train", "--resume", run.id, "--quiet"]] * 3)
    assert Counter(code for code, _ in ended) == {0: 1, 2: 2}, ended
    for code, err in ended:
        assert code == 0 or "another process is training" in err or "has finished" in err
    assert [row.epoch for row in run.metrics()] == list(range(1, 21))


def test_of_two_exports_to_one_file_one_is_refused(only: Run) -> None:
    for number in range(3):
        export = ["runs", "export", only.id, "--csv", f"{number}.csv"]
        ended = together(export, export, export)
        assert Counter(code for code, _ in ended) == {0: 1, 2: 2}
        assert all("already exists" in err for code, err in ended if code == 2)
        assert len(Path(f"{number}.csv").read_text().splitlines()) == 3
    assert not list(Path().glob(".*.part"))


def test_what_is_deleted_is_not_brought_back_in_part(only: Run) -> None:
    for _ in range(3):
        whole = sorted(file.name for file in only.directory.iterdir())
        kept = shutil.copytree(only.directory, "kept")
        together(["runs", "rm", only.id])
        together(["runs", "rm", "--purge", only.id], ["runs", "restore", only.id])
        left = [*all_runs(), *all_runs(Path("runs") / TRASH)]
        assert len(left) <= 1
        for run in left:
            assert set(whole) <= {file.name for file in run.directory.iterdir()}
            shutil.rmtree(run.directory)
        Path(kept).rename(only.directory)


def test_a_comparison_while_runs_come_and_go(only: Run) -> None:
    """It shows the runs that are there when it reads them."""
    copies = [shutil.copytree(only.directory, f"runs/{only.id}-{i}") for i in range(3)]
    ended = together(
        ["compare"],
        ["runs", "rm", *[Path(copy).name for copy in copies]],
        ["runs", "list"],
        ["runs", "export", only.id, "--csv", "a.csv"],
        ["runs", "tag", only.id, "seen"],
    )
    assert {code for code, _ in ended} <= {0, 2}
    assert not any("Traceback" in err for _, err in ended)
    assert only.user().tags == ["seen"]
