"""Which rows are ranked, over which seeds, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.standing import shared_seeds
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]


def best(accuracy: float) -> dict[str, object]:
    return {"best": scored(accuracy)}


def names(comparison: Comparison) -> list[object]:
    return [group.key["activation"] for group in comparison.groups]


def seeds(*rows: range) -> frozenset[object]:
    return frozenset(shared_seeds([dict.fromkeys(row, 0.9) for row in rows]))


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ([range(6), range(6)], range(6)),
        ([range(6), range(10), range(10)], range(6)),
        ([range(5), range(2, 9)], range(2, 5)),
        ([range(1), range(6), range(6)], range(6)),  # a single lucky run
        ([range(1), range(2), range(2)], range(2)),
        ([range(4), range(4), range(3), range(3), range(3)], range(3)),  # a sweep at work
        ([range(1), range(1), range(1)], range(1)),
        ([range(3)], range(3)),
        ([], range(0)),
    ],
)
def test_the_seeds_that_leave_most_to_compare(rows: list[range], shared: range) -> None:
    assert seeds(*rows) == set(shared)


def test_a_lucky_run_does_not_lead_and_takes_no_p_away(
    make: Make, compared: Compared, said: Said
) -> None:
    for seed in range(3):
        make(best(0.90 + 0.01 * seed), activation="relu", seed=seed)
        make(best(0.80 + 0.01 * seed), activation="tanh", seed=seed)
    make(best(0.99), activation="elu", seed=0)
    comparison = compared()
    assert names(comparison) == ["relu", "tanh", "elu"]
    assert comparison.groups[1].difference is not None
    assert comparison.groups[1].difference.p is not None
    last = comparison.groups[2]
    assert last.apart == "no result for seed 1, 2"
    assert last.difference is last.letters is None
    assert said(comparison.warnings, "activation=elu is not ranked", "no result for seed 1, 2")


@pytest.mark.parametrize("end", ["diverged", "collapsed"])
def test_the_survivors_of_failed_seeds_are_not_ranked(
    make: Make, compared: Compared, end: str
) -> None:
    for seed in range(3):
        make(best(0.8), activation="relu", seed=seed)
        make(best(0.7), activation="tanh", seed=seed)
        make(best(0.9), activation="elu", seed=seed)
    failed = {"status": "diverged"} if end == "diverged" else {"last": scored(0.098)}
    make(failed, activation="elu", seed=3)
    comparison = compared()
    assert names(comparison) == ["relu", "tanh", "elu"]
    assert comparison.groups[2].apart == f"1 {end} of 4"
    assert comparison.groups[2].statuses == {"finished": 3, end: 1}
    assert comparison.groups[2].measures.val_accuracy.n == (3 if end == "diverged" else 4)
    assert f"1 {end} of 4" in comparison.verdict[-1]


def test_means_and_differences_are_of_the_same_seeds(
    make: Make, compared: Compared, said: Said
) -> None:
    """tanh is better over all of its seeds, and worse over those that both have."""
    for seed in range(3):
        make(best(0.80 + 0.01 * seed), activation="relu", seed=seed)
        make(best(0.79 + 0.01 * seed), activation="tanh", seed=seed)
    extra = [make(best(0.95), activation="tanh", seed=seed) for seed in (3, 4)]
    comparison = compared()
    assert names(comparison) == ["relu", "tanh"]
    relu, tanh = comparison.groups
    assert tanh.difference is not None
    assert relu.measures.val_accuracy.mean == pytest.approx(0.81)
    assert tanh.measures.val_accuracy.mean == pytest.approx(0.80)
    assert tanh.difference.mean == pytest.approx(-0.01)
    assert tanh.measures.val_accuracy.n == relu.measures.val_accuracy.n == 3
    assert said(comparison.warnings, "not all ranked rows have their seed", extra[0].name)


def test_rows_that_share_no_seed(make: Make, compared: Compared) -> None:
    make(best(0.9), activation="relu", seed=1)
    make(best(0.8), activation="tanh", seed=2)
    comparison = compared()
    assert [group.apart for group in comparison.groups] == [None, "no result for seed 1"]
    assert comparison.groups[1].difference is None


def test_how_a_missing_run_ended_is_told(make: Make, compared: Compared) -> None:
    for seed in range(5):
        for name in ("relu", "tanh"):
            make(activation=name, seed=seed)
    for seed, status in enumerate(("finished", "finished", "failed", "interrupted")):
        make({"status": status}, activation="elu", seed=seed)
    elu = compared().groups[-1]
    assert elu.key == {"activation": "elu"}
    assert elu.apart == "no result for seed 2, 3, 4, failed, interrupted"


def test_ties_stand_as_they_came(make: Make, compared: Compared) -> None:
    for name in ("tanh", "relu"):
        for seed, accuracy in enumerate((0.7, 0.8, 0.9)):
            make(best(accuracy), activation=name, seed=seed)
    comparison = compared()
    assert names(comparison) == ["tanh", "relu"]
    assert [group.may_be_best for group in comparison.groups] == [True, True]
    assert comparison.groups[1].difference is not None
    assert comparison.groups[1].difference.p == 1
