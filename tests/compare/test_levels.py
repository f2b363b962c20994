"""What each level of each choice does, from runs on disk to the numbers of the figure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.compare.colours import ACTIVATIONS
from nnbasic.compare.comparison import Comparison, compare
from nnbasic.compare.entries import entries
from nnbasic.compare.levels import PLAIN, Choice, choices
from nnbasic.training.collection import collect

Make = Callable[..., Path]


def read(folder: Path) -> tuple[Comparison, list[Choice]]:
    data, _ = collect(folder)
    comparison = compare(data)
    return comparison, choices(comparison, entries(comparison.groups))


def test_levels_stand_as_they_were_asked_for_with_what_the_comparison_found(swept: Path) -> None:
    comparison, (activation, init) = read(swept)
    assert comparison.effects is not None
    assert [each.label for each in activation.effects] == ["relu", "tanh"]
    assert [each.label for each in init.effects] == ["he", "xavier"]
    for choice, factor in zip((activation, init), comparison.effects.factors, strict=True):
        assert choice.title.startswith(f"{factor.key}: ")
        best, *others = factor.levels
        shown = {each.label: each for each in choice.effects}
        assert (shown[best.value].difference, shown[best.value].ci95) == (0, None)
        for level in others:
            assert level.difference is not None
            assert shown[level.value].difference == level.difference.mean < 0
            assert shown[level.value].ci95 == level.difference.ci95
        assert {each.label: each.mean for each in choice.effects} == {
            level.value: pytest.approx(level.mean) for level in factor.levels
        }


def test_activations_have_their_colours_and_other_levels_none(swept: Path) -> None:
    _, (activation, init) = read(swept)
    assert [each.look for each in activation.effects] == [ACTIVATIONS["relu"], ACTIVATIONS["tanh"]]
    assert [each.look for each in init.effects] == [PLAIN, PLAIN]


def test_without_factors_the_rows_are_shown(make: Make, runs: Path) -> None:
    for seed in (0, 1):
        make(activation="relu", init="he", seed=seed)
        make(activation="tanh", init="xavier", seed=seed)
    comparison, (rows,) = read(runs)
    assert comparison.effects is None
    assert rows.title == ""
    assert [each.label for each in rows.effects] == ["relu · he", "tanh · xavier"]
    assert sorted(each.difference for each in rows.effects)[-1] == 0


def test_a_single_row_has_no_effects(make: Make, runs: Path) -> None:
    make()
    _, found = read(runs)
    assert found == []
