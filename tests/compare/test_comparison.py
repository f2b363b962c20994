"""Comparisons: order, differences, significance; the figures of runs that were really trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare.comparison import Comparison, compare, p_values_of_pairs
from nnbasic.compare.significance import holm
from nnbasic.runs import RunError

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]

THRESHOLD = 0.25


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_the_figures_of_a_row(make: Make, compared: Compared) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    rows = compared().to_dict()["groups"]
    accuracies = {
        name: np.array([max(row["val_accuracy"] for row in metrics(run)) for run in each])
        for name, each in made.items()
    }
    best, other = sorted(accuracies, key=lambda name: -accuracies[name].mean())
    assert [row["key"] for row in rows] == [{"activation": best}, {"activation": other}]
    for row in rows:
        name = row["key"]["activation"]
        values = accuracies[name]
        interval = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
        assert row["n"] == 6
        assert row["statuses"] == {"finished": 6}
        assert row["val_accuracy"]["mean"] == pytest.approx(values.mean())
        assert row["val_accuracy"]["sd"] == pytest.approx(values.std(ddof=1))
        assert row["val_accuracy"]["ci95"] == pytest.approx(interval)
        tests = [record(run)["test_accuracy"] for run in made[name]]
        assert row["test_accuracy"]["mean"] == pytest.approx(np.mean(tests))
        firsts = [
            next((r for r in metrics(run) if r["val_accuracy"] >= THRESHOLD), None)
            for run in made[name]
        ]
        reached = [first for first in firsts if first]
        assert reached, "choose another threshold: this tests nothing"
        assert row["epochs_to_threshold"] == {
            "reached": len(reached),
            "of": 6,
            "median": np.median([first["epoch"] for first in reached]),
        }
        assert row["seconds_to_threshold"]["median"] == pytest.approx(
            np.median([first["elapsed_seconds"] for first in reached])
        )
        epochs = [r["epoch_seconds"] for run in made[name] for r in metrics(run)]
        assert row["seconds_per_epoch"] == pytest.approx(np.median(epochs))
    differences = accuracies[other] - accuracies[best]
    expected = stats.permutation_test(
        (np.rint(100 * differences),),
        lambda d, axis: d.sum(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert rows[0]["difference"] is rows[0]["p"] is None
    assert rows[1]["difference"] == pytest.approx(differences.mean())
    assert rows[1]["pairs"] == 6
    assert rows[1]["p"] == pytest.approx(expected.pvalue)


def test_only_shared_seeds_are_paired(
    make: Make, runs: Path, compared: Compared, said: Said
) -> None:
    for seed in range(5):
        make(activation="relu", seed=seed)
    for seed in range(2, 9):
        make(activation="tanh", seed=seed)
    group = compared().groups[1]
    assert group.difference is not None
    assert group.difference.pairs == 3

    shutil.rmtree(runs)
    make(activation="relu", seed=1)
    make(activation="tanh", seed=2)
    comparison = compared()
    assert comparison.groups[1].difference is None
    assert said(comparison.notes, "Too few shared seeds", "takes 6")


def test_the_test_set_does_not_order(make: Make, compared: Compared) -> None:
    make({"best": {"val_correct": 50}, "test_correct": 90}, activation="relu")
    make({"best": {"val_correct": 60}, "test_correct": 10}, activation="tanh")
    assert [group.key["activation"] for group in compared().groups] == ["tanh", "relu"]


def test_too_few_seeds_for_significance(make: Make, compared: Compared, said: Said) -> None:
    for seed in range(5):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    assert said(compared().notes, "5 paired seeds cannot go below p = 0.0625", "with 6")
    for name in ("relu", "tanh"):
        make(activation=name, seed=5)
    assert not said(compared().notes, "cannot go below")
    for seed in range(6):
        make(activation="elu", seed=seed)
    comparison = compared()
    assert said(comparison.notes, "p = 0.0312, corrected 0.0938", "with 7")
    assert said(comparison.notes, "all 3 pairs")


def test_nothing_to_compare() -> None:
    with pytest.raises(RunError, match=r"a: broken\n.*no run"):
        compare([], problems=["a: broken"])


def test_one_run(make: Make, compared: Compared, said: Said) -> None:
    make()
    comparison = compared()
    (row,) = comparison.to_dict()["groups"]
    assert (row["key"], row["label"], row["n"]) == ({}, "all runs", 1)
    assert row["val_accuracy"]["sd"] is row["val_accuracy"]["ci95"] is row["p"] is None
    assert not said(comparison.notes, "paired")


def test_one_learning_rate_is_said(make: Make, compared: Compared, said: Said) -> None:
    make(activation="relu")
    make(activation="tanh")
    assert said(compared().notes, "learning rate 0.1")
    make(activation="elu", optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9})
    assert not said(compared().notes, "learning rate")


@pytest.mark.parametrize(("rows", "seeds"), [(2, 6), (3, 8), (5, 10)])
def test_without_a_difference_the_first_row_rarely_wins(
    rows: int, seeds: int, rng: np.random.Generator
) -> None:
    """The family-wise error over all rows, though the first row is the best of them."""
    false = 0
    for _ in range(2000):
        correct = rng.normal(4900, 5, seeds) + rng.normal(0, 5, (rows, seeds))
        ranked = sorted(correct.round(), key=lambda row: -row.mean())
        p_values = p_values_of_pairs([dict(enumerate(row)) for row in ranked])
        corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        false += any(corrected[0, index] < 0.05 for index in range(1, rows))
    assert false <= 0.05 * 2000
    assert false > 0
