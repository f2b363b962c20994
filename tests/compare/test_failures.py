"""Whether a choice decides if runs fail: against exact tests, and by hand."""

import itertools

import pytest
from scipy import stats

from nnbasic.compare.findings import Decided, decisions, homogeneity_p
from nnbasic.compare.standing import Row

CELLS = list(itertools.product(("sigmoid", "tanh", "relu"), ("normal", "xavier", "he")))


def rows(failed: list[int], ended: int) -> list[Row]:
    """Rows of which so many of ``ended`` runs collapsed."""
    every = []
    for (activation, init), lost in zip(CELLS, failed, strict=True):
        parts = {"activation": activation, "init": init}
        every.append(Row(f"{activation}/{init}", {}, parts, {}, 5000, ended, lost))
    return every


@pytest.mark.parametrize(("first", "second", "n"), [(4, 0, 4), (3, 1, 6), (5, 2, 5), (1, 1, 3)])
def test_of_two_rows_it_is_fishers_exact_test(first: int, second: int, n: int) -> None:
    exact = stats.fisher_exact([[first, n - first], [second, n - second]]).pvalue
    assert homogeneity_p([first, second], [n, n]) == pytest.approx(exact, abs=0.02)


def test_of_three_rows_by_counting() -> None:
    """Of the 495 ways in which 4 of 12 runs fail, 3 have them all in one row."""
    assert homogeneity_p([4, 0, 0], [4, 4, 4]) == pytest.approx(3 / 495, abs=0.003)


def test_each_choice_is_tested_at_each_value_of_the_other() -> None:
    """The deep sweep of the documentation: sigmoid needs more than an init, relu another one."""
    assert decisions(rows([4, 4, 2, 0, 0, 0, 4, 0, 0], 4)) == [
        Decided("activation", ("normal", "xavier")),
        Decided("init", ("relu",)),
    ]


def test_what_holds_whatever_the_other_choices_names_none() -> None:
    failed = [4, 0, 0] * 3
    assert Decided("init", ()) in decisions(rows(failed, 4))


@pytest.mark.parametrize("failed", [[0] * 9, [2] * 9, [1, 0, 0, 0, 0, 0, 0, 0, 0]])
def test_failures_that_may_be_chance_decide_nothing(failed: list[int]) -> None:
    assert decisions(rows(failed, 2)) == []
