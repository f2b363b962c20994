"""A comparison of runs: its figures against SciPy, its sentences on real runs, its two kinds."""

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic import compare
from nnbasic.configs import load
from nnbasic.sweeps.plan import cells
from nnbasic.training import RunError
from nnbasic.training.collection import collect
from support import Compare, Compared, Holds, Make, scored

THRESHOLD = 0.7
FAST = {"name": "sgd", "lr": 0.2, "momentum": 0.9}
SEARCH = {"given": 0.1, "chosen": 0.2, "tried": {"0.1": 0.8, "0.2": 0.9}, "seeds": 2}
DEEP = [784, 8, 8, 8, 8, 8, 10]


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_the_figures_of_a_row(make: Make, compared: Compared) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    first, second = compared(threshold=THRESHOLD).to_dict()["groups"]
    accuracies = {
        name: np.array([max(row["val_accuracy"] for row in metrics(run)) for run in each])
        for name, each in made.items()
    }
    best, other = sorted(accuracies, key=lambda name: -accuracies[name].mean())
    assert (first["key"], second["key"]) == ({"activation": best}, {"activation": other})
    for row, name in ((first, best), (second, other)):
        values, lines = accuracies[name], [metrics(run) for run in made[name]]
        interval = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
        assert (row["n"], row["failed"], row["statuses"]) == (6, 0, {"finished": 6})
        assert row["val_accuracy"] == {
            "n": 6,
            "mean": pytest.approx(values.mean()),
            "sd": pytest.approx(values.std(ddof=1)),
            "ci95": pytest.approx(np.clip(interval, 0, 1)),
        }
        tests = [json.loads((run / "run.json").read_text())["test_accuracy"] for run in made[name]]
        assert row["test_accuracy"]["mean"] == pytest.approx(np.mean(tests))
        firsts = [[r for r in own if r["val_accuracy"] >= THRESHOLD][:1] for own in lines]
        assert sum(map(len, firsts)) > 3, "choose another threshold: this tests nothing"
        epochs = [own[0]["epoch"] if own else np.inf for own in firsts]
        seconds = [own[0]["elapsed_seconds"] if own else np.inf for own in firsts]
        assert row["epochs_to_threshold"]["median"] == np.median(epochs)
        assert row["seconds_to_threshold"]["median"] == pytest.approx(np.median(seconds))
        every = [r["epoch_seconds"] for own in lines for r in own]
        assert row["seconds_per_epoch"] == pytest.approx(np.median(every))
    expected = stats.ttest_1samp(accuracies[other] - accuracies[best], 0)
    differ = expected.pvalue < 0.05
    assert first["difference"] is first["difference_ci95"] is first["p"] is None
    assert second["difference"] == pytest.approx((accuracies[other] - accuracies[best]).mean())
    assert second["difference_ci95"] == pytest.approx([*expected.confidence_interval()])
    assert second["p"] == pytest.approx(expected.pvalue)
    assert (first["letters"], second["letters"]) == ("a", "b" if differ else "a")


def test_the_test_set_does_not_order(make: Make, compared: Compared) -> None:
    make({"best": scored(0.5), "test_correct": 90}, activation="relu")
    make({"best": scored(0.6), "test_correct": 10}, activation="tanh")
    assert [row.name for row in compared().rows] == ["tanh", "relu"]


def test_effects_and_plan(make: Make, compared: Compared) -> None:
    for seed, activation, init in itertools.product(range(3), ("relu", "tanh"), ("he", "xavier")):
        accuracy = (0.9 if activation == "relu" else 0.8) + 0.01 * (seed + (init == "he"))
        make({"best": scored(accuracy)}, activation=activation, init=init, seed=seed)
    content = compared().to_dict()
    activation_effect, init_effect = content["factors"]
    assert (activation_effect["key"], init_effect["key"]) == ("activation", "init")
    relu, tanh = activation_effect["levels"]
    assert (relu["value"], relu["mean"]) == ("relu", pytest.approx(0.915))
    assert tanh["difference"] == pytest.approx(-0.1)
    # effects of ±5 and ±0.5 points, and a variance of seeds of 1, the same for all rows
    assert content["seeds_share"] == pytest.approx(1 / 26.25)
    assert content["interactions"][0]["keys"] == ["activation", "init"]
    assert content["plan"]["power"] == 0.8
    seeds = [each["seeds"] for each in content["plan"]["seeds"]]
    assert seeds == sorted(seeds, reverse=True)


def test_a_public_call_gives_rows_and_sentences(make: Make, runs: Path) -> None:
    for activation, seed in itertools.product(("relu", "tanh"), range(3)):
        make({"best": scored(0.9 - (activation == "tanh") / 10)}, activation=activation, seed=seed)
    found = compare.compare(collect(runs)[0])
    assert found.verdict[0] == "Best: relu, 90.00 % validation accuracy."
    assert list(found.differences) == ["tanh"]
    assert found.effects is not None
    first, second = found.to_rows()
    assert (first["activation"], first["label"], first["failed"]) == ("relu", "relu", 0)
    assert second["difference"] == pytest.approx(-0.1)
    values = [*first.values(), *second.values()]
    assert all(value is None or isinstance(value, str | int | float) for value in values)


class TestFailures:
    """Networks that really learn nothing: five narrow layers of sigmoid."""

    @pytest.fixture
    def deep(self, make: Make) -> None:
        for seed in range(2):
            make(activation="sigmoid", layers=DEEP, seed=seed)
            make(activation="tanh", layers=DEEP, seed=seed)

    def test_a_choice_of_which_one_level_always_fails(self, deep: None, compared: Compared) -> None:
        content = compared().to_dict()
        assert content["verdict"][0] == "sigmoid learned nothing in 2 of 2 runs."
        assert [group["failed"] for group in content["groups"]] == [0, 2]

    def test_a_row_of_which_some_fail(self, make: Make, compared: Compared) -> None:
        for seed in range(4):
            make(activation="tanh", seed=seed)
            make(activation="relu", seed=seed)
            make({"status": "diverged"} if seed < 2 else {}, activation="elu", seed=seed)
        comparison = compared()
        assert comparison.verdict[0] == (
            "elu diverged in 2 of 4 runs, and is left out of means and tests."
        )
        assert comparison.rows[-1].letters is None


class TestTwoRuns:
    """The commonest comparison: two configs once each."""

    def test_what_differs_and_what_one_seed_proves(self, make: Make, compared: Compared) -> None:
        make({"best": scored(0.8)}, activation="relu", init="he")
        make({"best": scored(0.9), "config": {"epochs": 9}}, activation="tanh", init="xavier")
        said = compared().verdict
        assert said[0] == (
            "tanh/xavier/epochs=9 reached 90.00 % validation accuracy; relu/he/epochs=3 reached"
            " 80.00 % validation accuracy."
        )
        assert said[1] == (
            "They differ in activation (tanh, relu), init (xavier, he) and epochs (9, 3)."
        )
        assert said[-1].startswith(
            "One seed says nothing about chance; another could reverse the order."
        )

    def test_the_images_that_one_alone_gets_right(
        self, make: Make, compared: Compared, said: Holds
    ) -> None:
        runs = {name: make(activation=name) for name in ("relu", "tanh")}
        right = {}
        for name, run in runs.items():
            with np.load(run / "predictions.npz") as file:
                right[name] = file["probabilities"].argmax(axis=1) == file["labels"]
        alone = {
            name: int(np.sum(right[name] & ~right[other]))
            for name, other in (("relu", "tanh"), ("tanh", "relu"))
        }
        comparison = compared()
        assert comparison.mcnemar is not None
        assert (comparison.mcnemar.only_first, comparison.mcnemar.only_second) == tuple(
            alone.values()
        )
        words = f"relu alone is right on {alone['relu']}, tanh alone on {alone['tanh']}"
        assert said(comparison.verdict, words)

    @pytest.mark.parametrize("damage", ["missing", "labels", "data"])
    def test_predictions_that_do_not_compare(
        self, make: Make, compared: Compared, said: Holds, damage: str
    ) -> None:
        make(activation="relu")
        edited = {"dataset_sha256": "cd" * 32} if damage == "data" else {}
        file = make(edited, activation="tanh") / "predictions.npz"
        if damage == "missing":
            file.unlink()
        elif damage == "labels":
            with np.load(file) as content:
                arrays = dict(content)
            arrays["labels"] = np.roll(arrays["labels"], 1)
            np.savez(file, **arrays)
        comparison = compared()
        assert comparison.mcnemar is None
        assert said(comparison.notes, "No McNemar test")
        assert said(comparison.verdict, "One seed says nothing about chance")


def test_one_run(make: Make, compared: Compared) -> None:
    make({"best": scored(0.8)})
    comparison = compared()
    assert comparison.verdict == (
        "80.00 % validation accuracy. There is nothing to compare it with.",
    )
    assert comparison.next_steps == ()


class TestSearchedRates:
    """Rates that were given and rates that were searched are two questions."""

    @pytest.fixture
    def both(self, make: Make) -> None:
        for seed, activation in itertools.product(range(3), ("relu", "tanh")):
            low = activation == "tanh"
            make({"best": scored(0.8 - 0.1 * low)}, activation=activation, seed=seed)
            edited = {"best": scored(0.9), "rate_search": SEARCH}
            make(edited, activation=activation, optimizer=FAST, seed=seed)

    def test_the_searched_ones_come_first(self, both: None, compare_runs: Compare) -> None:
        found = compare_runs()
        assert found.second is not None
        assert found.first.rates_searched
        assert not found.second.rates_searched
        assert found.first.verdict[0].endswith(
            "identical in every seed (90.00 % validation accuracy)."
        )
        assert found.second.verdict[0].startswith("Best: relu, 80.00 %")
        content = found.to_dict()
        assert content["verdict"] == list(found.first.verdict)
        assert content["given"]["verdict"] == list(found.second.verdict)

    def test_what_the_search_gained(self, both: None, compare_runs: Compare) -> None:
        gains = {gain.row: gain for gain in compare_runs().gains}
        assert gains["tanh"].difference.mean == pytest.approx(0.2)
        assert gains["relu"].difference.mean == pytest.approx(0.1)
        assert (gains["relu"].given, gains["relu"].searched) == (0.1, 0.2)

    def test_a_plain_comparison_refuses_both(self, both: None, runs: Path) -> None:
        with pytest.raises(RunError, match="two comparisons"):
            compare.compare(collect(runs)[0])


class TestAdvice:
    """Commands that are printed."""

    def test_the_sweep_that_trains_more_seeds(self, make: Make, compared: Compared) -> None:
        """Failed rows are part of it: without them it would be no sweep."""
        for seed, activation, init in itertools.product(
            range(2), ("relu", "tanh"), ("he", "xavier")
        ):
            failed = {"last": scored(0.1)} if (activation, init) == ("relu", "he") else {}
            accuracy = {"best": scored(0.8 + 0.01 * seed)}
            make({**accuracy, **failed}, activation=activation, init=init, seed=seed)
        text, command = compared().next_steps[0].split("`")[:2]
        words = shlex.split(command)
        options = dict(itertools.pairwise(words))
        varied = [word for before, word in itertools.pairwise(words) if before == "--vary"]
        assert text.startswith("Detectable with 80 % power: ")
        assert load(options["--config"], []).layers == [784, 8, 10]
        assert len(cells(options["--config"], (), tuple(varied))) == 4
        assert int(options["--seeds"]) > 2

    def test_of_one_component_only_the_hyperparameters_vary(
        self, make: Make, compared: Compared
    ) -> None:
        for seed, lr in itertools.product(range(2), (0.1, 0.05)):
            make({"best": scored(0.8 + seed / 100)}, optimizer={"name": "sgd", "lr": lr}, seed=seed)
        command = compared().next_steps[0].split("`")[1]
        assert " --vary optimizer.lr=0.05,0.1 --seeds " in command

    def test_a_search_is_offered_where_the_command_takes_it(
        self, make: Make, compared: Compared, said: Holds
    ) -> None:
        for seed, activation in itertools.product(range(2), ("relu", "tanh")):
            make({"best": scored(0.8 + 0.01 * seed)}, activation=activation, seed=seed)
        assert said(compared().next_steps, "learning rate 0.1", "--lr-search`")

    def test_presets_are_trained_on_in_turn(self, make: Make, compared: Compared) -> None:
        first = make(activation="relu", init="he", seed=3)
        second = make(activation="tanh", init="xavier", seed=3)
        command = compared().verdict[-1].split("`")[1]
        assert str(first) in command
        assert str(second) in command
        assert "for seed in 4 5 6 7; do nnbasic train --config" in command

    def test_rates_searched_from_several_have_no_command(
        self, make: Make, compared: Compared
    ) -> None:
        for activation, given in (("relu", 0.1), ("tanh", 0.5)):
            make({"rate_search": {**SEARCH, "given": given}}, activation=activation, optimizer=FAST)
        assert "`" not in compared().verdict[-1]
