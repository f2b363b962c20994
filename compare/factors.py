"""What each choice does where several are crossed: activation, init, and the two together."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnbasic.compare.ranking import EXACT, letters, pair_weights
from nnbasic.compare.significance import Contrast, Contrasts, contrasts, significant
from nnbasic.model.arrays import Array

Cell = tuple[str, ...]
"""The values that a row has, one of each factor."""


class Level(NamedTuple):
    """A value of a factor, and its mean accuracy over everything else.

    ``difference`` is from the best level, which has none itself. Levels that share one of the
    ``letters`` cannot be told apart; None for a single seed.
    """

    value: str
    mean: float
    difference: Contrast | None
    letters: str | None


class Factor(NamedTuple):
    """A choice: its ``levels``, best first, and its ``share`` of the variance between runs.

    ``p`` is that of the levels being all alike. Both are None for a single seed.
    """

    key: str
    levels: tuple[Level, ...]
    share: float | None
    p: float | None

    @property
    def significant(self) -> bool:
        return significant(self.p)


class Simple(NamedTuple):
    """The ``levels`` of the factor ``key``, best first, where the factor ``at`` has ``value``."""

    key: str
    at: str
    value: str
    levels: tuple[Level, ...]


class Interaction(NamedTuple):
    """Whether what one of two factors does depends on the other.

    ``simple`` tells what each of the two does at each level of the other.
    """

    keys: tuple[str, str]
    share: float | None
    p: float | None
    simple: tuple[Simple, ...]

    @property
    def significant(self) -> bool:
        return significant(self.p)


class Effects(NamedTuple):
    """What the factors of a complete crossing do, all shares of one variance.

    ``seeds`` is the share that is chance. What three and more factors do together is in none of
    them. ``left_out`` are (factor, value), without which the crossing is complete.
    """

    factors: tuple[Factor, ...]
    interactions: tuple[Interaction, ...]
    seeds: float | None
    left_out: tuple[tuple[str, str], ...]


def effects(
    keys: Sequence[str], cells: Sequence[Cell], accuracies: Array, images: Array
) -> Effects | None:
    """The effects of the factors ``keys`` on rows that are one of ``cells`` each.

    ``accuracies`` (rows, seeds) are shares of ``images`` (rows,) images. A factor with a single
    value is none. Values of which a combination is missing are left out; None if some factor does
    not keep two of its values then, or two rows are the same cell.
    """
    kept, left_out = complete_crossing(cells)
    values = [tuple(dict.fromkeys(column)) for column in zip(*kept, strict=True)]
    varied = [axis for axis, found in enumerate(values) if len(found) > 1]
    changed = [axis for axis, found in enumerate(zip(*cells, strict=True)) if len(set(found)) > 1]
    if not varied or varied != changed or len(set(cells)) < len(cells):
        return None
    order = [cells.index(cell) for cell in itertools.product(*values)]
    crossed = _Crossed(
        tuple(keys[axis] for axis in varied),
        tuple(values[axis] for axis in varied),
        accuracies[order],
        images[order],
    )
    shares = crossed.shares()
    axes = range(len(varied))
    return Effects(
        tuple(crossed.factor(axis, shares.get((axis,))) for axis in axes),
        tuple(
            crossed.interaction(*pair, shares.get(pair)) for pair in itertools.combinations(axes, 2)
        ),
        shares.get(()),
        tuple((keys[axis], value) for axis, value in left_out),
    )


def complete_crossing(cells: Sequence[Cell]) -> tuple[list[Cell], list[tuple[int, str]]]:
    """Those of ``cells`` that are all combinations of some values, and what had to go for it.

    While a combination is missing, the value goes that has the smallest part of its own.
    """
    kept, left_out = list(cells), list[tuple[int, str]]()
    while True:
        values = [tuple(dict.fromkeys(column)) for column in zip(*kept, strict=True)]
        if len(kept) == np.prod(list(map(len, values))):
            return kept, left_out
        parts = {
            (axis, value): len(found) * sum(cell[axis] == value for cell in kept)
            for axis, found in enumerate(values)
            for value in found
            if len(found) > 1
        }
        worst = min(reversed(parts), key=parts.__getitem__)
        kept = [cell for cell in kept if cell[worst[0]] != worst[1]]
        left_out.append(worst)


@dataclass(frozen=True)
class _Crossed:
    """All combinations of ``values``, a row of ``accuracies`` each, the last factor fastest."""

    keys: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    accuracies: Array
    images: Array

    def shares(self) -> dict[tuple[int, ...], float]:
        """The part of the variance between runs that each set of factors makes; () is chance.

        The mean square of effects is too large by the variance that the seeds leave in them,
        which is taken off (as in ω², Hays 1963, but for any variances). {} for a single seed.
        """
        seeds = self.accuracies.shape[1]
        if seeds < 2:
            return {}
        table = self.accuracies.reshape(*map(len, self.values), seeds)
        parts: dict[tuple[int, ...], float] = {(): float(table.var(axis=-1, ddof=1).mean())}
        for size in range(1, len(self.keys) + 1):
            for axes in itertools.combinations(range(len(self.keys)), size):
                effect = table
                for axis in range(len(self.keys)):
                    mean = effect.mean(axis=axis, keepdims=True)
                    effect = effect - mean if axis in axes else mean
                noise = effect.var(axis=-1, ddof=1) / seeds
                parts[axes] = max(0.0, float((effect.mean(axis=-1) ** 2 - noise).mean()))
        whole = sum(parts.values())
        return {axes: part / whole for axes, part in parts.items()} if whole else {}

    def factor(self, axis: int, share: float | None) -> Factor:
        pairs = pair_weights(len(self.values[axis]))
        tested = self.tested({axis: pairs})
        return Factor(self.keys[axis], self.levels(axis, tested.each), share, tested.smallest_p)

    def interaction(self, first: int, second: int, share: float | None) -> Interaction:
        """Tested by all 2 × 2 contrasts."""
        pairs = {axis: pair_weights(len(self.values[axis])) for axis in (first, second)}
        p = self.tested(pairs).smallest_p
        simple = (*self.simple(first, second), *self.simple(second, first))
        return Interaction((self.keys[first], self.keys[second]), share, p, simple)

    def simple(self, axis: int, at: int) -> list[Simple]:
        """The effects of ``axis`` at each value of ``at``, all tested together."""
        pairs, fixed = pair_weights(len(self.values[axis])), np.eye(len(self.values[at]))
        each = self.tested({at: fixed, axis: pairs}).each
        return [
            Simple(
                self.keys[axis],
                self.keys[at],
                value,
                self.levels(axis, each[index * len(pairs) :][: len(pairs)], {at: fixed[[index]]}),
            )
            for index, value in enumerate(self.values[at])
        ]

    def tested(self, weights: dict[int, Array]) -> Contrasts:
        matrix, order = self.matrix(weights)
        return contrasts(matrix, self.accuracies[order], self.images[order])

    def levels(
        self, axis: int, pairs: Sequence[Contrast], where: dict[int, Array] | None = None
    ) -> tuple[Level, ...]:
        """The levels of ``axis``, best first, given the contrasts of all pairs of them."""
        matrix, order = self.matrix({**(where or {}), axis: np.eye(len(self.values[axis]))})
        means = (matrix @ self.accuracies[order]).mean(axis=1)
        return ranked_levels(self.values[axis], means.tolist(), pairs)

    def matrix(self, weights: dict[int, Array]) -> tuple[Array, list[int]]:
        """The weights of all cells, means over the factors that have none, and the cells' order."""
        shape = tuple(map(len, self.values))
        cells = np.moveaxis(
            np.arange(len(self.images)).reshape(shape), [*weights], range(len(weights))
        )
        leading = functools.reduce(np.kron, weights.values())
        rest = cells.size // leading.shape[1]
        return np.kron(leading, np.full((1, rest), 1 / rest)), cells.ravel().tolist()


def ranked_levels(
    values: Sequence[str], means: Sequence[float], pairs: Sequence[Contrast]
) -> tuple[Level, ...]:
    """``values`` by their ``means``; ``pairs``: of each two of them, second minus first."""
    order = sorted(range(len(values)), key=lambda index: -round(means[index], EXACT))
    place = {index: rank for rank, index in enumerate(order)}
    found = dict(zip(itertools.combinations(range(len(values)), 2), pairs, strict=True))
    apart = [(place[a], place[b]) for (a, b), contrast in found.items() if contrast.significant]
    named = letters(len(values), apart) if pairs[0].p is not None else (None,) * len(values)

    def difference(index: int) -> Contrast | None:
        if index == order[0]:
            return None
        first, second = sorted((order[0], index))
        return found[first, second] if index == second else found[first, second].turned()

    return tuple(
        Level(values[index], means[index], difference(index), named[rank])
        for rank, index in enumerate(order)
    )
