"""`nnbasic eval`: the scores of a run, again and by class."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from nnbasic.training import Run, find, newest
from support import Command, edit


@pytest.fixture
def older(ids: list[str]) -> Run:
    return find(ids[0])


@pytest.fixture
def newer(ids: list[str]) -> Run:
    return find(ids[2])


def test_what_is_scored_and_kept_is_the_average_without_noise(
    workplace: Path, nnbasic: Command
) -> None:
    more = (
        "batch_norm: true\ndropout: 0.2\ninput_dropout: 0.1\ninput_noise: 0.1\n"
        "optimizer: {name: sgd, lr: 0.1, averaging: 0.9}\n"
    )
    Path("noisy.yaml").write_text(Path("small.yaml").read_text() + more)
    assert nnbasic("train", "--config", "noisy", "--quiet").code == 0
    record = newest().record()
    assert nnbasic("eval", "--json").json()["accuracy"] == record.test_accuracy
    last = nnbasic("eval", "--checkpoint", "last", "--split", "validation", "--json").json()
    assert record.last is not None
    assert (last["accuracy"], last["loss"]) == (record.last.val_accuracy, record.last.val_loss)


def test_json_has_the_keys_of_the_promise(nnbasic: Command, older: Run, newer: Run) -> None:
    scores = nnbasic("eval", "--json").json()
    assert list(scores) == [
        "run", "checkpoint", "split", "examples", "accuracy", "loss", "classes", "per_class",
            "confusion",
    ]  # fmt: skip
    assert scores["run"] == newer.id
    assert (scores["checkpoint"], scores["split"], scores["examples"]) == ("best", "test", 2000)
    assert [list(row) for row in scores["per_class"]] == [
        ["class", "precision", "recall", "f1", "support"]
    ] * 10
    assert [row["class"] for row in scores["per_class"]] == list(range(10))
    confusion = np.array(scores["confusion"])
    assert confusion.sum(axis=1).tolist() == [row["support"] for row in scores["per_class"]]
    assert confusion.trace() / 2000 == scores["accuracy"]


@pytest.mark.parametrize(("split", "examples"), [("train", 3000), ("validation", 9000)])
def test_other_splits(nnbasic: Command, older: Run, newer: Run, split: str, examples: int) -> None:
    scores = nnbasic("eval", "--split", split, "--json").json()
    assert (scores["split"], scores["examples"]) == (split, examples)
    if split == "validation":
        best = newer.record().best
        assert best is not None
        assert scores["accuracy"] == best.val_accuracy


def test_the_last_checkpoint(nnbasic: Command, older: Run, ids: list[str]) -> None:
    other = find(ids[1])
    shutil.copy(older.best, other.last)
    scores = nnbasic("eval", other.id, "--checkpoint", "last", "--json").json()
    assert scores["checkpoint"] == "last"
    assert scores["accuracy"] == older.record().test_accuracy
    best = nnbasic("eval", other.id, "--json").json()
    assert best["accuracy"] == other.record().test_accuracy != scores["accuracy"]


def test_the_table(nnbasic: Command, older: Run, newer: Run) -> None:
    said = nnbasic("eval", older.id)
    assert said.code == 0
    lines = said.out.splitlines()
    share = older.record().test_accuracy
    accuracy = f"{100 * share:.2f} ± {100 * (share * (1 - share) / 2000) ** 0.5:.2f}"
    assert lines[0] == f"{older.id}, best checkpoint, 2000 test images of digits"
    assert lines[1].startswith(f"accuracy {accuracy} %, loss ")
    assert len(lines) == 15
    assert max(map(len, lines)) <= 80
    scores = nnbasic("eval", older.id, "--json").json()
    for line, row, counts in zip(lines[5:], scores["per_class"], scores["confusion"], strict=True):
        figures, _, cells = line.partition("|")
        shown = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1")]
        assert figures.split() == [str(row["class"]), *shown]
        assert [0 if cell == "·" else int(cell) for cell in cells.split()] == counts


def test_data_that_is_not_there(nnbasic: Command, older: Run, newer: Run) -> None:
    edit(older, dataset="mnist")
    assert nnbasic("eval", older.id).refused("MNIST", "Connection refused")


def test_an_accuracy_below_the_wanted_one_is_exit_code_3(
    nnbasic: Command, older: Run, newer: Run
) -> None:
    accuracy = newer.record().test_accuracy
    assert nnbasic("eval", "--fail-under", accuracy).code == 0
    said = nnbasic("eval", "--fail-under", 0.999, "--json")
    assert said.code == 3
    assert said.err == f"test accuracy {100 * accuracy:.2f} % is below 99.90 %\n"
    assert said.json()["accuracy"] == accuracy
    assert nnbasic("eval", "--fail-under", 97).refused("97.0 is not in the range 0<=x<=1")
