"""What a comparison says in sentences, from runs whose accuracies are set."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from nnbasic.compare.comparison import Comparison
from nnbasic.configs import load
from nnbasic.sweeps.plan import cells
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]

WOBBLE = (0.0, 0.01, -0.01, 0.02, -0.01, -0.01)
"""What a seed adds to every row."""


@pytest.fixture
def rows(make: Make) -> Callable[..., None]:
    """Make runs of rows with these mean accuracies, each row also wobbling by itself."""

    def rows(means: Mapping[tuple[str, str], float], seeds: int) -> None:
        for index, ((activation, init), mean) in enumerate(means.items()):
            for seed in range(seeds):
                own = 0.002 * ((seed * (index + 1)) % 3 - 1)
                accuracy = round(mean + WOBBLE[seed] + own, 6)
                edited = {"best": scored(accuracy)}
                make(edited, activation=activation, init=init, seed=seed)

    return rows


FOUR = {
    ("relu", "he"): 0.9001,
    ("relu", "xavier"): 0.90,
    ("tanh", "he"): 0.70,
    ("tanh", "xavier"): 0.70,
}


def test_what_is_best_and_what_is_behind(rows: Callable[..., None], compared: Compared) -> None:
    rows(FOUR, 6)
    comparison = compared()
    best, behind, matters, depends = comparison.verdict
    assert best.startswith("relu/he came out best (90.01 %)")
    assert best.endswith("but relu/xavier may be as good: the best is among these 2, 95 % sure.")
    assert behind.startswith("Behind: tanh whatever the init, by ")
    ends = [group.difference.ci95 for group in comparison.groups[2:] if group.difference]
    low = min(-high for _, high in filter(None, ends))
    high = max(-low for low, _ in filter(None, ends))
    assert f"by {100 * low:.1f} to {100 * high:.1f} points." in behind
    assert matters.startswith("The activation matters most: 9")
    assert "both together 0 %, seeds 1 %." in matters
    assert depends == "No sign that what the activation does depends on the init."
    assert comparison.to_dict()["verdict"] == list(comparison.verdict)


def test_no_distance_is_told_where_the_interval_reaches_zero(
    make: Make, compared: Compared
) -> None:
    """One row beats the last one surely, but it is not the first, which varies more."""
    means = {"relu": 0.905, "tanh": 0.899, "elu": 0.89}
    wobble = {"relu": 0.01, "tanh": 0.0001, "elu": 0.0002}
    for activation, mean in means.items():
        for seed in range(4):
            accuracy = mean + wobble[activation] * (seed % 3 - 1)
            make({"best": scored(round(accuracy, 6))}, activation=activation, seed=seed)
    comparison = compared()
    elu = comparison.groups[-1]
    assert elu.difference is not None
    assert elu.difference.ci95 is not None
    assert elu.difference.ci95[1] > 0
    assert elu.may_be_best is False
    assert comparison.verdict[1] == "Behind: elu, though how far cannot be told."


def test_one_row_that_is_surely_the_best(rows: Callable[..., None], compared: Compared) -> None:
    rows({("relu", "he"): 0.9, ("tanh", "he"): 0.7, ("elu", "he"): 0.5}, 5)
    best, behind, matters = compared().verdict
    assert best.endswith(", and is the best, 95 % sure.")
    assert behind.startswith("Behind: tanh and elu, by ")
    assert matters.startswith("The activation matters: 99 % of the variance between these runs; ")


def test_one_choice_may_depend_on_the_other(rows: Callable[..., None], compared: Compared) -> None:
    rows(FOUR | {("tanh", "xavier"): 0.9}, 6)
    assert compared().verdict[-1] == "What the activation does depends on the init."
    assert "Behind: tanh/he, by" in compared().verdict[1]


def test_what_cannot_be_told_says_what_it_takes(
    rows: Callable[..., None], compared: Compared
) -> None:
    rows({("relu", "he"): 0.901, ("tanh", "he"): 0.9}, 4)
    comparison = compared()
    best, takes, matters = comparison.verdict
    assert best.endswith("but the other one may be as good.")
    assert comparison.plan is not None
    assert takes.startswith("4 seeds cannot tell the rows apart: they find a difference of ")
    wanted = float(takes.split()[-2])
    assert f"4 times in 5; {comparison.plan.seeds(wanted / 100)} would find" in takes
    assert wanted / 100 < comparison.plan.smallest(4)
    assert matters.startswith("No choice is seen to matter: activation")


def test_one_seed_says_nothing_and_how_to_get_more(
    rows: Callable[..., None], compared: Compared
) -> None:
    """The command makes the same cells: of equal identity, so that the sweep keeps these runs."""
    rows(FOUR, 1)
    comparison = compared()
    (only,) = comparison.verdict
    assert "with one seed nothing can be said about chance" in only
    assert "p =" not in only
    words = shlex.split(only.partition("More seeds: ")[2].strip("`"))
    assert words[:3] == ["nnbasic", "sweep", "--config"]
    assert words[words.index("--seeds") + 1] == "5"
    assert words[words.index("--runs") + 1] == str(
        comparison.groups[0].runs[0].run.directory.parent
    )
    vary = [words[index + 1] for index, word in enumerate(words) if word == "--vary"]
    assert vary == ["activation=relu,tanh", "init=he,xavier"]
    swept = {cell.config.identity() for cell in cells(words[3], (), vary)}
    assert swept == {group.runs[0].record.identity for group in comparison.groups}


def test_components_are_written_with_what_is_not_their_default(
    make: Make, compared: Compared
) -> None:
    for activation in ({"name": "leaky_relu", "slope": 0.2}, {"name": "leaky_relu"}, "relu"):
        make(activation=activation)
    comparison = compared()
    words = shlex.split(comparison.verdict[0].partition("More seeds: ")[2].strip("`"))
    vary = words[words.index("--vary") + 1]
    assert "relu" in vary.split("=", 1)[1].split(",")
    assert "slope: 0.2" in vary
    swept = {cell.config.identity() for cell in cells(words[3], (), [vary])}
    assert swept == {group.runs[0].record.identity for group in comparison.groups}


def test_two_runs_of_unlike_presets_are_trained_on_in_turn(make: Make, compared: Compared) -> None:
    made = [make(activation="relu", init="he"), make(activation="tanh", init="xavier")]
    (only,) = compared().verdict
    command = only.partition("More seeds: ")[2].strip("`")
    assert command.startswith("for run in ")
    assert all(str(run) in command for run in made)
    assert "for seed in 1 2 3 4; do nnbasic train --config" in command
    assert all(load(run / "config.yaml").seed == 0 for run in made)


def test_rows_that_stand_apart_are_named(
    make: Make, rows: Callable[..., None], compared: Compared
) -> None:
    rows(FOUR, 2)
    make({"status": "diverged"}, activation="elu", init="he", seed=0)
    assert compared().verdict[-1] == ("1 row stands apart, unranked: elu/he (1 diverged of 1).")


def test_nothing_beside_it(make: Make, compared: Compared) -> None:
    make({"best": scored(0.9)})
    assert compared().verdict == (
        "There is one row, of 1 seed (90.00 %), and nothing to compare it with.",
    )
    make({"status": "diverged"}, activation="tanh")
    assert compared().verdict[0] == "Only relu can be ranked (90.00 %)."


def test_nothing_to_rank(make: Make, compared: Compared) -> None:
    make({"status": "diverged"})
    assert compared().verdict == (
        "No row can be ranked.",
        "1 row stands apart, unranked: all runs (1 diverged of 1).",
    )


def test_many_rows_are_not_all_named(make: Make, compared: Compared) -> None:
    names: list[Any] = ["relu", "tanh", "elu", "sigmoid", "gelu", "selu", "softplus", "mish"]
    for name in names:
        for seed in range(2):
            make({"best": scored(0.9001 if name == "relu" else 0.9)}, activation=name, seed=seed)
    for seed in range(2):
        make({"best": scored(0.1)}, activation="softsign", seed=seed)
    assert "tanh, elu, sigmoid, gelu, selu and 2 more may be as good" in compared().verdict[0]
