"""Inequalities between arms, as they are written in a study."""

import math

import pytest

from nnbasic.studies.expectation import parse
from nnbasic.studies.measures import measure

ARMS = {"relu": 0, "leaky-0.1": 0}
EPOCHS = measure("epochs_to(0.97)")


@pytest.mark.parametrize(
    ("text", "ratio", "low", "high"),
    [
        ("relu - leaky-0.1 >= 0.5", False, 0.5, math.inf),
        ("relu - leaky-0.1 <= -1", False, -math.inf, -1),
        ("relu  -  leaky-0.1 within 0.2", False, -0.2, 0.2),
        ("leaky-0.1 / relu >= 1.5", True, 1.5, math.inf),
        ("leaky-0.1 / relu <= 0.1", True, 0, 0.1),
        ("leaky-0.1 / relu within 1.25", True, 0.8, 1.25),
    ],
)
def test_what_is_expected(text: str, ratio: bool, low: float, high: float) -> None:
    found = parse(text, EPOCHS, ARMS)
    assert (found.ratio, found.low, found.high) == (ratio, low, high)
    assert {found.first, found.second} == set(ARMS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("relu >= 0.5", "must be ARM - ARM or ARM / ARM"),
        ("relu-leaky-0.1 >= 0.5", "must be ARM - ARM or ARM / ARM"),
        ("relu - elu >= 0.5", "there is no arm 'elu'; the arms are relu, leaky-0.1"),
        ("relu - relu >= 0.5", "compares relu with itself"),
        ("relu - leaky-0.1 >= much", "the bound must be a number"),
        ("relu - leaky-0.1 >= nan", "the bound must be a number"),
        ("relu - leaky-0.1 within 0", "the bound must be a number above 0"),
        ("relu / leaky-0.1 >= -1", "the bound must be a number above 0"),
        ("relu / leaky-0.1 within 1", "the bound must be a number above 1"),
    ],
)
def test_what_cannot_be_expected(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text, EPOCHS, ARMS)


@pytest.mark.parametrize("share", ["", "(97)", "(1)", "(0)", "(x)"])
def test_an_accuracy_that_is_no_share(share: str) -> None:
    with pytest.raises(ValueError, match=r"a share between 0 and 1, as in epochs_to\(0.95\)"):
        measure(f"epochs_to{share}")


@pytest.mark.parametrize("name", ["accuracy", "to(0.9)", ""])
def test_an_unknown_measure(name: str) -> None:
    with pytest.raises(ValueError, match=r"the measures are epochs_to\(0.97\)"):
        measure(name)
