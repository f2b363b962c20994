"""Reading many runs at once, whole and broken ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from nnbasic.configs import loads
from nnbasic.training import RunError
from nnbasic.training.collection import collect, flatten
from nnbasic.training.record import SCHEMA_VERSION


@pytest.fixture
def runs(tmp_path: Path, trained_on_digits: Path) -> Path:
    """relu of seeds 0 and 1, and tanh, in this order."""
    return Path(shutil.copytree(trained_on_digits, tmp_path / "runs"))


def directories(runs: Path) -> list[Path]:
    return [data.run.directory for data in collect(runs)[0]]


def edit(directory: Path, **changes: object) -> None:
    path = directory / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_all_runs_are_read_with_what_is_known_about_them(runs: Path) -> None:
    data, problems = collect(runs)
    assert problems == []
    assert [(d.user.name, d.flat["seed"]) for d in data] == [("relu", 0), ("relu", 1), ("tanh", 0)]
    for each in data:
        assert each.status == "finished"
        assert each.record.id == each.run.id
        assert each.flat["activation.name"] == each.user.name
        assert [row["epoch"] for row in each.metrics] == [1, 2]
        assert [row["epoch"] for row in each.diagnostics] == [0, 1, 2]
        assert each.record.val_accuracy == max(row["val_accuracy"] for row in each.metrics)


def test_the_oldest_comes_first_whatever_its_directory_is_called(runs: Path) -> None:
    oldest = directories(runs)[0]
    oldest.rename(runs / "zzz")
    assert directories(runs)[0] == runs / "zzz"


def test_no_runs_are_no_problem(tmp_path: Path) -> None:
    assert collect(tmp_path) == ([], [])
    assert collect(tmp_path / "missing") == ([], [])


def test_flatten_keeps_what_a_config_says() -> None:
    config = loads("{activation: [tanh, {name: elu, alpha: 0.5}], layers: [784, 20, 15, 10]}")
    flat = flatten(config.model_dump())
    assert flat["activation"] == "[tanh, {name: elu, alpha: 0.5}]"
    assert flat["layers"] == "[784, 20, 15, 10]"
    assert flat["optimizer.clip_norm"] is None
    assert flat["optimizer.nesterov"] is False
    assert flat["optimizer.lr"] == 0.1
    assert flat["data.scale"] == "unit"
    # what is written as text means the same when it is read
    assert loads(f"activation: {flat['activation']}\nlayers: {flat['layers']}") == config
    assert yaml.safe_load(str(flatten({"plugins": ["a, b.py", "null"]})["plugins"])) == [
        "a, b.py",
        "null",
    ]


@pytest.mark.parametrize(
    ("selector", "chosen"),
    [
        (lambda ids: ids[1], [1]),
        (lambda ids: ids[2][:-1], [2]),
        (lambda ids: "2", [0, 1, 2]),
        (lambda ids: "relu", [0, 1]),
        (lambda ids: "good", [0, 2]),
    ],
    ids=["id", "beginning of one id", "beginning of all", "name", "tag"],
)
def test_a_selector_may_mean_several_runs(
    runs: Path, selector: Callable[[list[str]], str], chosen: list[int]
) -> None:
    data, _ = collect(runs)
    for each in data[::2]:
        each.run.write_user(each.user.model_copy(update={"tags": ["other", "good"]}))
    ids = [each.run.id for each in data]
    found, problems = collect(runs, [selector(ids)])
    assert [each.run.id for each in found] == [ids[index] for index in chosen]
    assert problems == []


def test_a_directory_elsewhere_is_a_selector(runs: Path, tmp_path: Path) -> None:
    first = directories(runs)[0]
    found, _ = collect(tmp_path / "none", [str(first)])
    assert [each.run.directory for each in found] == [first]


def test_a_run_that_is_meant_twice_is_there_once(runs: Path) -> None:
    first = directories(runs)[0]
    found, _ = collect(runs, ["relu", str(first), first.name])
    assert [each.flat["seed"] for each in found] == [0, 1]


@pytest.mark.parametrize("selector", ["gelu", "", "RELU", "x" * 5000, "relu\0"])
def test_a_selector_that_means_no_run_is_an_error(runs: Path, selector: str) -> None:
    with pytest.raises(RunError, match="no run"):
        collect(runs, ["relu", selector])


def empty(directory: Path) -> None:
    (directory / "run.json").write_text("")


def torn(directory: Path) -> None:
    path = directory / "run.json"
    path.write_bytes(path.read_bytes()[:-20])


def not_a_number(directory: Path) -> None:
    path = directory / "run.json"
    path.write_text(path.read_text().replace('"seconds": 0', '"seconds": NaN, "was": 0'))


def binary(directory: Path) -> None:
    (directory / "run.json").write_bytes(b"\xff\x00\x80")


def nested(directory: Path) -> None:
    (directory / "run.json").write_text("[" * 100_000)


def other_json(directory: Path) -> None:
    (directory / "run.json").write_text("[1, 2]")


def without_a_config(directory: Path) -> None:
    edit(directory, config=None)


def with_words_for_figures(directory: Path) -> None:
    best = json.loads((directory / "run.json").read_text())["best"]
    edit(directory, best=best | {"val_correct": "very many"})


def newer(directory: Path) -> None:
    edit(directory, schema_version=SCHEMA_VERSION + 1)


def older(directory: Path) -> None:
    edit(directory, schema_version=SCHEMA_VERSION - 1)


def foreign(directory: Path) -> None:
    (directory / "run.json").unlink()


def a_directory_for_a_file(directory: Path) -> None:
    (directory / "run.json").unlink()
    (directory / "run.json").mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        empty,
        torn,
        not_a_number,
        binary,
        nested,
        other_json,
        without_a_config,
        with_words_for_figures,
        newer,
        older,
        foreign,
        a_directory_for_a_file,
    ],
)
def test_a_broken_run_is_named_in_one_line_and_the_others_are_read(
    runs: Path, damage: Callable[[Path], None]
) -> None:
    first, second, third = directories(runs)
    damage(second)
    data, problems = collect(runs)
    assert [each.run.directory for each in data] == [first, third]
    assert len(problems) == 1
    assert str(second) in problems[0]
    assert problems[0].isprintable()


def test_a_broken_run_that_is_not_meant_is_not_named(runs: Path) -> None:
    empty(directories(runs)[2])
    assert len(collect(runs, ["relu"])[0]) == 2
    assert collect(runs, ["relu"])[1] == []
    found, problems = collect(runs, ["tanh"])
    assert found == []
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda content: content[:-7], "1 of 2 epochs"),
        (lambda content: b"", "0 of 2 epochs"),
        (lambda content: content + b'{"epoch": 3, "tr', "torn after epoch 2"),
        (None, "0 of 2 epochs"),
    ],
    ids=["in a line", "all", "after the last epoch", "no file"],
)
def test_torn_metrics_are_named_and_what_is_whole_is_there(
    runs: Path, keep: Callable[[bytes], bytes] | None, words: str
) -> None:
    second = directories(runs)[1]
    path = second / "metrics.jsonl"
    whole = path.read_bytes()
    if keep is None:
        path.unlink()
    else:
        path.write_bytes(keep(whole))
    data, problems = collect(runs)
    assert len(problems) == 1
    assert f"{path}: torn" in problems[0]
    assert words in problems[0]
    assert len(data) == 3
    left = path.read_text().count("\n") if path.exists() else 0
    assert [row["epoch"] for row in data[1].metrics] == list(range(1, left + 1))


def test_of_a_run_at_work_a_line_may_be_unfinished_but_not_of_a_crashed_one(runs: Path) -> None:
    run = collect(runs)[0][0].run
    edit(run.directory, status="running")
    with (run.directory / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 3, "tr')
    with run.claim():
        data, problems = collect(runs)
        assert (data[0].status, problems) == ("running", [])
    data, problems = collect(runs)
    assert (data[0].status, len(problems)) == ("crashed", 1)


@pytest.mark.parametrize(
    ("count", "rest"),
    [(5, []), (6, ["and 1 more such directory"]), (78, ["and 73 more such directories"])],
)
@pytest.mark.parametrize("kind", [foreign, older])
def test_of_many_directories_of_a_kind_a_few_are_named(
    runs: Path, kind: Callable[[Path], None], count: int, rest: list[str]
) -> None:
    first, *_, last = directories(runs)
    torn(first)
    kind(last)
    for number in range(count):
        shutil.copytree(last, runs / f"{number:02}")
    shutil.rmtree(last)
    data, problems = collect(runs)
    assert len(data) == 1
    assert str(first) in problems[0]
    assert [problem.partition(":")[0] for problem in problems[1:6]] == [
        f"{runs}/0{number}" for number in range(5)
    ]
    assert problems[6:] == [f"{runs}: {words}" for words in rest]
