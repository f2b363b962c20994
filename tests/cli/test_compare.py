"""`nnbasic compare` on runs that were really trained, as a person and a program read it."""

import json
import shutil
from pathlib import Path
from typing import Any

import click
import pytest

from support import Said, edit, invoke


@pytest.fixture
def here(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present directory, with a copy of the runs."""
    shutil.copytree(swept, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(*arguments: object) -> Said:
    return invoke("compare", *arguments)


def parsed(*arguments: str) -> dict[str, Any]:
    return compare(*arguments, "--format", "json").json()


@pytest.mark.usefixtures("here")
def test_table() -> None:
    result = compare("--threshold", "0.2")
    assert result.code == 0
    assert result.err == ""
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "validation accuracy" in " ".join(lines[:2]), "the verdict first"
    assert any(line.startswith("8 runs in 4 rows. The same in all: ") for line in lines)
    (head,) = (line for line in lines if line.startswith("activation  init"))
    assert head.split()[2:8] == ["n", "accuracy", "%", "difference", "(95", "%)"]
    rows = lines[lines.index(head) + 1 :][:3]
    means = [float(row.split()[3]) for row in rows]
    assert means == sorted(means, reverse=True)
    legend = lines[lines.index(head) + 5]
    assert legend.endswith("; more: --explain")
    assert not any("epochs" in line and "seconds" in line for line in lines)


@pytest.mark.usefixtures("here")
def test_more_on_request() -> None:
    plain, more = compare().out, compare("--details", "--p-values", "--explain").out
    for words in (
        "to 97 %  an epoch",
        " p ",
        "How to read this",
        "Differs: activation, init; with",
    ):
        assert words in more
        assert words not in plain
    assert "--explain" not in more


@pytest.mark.usefixtures("here")
def test_the_strip_is_drawn_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    lines = compare().out.splitlines()
    assert max(map(len, lines)) <= 110
    assert sum("●" in line for line in lines) == 4


@pytest.mark.usefixtures("here")
def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured, plain = invoke("compare", color=True).out, compare().out
    assert click.unstyle(coloured) == plain != coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert invoke("compare", color=True).out == plain


def test_two_runs_are_a_sentence_and_two_curves(here: Path) -> None:
    files = sorted((here / "runs").glob("*/run.json"))
    records = [json.loads(path.read_text()) for path in files]
    ids = [record["id"] for record in records if record["config"]["seed"] == 1][:2]
    lines = compare(*ids).out.splitlines()
    assert "One seed says nothing about chance" in " ".join(map(str.strip, lines[:8]))
    assert not any("accuracy %" in line for line in lines)
    start = lines.index("Validation accuracy by epoch:") + 1
    picture = "\n".join(lines[start : start + 10])
    for mark in "●○":
        assert 1 <= picture.count(mark) <= 2, "an epoch each, of two; some may lie on each other"
    content = parsed(*ids)
    ends = [value for curve in content["curves"] for value in curve["val_accuracy"]]
    assert picture.startswith(f"{100 * max(ends):.2f} %")
    assert f"{100 * min(ends):.2f} %" in picture.splitlines()[-1]


@pytest.mark.usefixtures("here")
def test_long_names_stand_above_their_figures(here: Path) -> None:
    for number, folder in enumerate(sorted((here / "runs").iterdir())):
        edit(folder, config={"layers": [784, *[100 + number // 2] * 9, 10]})
    lines = compare().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("layers=[784, 10") and "100," in line for line in lines) >= 1


def test_selection(here: Path) -> None:
    first = sorted((here / "runs").iterdir())[0]
    assert [group["n"] for group in parsed("tanh-he", "relu-he")["groups"]] == [2, 2]
    assert parsed(first.name)["groups"][0]["runs"] == [first.name]
    (first / "user.json").write_text('{"name": "x", "tags": ["chosen"]}')
    assert parsed("chosen")["groups"][0]["runs"] == [first.name]
    chosen_by_value = parsed("--where", "activation=tanh", "--where", "seed<1")["groups"]
    assert {group["label"]: group["n"] for group in chosen_by_value} == {"he": 1, "xavier": 1}
    elsewhere = here / "elsewhere"
    (here / "runs").rename(elsewhere)
    assert len(parsed("--runs", str(elsewhere))["groups"]) == 4
    assert len(parsed(str(elsewhere / first.name))["groups"]) == 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], ["no run 'nosuch'"]),
        (["--by", "activaton"], ["'activaton'", "did you mean activation"]),
        (["--by", "init"], ["average over runs with different activation in one row"]),
        (["--threshold", "97"], ["0<=x<=1"]),
        (["--threshold", "nan"], ["nan is not between 0 and 1"]),
        (["--runs", "nowhere"], ["no run to compare"]),
        (["--where", "activation=elu"], ["none of the 8 runs matches"]),
        (["--figure", "thesis.pdf"], ["--figure", "no figure 'thesis'"]),
        (["--figure", "loss=curves.pdf"], ["no figure 'loss'"]),
        (["--figure", "curves="], ["must end in"]),
    ],
)
def test_what_cannot_be_compared(arguments: list[str], words: list[str]) -> None:
    assert compare(*arguments).refused(*words)
