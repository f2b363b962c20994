"""Comparisons: order, differences, intervals; the figures of runs that were really trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic.cli.comparing import in_terminal
from nnbasic.compare.blocks import Wanted
from nnbasic.compare.comparison import Comparison, compare
from nnbasic.training import RunError
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]

THRESHOLD = 0.9


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_the_figures_of_a_row(make: Make, compared: Compared) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    content = compared().to_dict()
    rows = content["groups"]
    accuracies = {
        name: np.array([max(row["val_accuracy"] for row in metrics(run)) for run in each])
        for name, each in made.items()
    }
    best, other = sorted(accuracies, key=lambda name: -accuracies[name].mean())
    assert [row["key"] for row in rows] == [{"activation": best}, {"activation": other}]
    assert content["seeds"] == [0, 1, 2, 3, 4, 5]
    for row in rows:
        name = row["key"]["activation"]
        values = accuracies[name]
        interval = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
        assert row["n"] == 6
        assert row["statuses"] == {"finished": 6}
        assert row["apart"] is None
        assert row["val_accuracy"]["mean"] == pytest.approx(values.mean())
        assert row["val_accuracy"]["sd"] == pytest.approx(values.std(ddof=1))
        assert row["val_accuracy"]["ci95"] == pytest.approx(np.clip(interval, 0, 1))
        tests = [record(run)["test_accuracy"] for run in made[name]]
        assert row["test_accuracy"]["mean"] == pytest.approx(np.mean(tests))
        firsts = [
            next((r for r in metrics(run) if r["val_accuracy"] >= THRESHOLD), None)
            for run in made[name]
        ]
        reached = [first for first in firsts if first]
        assert len(reached) > 3, "choose another threshold: this tests nothing"
        never = [np.inf] * (6 - len(reached))
        assert row["epochs_to_threshold"] == {
            "reached": len(reached),
            "of": 6,
            "median": np.median([first["epoch"] for first in reached] + never),
            "beyond": None,
        }
        assert row["seconds_to_threshold"]["median"] == pytest.approx(
            np.median([first["elapsed_seconds"] for first in reached] + never)
        )
        epochs = [r["epoch_seconds"] for run in made[name] for r in metrics(run)]
        assert row["seconds_per_epoch"] == pytest.approx(np.median(epochs))
    differences = accuracies[other] - accuracies[best]
    expected = stats.ttest_1samp(differences, 0)
    interval = expected.confidence_interval()
    assert rows[0]["difference"] is rows[0]["difference_ci95"] is rows[0]["p"] is None
    assert rows[1]["difference"] == pytest.approx(differences.mean())
    assert rows[1]["difference_ci95"] == pytest.approx([interval.low, interval.high])
    assert rows[1]["pairs"] == 6
    assert rows[1]["p"] == pytest.approx(expected.pvalue)
    assert rows[0]["letters"] == "a"
    assert rows[1]["letters"] == ("b" if expected.pvalue < 0.05 else "a")
    assert rows[0]["may_be_best"] is True


def test_the_intervals_of_differences_are_printed(make: Make, compared: Compared) -> None:
    for seed in range(3):
        make({"best": scored(0.90 + 0.01 * seed)}, activation="relu", seed=seed)
        make({"best": scored(0.80 + 0.01 * seed)}, activation="tanh", seed=seed)
    comparison = compared()
    low, high = comparison.to_dict()["groups"][1]["difference_ci95"]
    assert -0.2 < low < -0.1 < high < -0.05
    assert f"{100 * low:+.2f} to {100 * high:+.2f}" in "\n".join(
        in_terminal(comparison, Wanted(), 80)
    )


def test_the_test_set_does_not_order(make: Make, compared: Compared) -> None:
    make({"best": scored(0.5), "test_accuracy": 0.9}, activation="relu")
    make({"best": scored(0.6), "test_accuracy": 0.1}, activation="tanh")
    assert [group.key["activation"] for group in compared().groups] == ["tanh", "relu"]


def test_means_over_configs_are_not_rounded_to_images(make: Make, compared: Compared) -> None:
    """relu has half an image of 100 more than tanh in each seed: a difference, and no tie."""
    slow = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
    for seed in range(6):
        for name, second in (("relu", 0.91), ("tanh", 0.90)):
            make({"best": scored(0.90)}, activation=name, seed=seed)
            changed = {"activation": name, "optimizer": slow, "seed": seed}
            make({"best": scored(second)}, **changed)
    row = compared(by=["activation"]).to_dict()["groups"][1]
    assert row["difference"] == pytest.approx(-0.005)
    # the variance is that of counting whole images, 1/6: t = 0.5/√(1/6/6), five degrees of freedom
    assert row["p"] == pytest.approx(2 * stats.t.sf(3, 5))


def test_one_seed_has_no_p_and_no_interval(make: Make, compared: Compared, said: Said) -> None:
    make(activation="relu")
    make(activation="tanh")
    comparison = compared()
    for row in comparison.to_dict()["groups"]:
        assert row["p"] is row["difference_ci95"] is row["letters"] is row["may_be_best"] is None
    assert comparison.to_dict()["plan"] is None
    assert said(comparison.notes, "One seed says nothing about chance")


def test_effects_and_plan(make: Make, compared: Compared) -> None:
    for seed in range(3):
        for activation in ("relu", "tanh"):
            for init in ("he", "xavier"):
                accuracy = (0.9 if activation == "relu" else 0.8) + 0.01 * (seed + (init == "he"))
                make(
                    {"best": scored(accuracy)},
                    activation=activation,
                    init=init,
                    seed=seed,
                )
    content = compared().to_dict()
    assert [(each["key"], each["levels"][0]["value"]) for each in content["factors"]] == [
        ("activation", "relu"),
        ("init", "he"),
    ]
    relu, tanh = content["factors"][0]["levels"]
    assert relu["mean"] == pytest.approx(0.915)
    assert tanh["difference"] == pytest.approx(-0.1)
    # effects of ±5 and ±0.5 points, and a variance of seeds of 1, which the mean of three leaves
    # in no effect, as it is the same for all
    assert content["factors"][0]["share"] == pytest.approx(25 / 26.25)
    assert content["factors"][1]["share"] == pytest.approx(0.25 / 26.25)
    assert content["seeds_share"] == pytest.approx(1 / 26.25)
    assert content["interactions"][0]["keys"] == ["activation", "init"]
    assert content["interactions"][0]["p"] == pytest.approx(1)
    plan = content["plan"]
    assert plan["power"] == 0.8
    seeds = [each["seeds"] for each in plan["seeds"]]
    assert seeds == sorted(seeds, reverse=True)
    assert seeds[-1] == 2 or plan["smallest_difference"] > 0.1


def test_choices_that_change_together_are_said(make: Make, compared: Compared, said: Said) -> None:
    """Presets differ in more than the activation: which of it made the difference is not known."""
    fast = {"name": "sgd", "lr": 0.2, "momentum": 0.9}
    for seed in range(2):
        make(activation="relu", init="he", seed=seed)
        make(activation="tanh", init="xavier", optimizer=fast, seed=seed)
    comparison = compared()
    assert said(comparison.warnings, "activation and init and optimizer.lr differ together")
    assert comparison.effects is None
    for seed in range(2):
        make(activation="relu", init="xavier", seed=seed)
        make(activation="relu", init="he", optimizer=fast, seed=seed)
    assert said(compared(by=["activation"]).warnings, "optimizer.lr is not the same in all rows")


def test_nothing_to_compare() -> None:
    with pytest.raises(RunError, match=r"a: broken\n.*no run"):
        compare([], problems=["a: broken"])


def test_one_run(make: Make, compared: Compared, said: Said) -> None:
    make()
    comparison = compared()
    (row,) = comparison.to_dict()["groups"]
    assert (row["key"], row["label"], row["n"]) == ({}, "all runs", 1)
    assert row["val_accuracy"]["sd"] is row["val_accuracy"]["ci95"] is row["p"] is None
    assert not said(comparison.notes, "Rows stand")


def test_one_learning_rate_is_said(make: Make, compared: Compared, said: Said) -> None:
    make(activation="relu")
    make(activation="tanh")
    assert said(compared().next_steps, "learning rate 0.1", "--lr-search")
    make(activation="elu", optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9})
    assert not said(compared().next_steps, "learning rate")
