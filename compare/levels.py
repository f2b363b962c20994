"""What each level of each choice does, as the numbers of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nnbasic.compare.colours import Look
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.entries import Entry
from nnbasic.compare.factors import Factor
from nnbasic.compare.findings import crossing
from nnbasic.compare.scales import Limits
from nnbasic.compare.significance import Contrast
from nnbasic.compare.standing import RANKED
from nnbasic.compare.verdict import listed

PLAIN = Look(None, 0)

MOST_EFFECTS = 24
"""How many rows are drawn, the first ones of the table, where there are no factors."""


class Effect(NamedTuple):
    """The ``mean`` accuracy of a level, and its ``difference`` from the best one, which has 0."""

    label: str
    mean: float
    difference: float
    ci95: Limits | None
    look: Look


class Choice(NamedTuple):
    """The effects of a choice's levels; the title also says how much the choice matters."""

    title: str
    effects: list[Effect]


def choices(comparison: Comparison, every: Sequence[Entry]) -> list[Choice]:
    """The factors of ``comparison``, their levels in the order of the entries.

    Without factors, as where a combination is missing, the ranked rows; [] for a single one.
    """
    ranked = [entry for entry in every if entry.row.state == RANKED]
    if len(ranked) < 2:
        return []
    if comparison.effects is None:
        shown = comparison.rows[:MOST_EFFECTS]
        rows = [_row(entry) for entry in ranked if entry.row in shown]
        return [Choice("", [row for row in rows if row is not None])]
    keys, cells = crossing([entry.row for entry in ranked])
    drawn = []
    for factor in comparison.effects.factors:
        looks: dict[str, set[Look]] = {}
        for entry, cell in zip(ranked, cells, strict=True):
            looks.setdefault(cell[keys.index(factor.key)], set()).add(entry.look)
        levels = {level.value: level for level in factor.levels}
        effects = [
            _effect(value, levels[value].mean, levels[value].difference, found)
            for value, found in looks.items()
            if value in levels  # and not left out
        ]
        drawn.append(Choice(_title(factor, comparison.effects.left_out), effects))
    return drawn


def _row(entry: Entry) -> Effect | None:
    mean = entry.row.val_accuracy.mean
    return None if mean is None else _effect(entry.title, mean, entry.row.difference, {entry.look})


def _effect(label: str, mean: float, difference: Contrast | None, looks: set[Look]) -> Effect:
    """An effect; where a level is part of rows of several looks, it has none of them."""
    (look,) = looks if len(looks) == 1 else (PLAIN,)
    if difference is None:
        return Effect(label, mean, 0.0, None, look)
    return Effect(label, mean, difference.mean, difference.ci95, look)


def _title(factor: Factor, left_out: Sequence[str]) -> str:
    share = "" if factor.share is None else f": {100 * factor.share:.0f} % of the variance"
    return f"{factor.key}{share}{f', without {listed(left_out)}' if left_out else ''}"
