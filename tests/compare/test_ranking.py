"""Rows in pairs: letters against all sets of rows, the best, ties."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnbasic.compare.ranking import letters, rank

ROWS = 6
PAIRS = list(itertools.combinations(range(ROWS), 2))
IMAGES = np.full(12, 5000)


@given(st.sets(st.sampled_from(PAIRS)))
def test_letters_are_the_largest_sets_of_rows_that_are_alike(apart: set[tuple[int, int]]) -> None:
    subsets = [
        set(rows)
        for size in range(1, ROWS + 1)
        for rows in itertools.combinations(range(ROWS), size)
        if not any(pair in apart for pair in itertools.combinations(rows, 2))
    ]
    largest = [each for each in subsets if not any(each < other for other in subsets)]
    found = letters(ROWS, apart)
    names = sorted(set("".join(found)))
    assert names == [chr(ord("a") + index) for index in range(len(largest))]
    sets = [{row for row in range(ROWS) if name in found[row]} for name in names]
    assert sorted(map(sorted, sets)) == sorted(map(sorted, largest))


def test_letters_by_hand() -> None:
    # Piepho 2004: of rows in order, where only neighbours are alike
    assert letters(4, [(0, 2), (0, 3), (1, 3)]) == ("a", "ab", "bc", "c")
    assert letters(3, []) == ("a", "a", "a")
    assert letters(3, [(0, 1), (0, 2), (1, 2)]) == ("a", "b", "c")


def test_more_letters_than_the_alphabets_have() -> None:
    rows = 60
    found = letters(rows, itertools.combinations(range(rows), 2))
    assert found[0] == "a"
    assert found[26] == "A"
    assert found[52:] == tuple(f"({number})" for number in range(53, 61))
    assert len(set(found)) == rows


def test_clear_differences_are_found() -> None:
    images = np.array([[4850, 4855, 4845], [4849, 4856, 4846], [4750, 4753, 4744]])
    found = rank(images / 5000, IMAGES[:3])
    assert found.letters == ("a", "a", "b")
    assert found.may_be_best == (True, True, False)
    assert found.pairs[0, 2].mean == pytest.approx(-(100 + 102 + 101) / 3 / 5000)


def test_equal_rows_are_all_the_best() -> None:
    found = rank(np.full((4, 3), 0.97), IMAGES[:4])
    assert found.letters == ("a",) * 4
    assert found.may_be_best == (True,) * 4
    assert all(contrast.p == 1 for contrast in found.pairs.values())


def test_one_seed_orders_and_says_no_more() -> None:
    found = rank(np.array([[0.97], [0.91], [0.5]]), IMAGES[:3])
    assert found.letters == found.may_be_best == (None,) * 3
    assert found.pairs[0, 2].mean == pytest.approx(-0.47)


def test_one_row_is_compared_with_nothing() -> None:
    found = rank(np.array([[0.97, 0.96]]), IMAGES[:1])
    assert found.pairs == {}
    assert found.letters == (None,)


def test_a_row_may_be_the_best_at_one_sided_p(rng: np.random.Generator) -> None:
    """As Gupta's rule says: out at a one-sided 0.05/(k - 1), here of three rows and a paired t."""
    seen = set()
    for _ in range(200):
        accuracies = 0.97 + rng.normal(0, 0.002, (3, 4))
        means = accuracies.mean(axis=1)
        found = rank(accuracies, IMAGES[:3])
        for row in range(3):
            beaten = [
                contrast.p_uncorrected / 2 < 0.025
                for pair, contrast in found.pairs.items()
                if row in pair and contrast.p_uncorrected and means[row] < means[sum(pair) - row]
            ]
            assert found.may_be_best[row] is not any(beaten)
            seen.add(any(beaten))
    assert seen == {True, False}
