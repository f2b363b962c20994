"""`nnbasic eval`: the scores of a run, again and by class."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.training import find
from support import content, edit

Command = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs of `runs` are kept, once they are trained."""
    return tmp_path_factory.mktemp("trained")


@pytest.fixture
def summaries(workplace: Path, nnbasic: Command, trained: Path) -> dict[str, Any]:
    """What `train --json` said of two runs, ``older`` and ``newer``, that are in ./runs."""
    cache = trained / "summaries.json"
    if not cache.exists():
        both = {
            name: nnbasic(
                "train", "--config", "small", "--seed", seed, "--name", name, "--json"
            ).json()
            for seed, name in enumerate(["older", "newer"])
        }
        shutil.copytree("runs", trained / "runs")
        cache.write_text(json.dumps(both))
    else:
        shutil.copytree(trained / "runs", "runs")
    said: dict[str, Any] = json.loads(cache.read_text())
    return said


def test_the_same_number_as_at_the_end_of_the_training(
    nnbasic: Command, summaries: dict[str, Any]
) -> None:
    for name, summary in summaries.items():
        before = content(find(name))
        said = nnbasic("eval", name, "--json")
        assert content(find(name)) == before
        assert said.code == 0
        assert said.err == ""
        assert said.json()["accuracy"] == summary["test_accuracy"]
        assert said.json()["loss"] == summary["test_loss"]


def test_json_has_the_keys_of_the_promise(nnbasic: Command, summaries: dict[str, Any]) -> None:
    scores = nnbasic("eval", "--json").json()
    assert list(scores) == [
        "run", "checkpoint", "split", "examples", "accuracy", "loss", "classes", "per_class",
            "confusion",
    ]  # fmt: skip
    assert scores["run"] == summaries["newer"]["run"]
    assert (scores["checkpoint"], scores["split"], scores["examples"]) == ("best", "test", 2000)
    assert [list(row) for row in scores["per_class"]] == [
        ["class", "precision", "recall", "f1", "support"]
    ] * 10
    assert [row["class"] for row in scores["per_class"]] == list(range(10))
    confusion = np.array(scores["confusion"])
    assert confusion.sum(axis=1).tolist() == [row["support"] for row in scores["per_class"]]
    assert confusion.trace() / 2000 == scores["accuracy"]


def test_rows_of_the_confusion_are_the_true_classes(
    nnbasic: Command, summaries: dict[str, Any]
) -> None:
    confusion = nnbasic("eval", "--json").json()["confusion"]
    with np.load(find("newer").predictions) as file:
        labels, predicted = file["labels"], file["predicted"]
    assert confusion[3][5] == ((labels == 3) & (predicted == 5)).sum()
    assert confusion[5][3] == ((labels == 5) & (predicted == 3)).sum()


@pytest.mark.parametrize(("split", "examples"), [("train", 3000), ("validation", 9000)])
def test_other_splits(
    nnbasic: Command, summaries: dict[str, Any], split: str, examples: int
) -> None:
    scores = nnbasic("eval", "--split", split, "--json").json()
    assert (scores["split"], scores["examples"]) == (split, examples)
    if split == "validation":
        assert scores["accuracy"] == summaries["newer"]["best"]["val_accuracy"]


def test_the_last_checkpoint(nnbasic: Command, summaries: dict[str, Any]) -> None:
    run = find("newer")
    shutil.copy(find("older").best, run.last)
    scores = nnbasic("eval", "--checkpoint", "last", "--json").json()
    assert scores["checkpoint"] == "last"
    assert scores["accuracy"] == summaries["older"]["test_accuracy"]
    assert nnbasic("eval", "--json").json()["accuracy"] == summaries["newer"]["test_accuracy"]


def test_every_way_to_name_a_run(nnbasic: Command, summaries: dict[str, Any]) -> None:
    run_id = summaries["older"]["run"]
    for text in (run_id, run_id[:-1], "older", f"runs/{run_id}", Path("runs", run_id).absolute()):
        assert nnbasic("eval", text, "--json").json()["run"] == run_id


def test_the_table(nnbasic: Command, summaries: dict[str, Any]) -> None:
    said = nnbasic("eval", "older")
    assert said.code == 0
    lines = said.out.splitlines()
    share = summaries["older"]["test_accuracy"]
    accuracy = f"{100 * share:.2f} ± {100 * (share * (1 - share) / 2000) ** 0.5:.2f}"
    assert lines[0] == f"{summaries['older']['run']}, best checkpoint, 2000 test images of digits"
    assert lines[1].startswith(f"accuracy {accuracy} %, loss ")
    assert len(lines) == 15
    assert max(map(len, lines)) <= 80
    scores = nnbasic("eval", "older", "--json").json()
    for line, row, counts in zip(lines[5:], scores["per_class"], scores["confusion"], strict=True):
        figures, _, cells = line.partition("|")
        shown = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
        assert figures.split() == [str(row["class"]), *shown]
        assert [0 if cell == "·" else int(cell) for cell in cells.split()] == counts


class TestRefused:
    def test_no_run_at_all(self, workplace: Path, nnbasic: Command) -> None:
        assert nnbasic("eval").refused("there is no run yet; start one")
        assert not (workplace / "runs").exists()

    def test_an_ambiguous_run(self, nnbasic: Command, summaries: dict[str, Any]) -> None:
        assert nnbasic("eval", "20").refused("could mean 2 runs", summaries["older"]["run"])

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"schema_version": 99}'])
    def test_a_broken_record(
        self, nnbasic: Command, summaries: dict[str, Any], content: str
    ) -> None:
        run = find("older")
        (run.directory / "run.json").write_text(content)
        assert nnbasic("eval", "older").refused(run.id)
        assert nnbasic("eval", "--json").json()["run"] == summaries["newer"]["run"]

    def test_data_that_is_not_there(self, nnbasic: Command, summaries: dict[str, Any]) -> None:
        edit(find("older").directory, dataset="mnist")
        assert nnbasic("eval", "older").refused("MNIST", "Connection refused")

    def test_no_validation_split(self, nnbasic: Command) -> None:
        change = "data.validation=0"
        nnbasic("train", "--config", "small", "--epochs", 1, "--set", change, "--quiet")
        said = nnbasic("eval", "--split", "validation")
        assert said.refused("the run was trained without a validation split")

    def test_wrong_choices(self, nnbasic: Command, summaries: dict[str, Any]) -> None:
        assert nnbasic("eval", "--split", "tests").refused("'tests' is not one of")
        assert nnbasic("eval", "--checkpoint", "first").refused("'first' is not one of")


def test_an_accuracy_below_the_wanted_one_is_exit_code_3(
    nnbasic: Command, summaries: dict[str, Any]
) -> None:
    accuracy = summaries["newer"]["test_accuracy"]
    assert nnbasic("eval", "--fail-under", accuracy).code == 0
    said = nnbasic("eval", "--fail-under", 0.999, "--json")
    assert said.code == 3
    assert said.err == f"test accuracy {100 * accuracy:.2f} % is below 99.90 %\n"
    assert said.json()["accuracy"] == accuracy
    assert nnbasic("eval", "--fail-under", 97).refused("97.0 is not in the range 0<=x<=1")
