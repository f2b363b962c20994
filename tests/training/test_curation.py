"""Tags, names, the trash."""

import shutil
from pathlib import Path

import pytest

from nnbasic.training import Run, RunError, User, all_runs, find
from nnbasic.training.curation import TRASH, discard, note, purge, rename, restore, tag


@pytest.fixture
def runs(finished: Run) -> list[Run]:
    """Three runs, each with all its files, and with its number for a name."""
    for number in range(3):
        copy = finished.directory.with_name(f"2026010{number}T000000Z-x-0000")
        shutil.copytree(finished.directory, copy)
        Run(copy).write(User(name=f"relu{number}"))
    shutil.rmtree(finished.directory)
    return list(all_runs(finished.directory.parent))


@pytest.fixture
def run(runs: list[Run]) -> Run:
    return runs[0]


def contents(folder: Path) -> dict[str, bytes]:
    """All files below ``folder``, but for the locks that looking at a run may leave."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".lock")
    }


def test_tags_are_added_once_and_in_order_and_removed(run: Run) -> None:
    assert tag(run, ["b", "a", "b"]).tags == ["b", "a"]
    assert tag(run, ["c", "a"]).tags == ["b", "a", "c"]
    assert run.user() == User(name="relu0", tags=["b", "a", "c"])
    assert tag(run, ["b", "c"], remove=True).tags == ["a"]
    assert run.user().tags == ["a"]
    assert tag(run, ["👨\u200d👩\u200d👧"]).tags[1:] == ["👨\u200d👩\u200d👧"]  # a family, joined


@pytest.mark.parametrize("word", ["", "two words", "line\n", "\u202e"])
def test_a_tag_is_one_printable_word(run: Run, word: str) -> None:
    with pytest.raises(RunError, match="not a tag") as error:
        tag(run, ["good", word])
    assert str(error.value).isprintable()
    assert run.user().tags == []


def test_a_tag_that_is_not_there_cannot_be_removed(run: Run) -> None:
    with pytest.raises(RunError, match="it has none"):
        tag(run, ["a"], remove=True)
    tag(run, ["a", "b"])
    with pytest.raises(RunError, match="it has a, b"):
        tag(run, ["a", "c"], remove=True)
    assert run.user().tags == ["a", "b"]


def test_a_run_is_renamed_and_keeps_its_id_tags_and_notes(run: Run) -> None:
    run.write(User(name="relu", tags=["a"]))
    note(run, " first try ")
    note(run, "caf\udce9")  # an argument that is no Unicode
    rename(run, "  더 좋은 실행 ")
    assert run.user() == User(name="더 좋은 실행", tags=["a"], notes="first try\ncaf?")
    assert find("더 좋은 실행", run.directory.parent).id == run.id
    assert note(run, "second try", replace=True).notes == "second try"


@pytest.mark.parametrize("name", ["  ", "two\nlines", "\x00"])
def test_a_name_is_one_printable_line(run: Run, name: str) -> None:
    with pytest.raises(RunError, match="not a name"):
        rename(run, name)
    assert run.user().name == "relu0"


def test_what_a_broken_user_file_said_is_not_overwritten(run: Run) -> None:
    path = run.directory / "user.json"
    path.write_text('{"name": "relu", "notes": "all my thoughts')
    for change in (lambda: tag(run, ["a"]), lambda: rename(run, "b")):
        with pytest.raises(RunError, match=r"user\.json: broken"):
            change()
    assert "all my thoughts" in path.read_text()
    path.unlink()
    assert tag(run, ["a"]) == User(name=run.id, tags=["a"])


def test_the_trash_keeps_every_byte(runs: list[Run]) -> None:
    folder = runs[0].directory.parent
    before = contents(folder)
    discard(runs[:2])
    assert [run.id for run in all_runs(folder)] == [runs[2].id]
    trashed = list(all_runs(folder / TRASH))
    assert [run.id for run in trashed] == [run.id for run in runs[:2]]
    restore(trashed)
    assert [run.id for run in all_runs(folder)] == [run.id for run in runs]
    assert contents(folder) == before


def test_a_broken_run_can_be_discarded_and_brought_back(run: Run) -> None:
    (run.directory / "run.json").write_text("{")
    discard([run])
    assert not run.directory.exists()
    restore(list(all_runs(run.directory.parent / TRASH)))
    assert (run.directory / "run.json").read_text() == "{"


def test_a_running_run_stays_and_all_others_with_it(runs: list[Run]) -> None:
    running = runs[1]
    before = contents(running.directory.parent)
    for remove in (discard, purge):
        with running.claim(), pytest.raises(RunError, match="another process is training"):
            remove(runs)
    assert contents(running.directory.parent) == before
    discard([running])  # now that its process has gone


def test_a_foreign_directory_stays(runs: list[Run]) -> None:
    foreign = runs[0].directory.parent / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.tex").write_text("In the beginning")
    for remove in (discard, purge):
        with pytest.raises(RunError, match="not a run"):
            remove([*runs, Run(foreign)])
    assert (foreign / "chapter1.tex").exists()
    assert all(run.directory.exists() for run in runs)


def test_no_run_is_overwritten_in_the_trash_or_out_of_it(run: Run) -> None:
    copy = run.directory.with_name("copy")
    shutil.copytree(run.directory, copy)
    discard([run])
    copy.rename(run.directory)
    rename(run, "the new one")
    with pytest.raises(RunError, match="already exists"):
        discard([run])
    with pytest.raises(RunError, match="already exists"):
        restore(list(all_runs(run.directory.parent / TRASH)))
    assert run.user().name == "the new one"


def test_what_is_in_the_trash_is_not_discarded_and_what_is_not_is_not_restored(run: Run) -> None:
    with pytest.raises(RunError, match="not in the trash"):
        restore([run])
    discard([run])
    (trashed,) = all_runs(run.directory.parent / TRASH)
    with pytest.raises(RunError, match="already in the trash"):
        discard([trashed])


def test_what_cannot_be_deleted_is_said(run: Run, tmp_path: Path) -> None:
    discard([run])
    (trashed,) = all_runs(run.directory.parent / TRASH)
    (trashed.directory.parent / ".link.deleted").symlink_to(tmp_path)
    with pytest.raises(RunError, match="cannot be deleted: Cannot call rmtree on a symbolic link"):
        purge([trashed])
    assert tmp_path.exists()


def test_purging_deletes_runs_and_what_is_in_the_trash_and_nothing_else(runs: list[Run]) -> None:
    folder = runs[0].directory.parent
    discard(runs[:1])
    purge([*all_runs(folder / TRASH), runs[1]])
    assert list(all_runs(folder / TRASH)) == []
    assert [run.id for run in all_runs(folder)] == [runs[2].id]
