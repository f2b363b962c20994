"""The runs of a folder: found by id, name, tag or directory, and read, whole and broken ones."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nnbasic.configs import loads
from nnbasic.training import Run, RunError, User, all_runs, find, newest
from nnbasic.training.choices import flatten
from nnbasic.training.collection import collect, find_newest
from support import edit

FIRST, SECOND = "20260101T000000Z-relu-aaaa", "20260101T000000Z-tanh-bbbb"
"""Of the same second, in which the first was started after the second."""


@pytest.fixture
def pair(tmp_path: Path, finished: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, in the working directory, with two runs and what else may lie about there."""
    folder = finished.directory.parent
    for run_id, name, second in (FIRST, "shallow", 2), (SECOND, "deep", 1):
        copy = Run(folder / run_id)
        shutil.copytree(finished.directory, copy.directory)
        copy.write(User(name=name, tags=["good", name[:1]]))
        edit(copy, id=run_id, started=f"2026-01-01T00:00:00.{second}+00:00")
    shutil.rmtree(finished.directory)
    for other in (".trash", "__pycache__", "notes"):
        (folder / other).mkdir()
    (folder / "table.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    return folder


class TestFinding:
    @pytest.mark.parametrize(
        "text",
        [FIRST, FIRST[:18], "shallow", f"runs/{FIRST}", f"./runs/../runs/{FIRST}/"],
    )
    def test_every_way_to_name_a_run(self, pair: Path, text: str) -> None:
        assert find(text, pair).id == FIRST

    @pytest.mark.parametrize(("inside", "text"), [(".", "."), ("deeper", "..")])
    def test_the_run_that_one_stands_in(
        self, pair: Path, monkeypatch: pytest.MonkeyPatch, inside: str, text: str
    ) -> None:
        folder = pair / FIRST / inside
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        assert find(text).id == FIRST

    def test_an_id_is_taken_before_a_name(self, pair: Path) -> None:
        Run(pair / SECOND).write(User(name=FIRST))
        assert find(FIRST, pair).id == FIRST

    @pytest.mark.parametrize("text", ["", "nope", "x" * 5000, "runs", "../..", "sha\nllow", "a\0"])
    def test_what_means_no_run(self, pair: Path, text: str) -> None:
        for look in (lambda: find(text, pair), lambda: collect(pair, ["deep", text])):
            with pytest.raises(RunError, match=r"no run .* in .*: give an id"):
                look()

    def test_a_text_that_means_several_names_them(self, pair: Path) -> None:
        Run(pair / FIRST).write(User(name="deep"))
        for text in ("20260101", "deep"):
            with pytest.raises(RunError, match=f"could mean 2 runs: .*{FIRST}, {SECOND}"):
                find(text, pair)

    def test_the_newest_of_those_that_share_a_name(self, pair: Path) -> None:
        Run(pair / FIRST).write(User(name="deep"))
        run, sharing = find_newest("deep", pair)
        assert (run.id, sharing) == (FIRST, 2)
        run, sharing = find_newest(SECOND, pair)
        assert (run.id, sharing) == (SECOND, 1)
        with pytest.raises(RunError, match="could mean 2 runs"):
            find_newest("20260101", pair)

    def test_latest_is_the_newest(self, pair: Path) -> None:
        Run(pair / SECOND).write(User(name="latest"))
        assert find_newest("latest", pair)[0].id == FIRST
        assert [data.run.id for data in collect(pair, ["latest"])[0]] == [FIRST]


class TestNewest:
    def test_of_one_second_the_record_decides(self, pair: Path) -> None:
        assert newest(pair).id == FIRST

    def test_older_runs_and_broken_ones_are_passed_by(self, pair: Path) -> None:
        (pair / "20250101T000000Z-old-0000").mkdir()
        (pair / "20270101T000000Z-broken-0000").mkdir()
        (pair / "20270101T000000Z-broken-0000" / "run.json").write_text("{")
        assert newest(pair).id == FIRST

    def test_a_directory_with_another_name_counts_by_its_record(self, pair: Path) -> None:
        (pair / FIRST).rename(pair / "mine")
        assert newest(pair).id == "mine"

    @pytest.mark.parametrize("folder", ["empty", "nowhere", "file"])
    def test_no_newest_run(self, tmp_path: Path, folder: str) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "file").write_text("")
        with pytest.raises(RunError, match="there is no run yet; start one"):
            newest(tmp_path / folder)


def test_hidden_folders_caches_and_files_are_no_runs(pair: Path) -> None:
    assert [run.id for run in all_runs(pair)] == [FIRST, SECOND, "notes"]


def test_all_runs_are_read_with_what_is_known_about_them_the_oldest_first(pair: Path) -> None:
    (pair / "notes").rmdir()
    data, problems = collect(pair, whole=True)
    assert problems == []
    assert [each.user.name for each in data] == ["deep", "shallow"]
    for each in data:
        assert each.status == "finished"
        assert (each.values["activation"], each.seed) == ("relu", 0)
        assert "seed" not in each.values
        assert [row.epoch for row in each.metrics] == [1, 2, 3]
        assert [row["epoch"] for row in each.diagnostics] == [0, 1, 2, 3]


def test_flatten_keeps_what_a_config_says() -> None:
    config = loads("{activation: [tanh, {name: elu, alpha: 0.5}], layers: [784, 20, 15, 10]}")
    flat = flatten(config.model_dump())
    assert flat["activation"] == "[tanh, {name: elu, alpha: 0.5}]"
    assert flat["layers"] == "[784, 20, 15, 10]"
    assert flat["optimizer.clip_norm"] is None
    assert flat["optimizer.nesterov"] is False
    assert flat["optimizer.lr"] == 0.1
    # what is written as text means the same when it is read
    assert loads(f"activation: {flat['activation']}\nlayers: {flat['layers']}") == config
    plugins = ["a, b.py", "null"]
    assert yaml.safe_load(str(flatten({"plugins": plugins})["plugins"])) == plugins


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        ([FIRST], [FIRST]),
        (["2"], [SECOND, FIRST]),
        (["good"], [SECOND, FIRST]),
        (["s", "d"], [SECOND, FIRST]),
        (["shallow", f"runs/{FIRST}", FIRST], [FIRST]),
    ],
    ids=["id", "beginning of all", "tag", "two tags", "one run three times"],
)
def test_a_selector_may_mean_several_runs(
    pair: Path, selectors: list[str], chosen: list[str]
) -> None:
    found, problems = collect(pair, selectors)
    assert [each.run.id for each in found] == chosen
    assert problems == []


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda content: content[:-7], "line 3 and what follows"),
        (lambda content: content + b'{"epoch": 4, "tr', "line 4 and what follows"),
        (None, "torn, it has 0 of 3 epochs"),
    ],
    ids=["in a line", "after the last epoch", "no file"],
)
def test_torn_metrics_are_named_and_what_is_whole_is_there(
    pair: Path, keep: Callable[[bytes], bytes] | None, words: str
) -> None:
    path = pair / FIRST / "metrics.jsonl"
    content = path.read_bytes()
    path.unlink()
    if keep is not None:
        path.write_bytes(keep(content))
    data, problems = collect(pair, ["good"], whole=True)
    assert len(problems) == 1
    assert f"{path}: {words}" in problems[0]
    left = path.read_text().count("\n") if path.exists() else 0
    assert [row.epoch for row in data[1].metrics] == list(range(1, left + 1))


def test_of_a_run_at_work_a_line_may_be_unfinished_but_not_of_a_crashed_one(pair: Path) -> None:
    run = Run(pair / FIRST)
    edit(run, status="running")
    with (run.directory / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 4, "tr')
    with run.claim():
        (data,), problems = collect(pair, [FIRST], whole=True)
        assert (data.status, problems) == ("running", [])
    (data,), problems = collect(pair, [FIRST], whole=True)
    assert (data.status, len(problems)) == ("crashed", 1)


@pytest.mark.parametrize(
    ("count", "rest"),
    [(6, ["and 1 more such directory"]), (8, ["and 3 more such directories"])],
)
@pytest.mark.parametrize("kind", ["no run", "older"])
def test_of_many_directories_of_a_kind_a_few_are_named(
    pair: Path, kind: str, count: int, rest: list[str]
) -> None:
    (pair / "notes").rmdir()
    for number in range(count):
        (pair / f"{number:02}").mkdir()
        if kind == "older":
            (pair / f"{number:02}" / "run.json").write_text('{"schema_version": 1}')
    _, problems = collect(pair)
    named = [f"{pair}/0{number}" for number in range(5)]
    assert [problem.partition(":")[0] for problem in problems[:5]] == named
    assert problems[5:] == [f"{pair}: {words}" for words in rest]
