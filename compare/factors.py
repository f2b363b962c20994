"""The effect of each choice where several are crossed: activation, init, and their interaction."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from nnbasic.compare.failures import Cell
from nnbasic.compare.significance import (
    Contrast,
    Differences,
    Inference,
    image_floor,
    moderated_t,
    rank,
    significant,
)
from nnbasic.model.arrays import Array

EXACT = 12
"""To how many decimals means are sorted: equal ones stay so after the rounding of floats."""


class Level(NamedTuple):
    """A value of a factor, and its mean accuracy over all others.

    ``difference`` is from the best level, which has none itself. Levels that share one of the
    ``letters`` show no significant difference; None for a single seed.
    """

    value: str
    mean: float
    difference: Contrast | None
    letters: str | None


class Factor(NamedTuple):
    """A choice: its ``levels``, best first, and its ``share`` of the variance between runs.

    ``p`` is that of no effect. Both are None for a single seed.
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
    """Whether the effect of one factor depends on another; if so, their ``simple`` effects."""

    keys: tuple[str, str]
    share: float | None
    p: float | None
    simple: tuple[Simple, ...]

    @property
    def significant(self) -> bool:
        return significant(self.p)


class Effects(NamedTuple):
    """The effects of the factors of a complete crossing, all shares of one variance.

    ``seeds`` is the share of chance. Interactions of three and more factors are in none of them.
    ``left_out`` are the values without which the crossing is complete.
    """

    factors: tuple[Factor, ...]
    interactions: tuple[Interaction, ...]
    seeds: float | None
    left_out: tuple[str, ...] = ()


def effects(
    keys: Sequence[str], cells: Sequence[Cell], accuracies: Array, images: Array
) -> Effects | None:
    """The effects of the factors ``keys`` on rows that are one of ``cells`` each.

    ``accuracies`` (rows, seeds) are shares of ``images`` (rows,) images. A factor with a single
    value is none. Values of which a combination is missing are left out; None if some factor does
    not keep two of its values then, or two rows are the same cell.
    """
    if len(set(cells)) < len(cells) or not cells:
        return None
    values = [
        tuple(dict.fromkeys(column)) for column in zip(*complete_crossing(cells), strict=True)
    ]
    varied = [axis for axis, own in enumerate(values) if len(own) > 1]
    changed = [axis for axis, own in enumerate(zip(*cells, strict=True)) if len(set(own)) > 1]
    if not varied or varied != changed:
        return None
    order = [cells.index(cell) for cell in itertools.product(*values)]
    sizes = [len(values[axis]) for axis in varied]
    crossed = _Crossed(
        tuple(keys[axis] for axis in varied),
        tuple(values[axis] for axis in varied),
        accuracies[order].reshape(*sizes, -1),
        image_floor(images[order]).reshape(sizes),
    )
    shares = crossed.shares()
    factors = crossed.factors(shares)
    return Effects(
        factors,
        crossed.interactions(shares, alone=not any(factor.significant for factor in factors)),
        shares.get(()),
    )


def complete_crossing(cells: Sequence[Cell]) -> list[Cell]:
    """Those of different ``cells`` that are all combinations of some values.

    While a combination is missing, the value goes that has the smallest part of its own.
    """
    kept = list(cells)
    while True:
        values = [tuple(dict.fromkeys(column)) for column in zip(*kept, strict=True)]
        if len(kept) == np.prod(list(map(len, values))):
            return kept
        parts = {
            (axis, value): len(own) * sum(cell[axis] == value for cell in kept)
            for axis, own in enumerate(values)
            for value in own
            if len(own) > 1
        }
        worst = min(reversed(parts), key=parts.__getitem__)
        kept = [cell for cell in kept if cell[worst[0]] != worst[1]]


@dataclass(frozen=True)
class _Crossed:
    """All combinations of ``values``: ``accuracies`` with an axis a factor, and the seeds last.

    ``floor`` is the variance that counting whole images leaves in each, without the last axis.
    """

    keys: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    accuracies: Array
    floor: Array

    def shares(self) -> dict[tuple[int, ...], float]:
        """The part of the variance between runs that each set of factors makes; () is chance.

        The mean square of effects is too large by the variance that the seeds leave in them,
        which is taken off (as in ω², Hays 1963, but for any variances). {} for a single seed.
        """
        seeds, axes = self.accuracies.shape[-1], range(len(self.keys))
        if seeds < 2:
            return {}
        parts: dict[tuple[int, ...], float] = {
            (): float(self.accuracies.var(axis=-1, ddof=1).mean())
        }
        for size in range(1, len(self.keys) + 1):
            for chosen in itertools.combinations(axes, size):
                effect = self.accuracies
                for axis in axes:
                    mean = effect.mean(axis=axis, keepdims=True)
                    effect = effect - mean if axis in chosen else mean
                noise = effect.var(axis=-1, ddof=1) / seeds
                parts[chosen] = max(0.0, float((effect.mean(axis=-1) ** 2 - noise).mean()))
        whole = sum(parts.values())
        return {chosen: part / whole for chosen, part in parts.items()} if whole else {}

    def means(self, *axes: int) -> tuple[Array, Array]:
        """The mean over all factors but ``axes``, which come first and in order, and its floor."""
        rest = tuple(axis for axis in range(len(self.keys)) if axis not in axes)
        count = np.prod([len(self.values[axis]) for axis in rest], dtype=int)
        mean, floor = self.accuracies.mean(axis=rest), self.floor.sum(axis=rest) / count**2
        if list(axes) != sorted(axes):
            mean, floor = mean.swapaxes(0, 1), floor.swapaxes(0, 1)
        return mean, floor

    def factors(self, shares: dict[tuple[int, ...], float]) -> tuple[Factor, ...]:
        """The levels of all factors, their differences all tested together."""
        axes = range(len(self.keys))
        levels = _levels([(self.values[axis], *self.means(axis)) for axis in axes])
        return tuple(
            Factor(self.keys[axis], own, shares.get((axis,)), tested.smallest_p)
            for axis, (own, tested) in zip(axes, levels, strict=True)
        )

    def interactions(
        self, shares: dict[tuple[int, ...], float], *, alone: bool
    ) -> tuple[Interaction, ...]:
        """Of each two factors, by all 2 × 2 contrasts, which are all tested together.

        ``alone``, with no significant factor, their p is doubled: it is the second question.
        """
        both = list(itertools.combinations(range(len(self.keys)), 2))
        tested = moderated_t(*(self._contrasts(*pair) for pair in both))
        interactions = []
        for (first, second), each in zip(both, tested, strict=True):
            p = each.smallest_p
            p = p if p is None or not alone else min(1.0, 2 * p)
            depends = significant(p)
            simple = self.simple(first, second) + self.simple(second, first) if depends else []
            keys = self.keys[first], self.keys[second]
            share = shares.get((first, second))
            interactions.append(Interaction(keys, share, p, tuple(simple)))
        return tuple(interactions)

    def simple(self, axis: int, at: int) -> list[Simple]:
        """The effects of ``axis`` at each value of ``at``, all tested together."""
        mean, floor = self.means(at, axis)
        levels = _levels([(self.values[axis], *each) for each in zip(mean, floor, strict=True)])
        return [
            Simple(self.keys[axis], self.keys[at], value, own)
            for value, (own, _) in zip(self.values[at], levels, strict=True)
        ]

    def _contrasts(self, first: int, second: int) -> Differences:
        """(a₂b₂ - a₁b₂) - (a₂b₁ - a₁b₁) for all pairs of values a of one and b of the other."""
        mean, floor = self.means(first, second)
        (a1, a2), (b1, b2) = (np.triu_indices(size, 1) for size in floor.shape)
        values, floors = mean[a2] - mean[a1], floor[a2] + floor[a1]
        values, floors = values[:, b2] - values[:, b1], floors[:, b2] + floors[:, b1]
        rank = (len(floor) - 1) * (floor.shape[1] - 1)
        return Differences(values.reshape(-1, mean.shape[-1]), floors.ravel(), rank, widest=2.0)


def _levels(
    factors: Sequence[tuple[Sequence[str], Array, Array]],
) -> list[tuple[tuple[Level, ...], Inference]]:
    """The levels of each of ``factors``, best first: values, means (levels, seeds), floors."""
    ordered = []
    for values, means, floor in factors:
        order = np.argsort(-means.mean(axis=1).round(EXACT), kind="stable")
        ordered.append(([values[place] for place in order], means[order], floor[order]))
    rankings = rank(*((means, floor) for _, means, floor in ordered))
    return [
        (
            tuple(map(Level, values, means.mean(axis=1).tolist(), *ranking[:2])),
            ranking.tested,
        )
        for (values, means, _), ranking in zip(ordered, rankings, strict=True)
    ]
