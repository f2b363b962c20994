"""A RUN is an id, a unique prefix of one, a name or a directory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nnbasic.training import Run, RunError, User, all_runs, find, newest
from nnbasic.training.collection import collect
from nnbasic.training.lookup import find_latest

FIRST, SECOND = "20260101T000000Z-relu-aaaa", "20260101T000000Z-tanh-bbbb"


@pytest.fixture
def runs(tmp_path: Path, finished: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, in the working directory, with two runs and what else may lie about there."""
    folder = finished.directory.parent
    for number, (run_id, name) in enumerate([(FIRST, "shallow"), (SECOND, "deep")]):
        copy = Run(folder / run_id)
        shutil.copytree(finished.directory, copy.directory)
        copy.write_user(User(name=name))
        started = f"2026-01-0{2 - number}T00:00:00+00:00"
        copy.write_record(finished.record().model_copy(update={"id": run_id, "started": started}))
    shutil.rmtree(finished.directory)
    for other in (".trash", "__pycache__", "notes"):
        (folder / other).mkdir()
    (folder / "table.csv").write_text("")
    (folder / "zz-broken").mkdir()
    (folder / "zz-broken" / "run.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.mark.parametrize(
    "text",
    [FIRST, FIRST[:18], "shallow", f"runs/{FIRST}", f"./runs/{FIRST}/", f"runs/../runs/{FIRST}"],
)
def test_every_way_to_name_a_run(runs: Path, text: str) -> None:
    assert find(text, runs).id == FIRST


def test_an_absolute_directory_needs_no_runs_folder(runs: Path) -> None:
    assert find(str(runs / SECOND), Path("nowhere")).id == SECOND


@pytest.mark.parametrize(("inside", "text"), [(".", "."), ("deeper", "..")])
def test_the_run_that_one_stands_in(
    runs: Path, monkeypatch: pytest.MonkeyPatch, inside: str, text: str
) -> None:
    folder = runs / FIRST / inside
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    assert find(text).id == FIRST


def test_an_id_is_taken_before_a_name(runs: Path) -> None:
    Run(runs / SECOND).write_user(User(name=FIRST))
    assert find(FIRST, runs).id == FIRST


@pytest.mark.parametrize("text", ["", "nope", "x" * 5000, "runs", "../..", "sha\nllow", "deep\0"])
def test_what_means_no_run(runs: Path, text: str) -> None:
    with pytest.raises(RunError, match=r"no run .* in .*: give an id"):
        find(text, runs)


def test_a_text_that_means_several_names_them(runs: Path) -> None:
    with pytest.raises(RunError, match="could mean 2 runs") as error:
        find("20260101", runs)
    assert FIRST in str(error.value)
    assert SECOND in str(error.value)
    Run(runs / FIRST).write_user(User(name="deep"))
    with pytest.raises(RunError, match="'deep' could mean 2 runs"):
        find("deep", runs)


def test_the_newest_of_those_that_share_a_name(runs: Path) -> None:
    Run(runs / FIRST).write_user(User(name="deep"))
    run, sharing = find_latest("deep", runs)
    assert (run.id, sharing) == (FIRST, 2)
    run, sharing = find_latest(SECOND, runs)
    assert (run.id, sharing) == (SECOND, 1)
    with pytest.raises(RunError, match="could mean 2 runs"):
        find_latest("20260101", runs)
    with pytest.raises(RunError, match="no run 'nope'"):
        find_latest("nope", runs)


def test_latest_is_the_newest_unless_a_run_is_called_so(runs: Path) -> None:
    assert find_latest("latest", runs)[0].id == FIRST
    assert [data.run.id for data in collect(runs, ["latest"])[0]] == [FIRST]
    with pytest.raises(RunError, match="no run 'latest'"):
        find("latest", runs)
    Run(runs / SECOND).write_user(User(name="latest"))
    assert find_latest("latest", runs)[0].id == SECOND


def test_the_newest_run_is_the_one_started_last_of_those_that_can_be_read(runs: Path) -> None:
    assert newest(runs).id == FIRST


@pytest.mark.parametrize("folder", ["empty", "nowhere", "file"])
def test_no_newest_run(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="there is no run yet; start one"):
        newest(tmp_path / folder)


def test_hidden_folders_caches_and_files_are_no_runs(runs: Path) -> None:
    assert [run.id for run in all_runs(runs)] == [FIRST, SECOND, "notes", "zz-broken"]
