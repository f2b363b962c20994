"""Rates that were searched and rates that were given: two questions, and what lies between."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.cli.comparing import in_terminal
from nnbasic.compare.blocks import Wanted
from nnbasic.compare.comparison import Comparison
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]


def run(make: Make, accuracy: float, activation: str, seed: int, rate: float, how: str) -> None:
    optimizer = {"name": "sgd", "lr": rate, "momentum": 0.9}
    search = {"given": 0.1, "chosen": rate, "tried": {str(rate): 0.9, "0.1": 0.8}, "seeds": 2}
    edited = {"best": scored(accuracy), "rate_search": search if how == "searched" else None}
    make(edited, activation=activation, seed=seed, optimizer=optimizer)


@pytest.fixture
def both(make: Make) -> None:
    """relu leads at the shared rate, tanh where each has its own."""
    for seed in range(3):
        run(make, 0.90 + 0.01 * seed, "relu", seed, 0.1, "fixed")
        run(make, 0.80 + 0.01 * seed, "tanh", seed, 0.1, "fixed")
        run(make, 0.90 + 0.01 * seed, "relu", seed, 0.05, "searched")
        run(make, 0.94 + 0.01 * seed, "tanh", seed, 0.2, "searched")


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("by", [None, ["activation"]])
def test_searched_and_fixed_rates_are_never_averaged(
    compared: Compared, said: Said, by: list[str] | None
) -> None:
    comparison = compared(by=by)
    searched = comparison.searched
    assert searched is not None
    assert not comparison.rates_searched
    assert searched.rates_searched
    means = [
        {group.key["activation"]: group.measures.val_accuracy.mean for group in each.groups}
        for each in (comparison, searched)
    ]
    assert means[0] == pytest.approx({"relu": 0.91, "tanh": 0.81})
    assert means[1] == pytest.approx({"tanh": 0.95, "relu": 0.91})
    for each in (comparison, searched):
        assert each.columns == ("activation",), "the rates come with the activations"
        assert not said(each.warnings, "optimizer.lr")
        assert not said(each.warnings, "mixes")
    assert "optimizer.lr" in searched.implied
    assert not said(comparison.next_steps, "--lr-search"), "it was done"
    assert not said(searched.next_steps, "Every row has the learning rate")
    printed = "\n".join(in_terminal(comparison, Wanted(), 80))
    assert "tanh came out better" in printed, "the second table is printed too"


@pytest.mark.usefixtures("both")
def test_what_the_search_gained(compared: Compared) -> None:
    relu, tanh = compared().gains
    assert (relu.key, relu.fixed, relu.searched) == ({"activation": "relu"}, 0.1, 0.05)
    assert (tanh.key, tanh.fixed, tanh.searched) == ({"activation": "tanh"}, 0.1, 0.2)
    assert relu.gain.mean == pytest.approx(0)
    assert relu.gain.p == pytest.approx(1)
    assert tanh.gain.mean == pytest.approx(0.14)
    assert tanh.gain.p is not None
    assert tanh.gain.p < 0.001
    content = compared().to_dict()
    assert content["gains"][1]["difference"] == pytest.approx(0.14)
    assert content["searched"]["groups"][0]["key"] == {"activation": "tanh"}
    assert content["searched"]["searched"] is None


def test_rates_that_were_all_searched_are_one_comparison(make: Make, compared: Compared) -> None:
    for seed in range(2):
        run(make, 0.9, "relu", seed, 0.05, "searched")
        run(make, 0.8, "tanh", seed, 0.2, "searched")
    comparison = compared()
    assert comparison.rates_searched
    assert comparison.searched is None
    assert comparison.gains == ()


def test_rates_that_are_varied_stay_a_choice_and_searched_ones_an_outcome(
    make: Make, compared: Compared, said: Said
) -> None:
    for seed in range(2):
        for rate in (0.05, 0.1):
            run(make, 0.9, "relu", seed, rate, "fixed")
            run(make, 0.9, "relu", seed, rate, "searched")
    comparison = compared()
    assert comparison.searched is not None
    assert comparison.columns == ("optimizer.lr",)
    assert comparison.searched.columns == ()
    assert comparison.gains == (), "which of the fixed rates is it to be compared with?"
    (row,) = comparison.searched.groups
    assert row.measures.val_accuracy.n == 2, "of two searches the later one counts"
    assert said(comparison.searched.warnings, "searched more than once", "0.05 (", "0.1 (")
