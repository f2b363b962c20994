"""The effect of each choice where several are crossed: activation, init, and their interaction."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.significance import Contrast, Differences, moderated_t, rank, significant
from nnbasic.model.arrays import Array

Cell = tuple[str, ...]
"""The values of a row, one of each factor."""

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


class Simple(NamedTuple):
    """The ``levels`` of the factor ``key``, best first, ``at`` a value of another factor."""

    key: str
    at: dict[str, str]
    levels: tuple[Level, ...]


class Interaction(NamedTuple):
    """Whether the effect of one factor depends on another; if so, their ``simple`` effects."""

    keys: tuple[str, str]
    share: float | None
    p: float | None
    simple: tuple[Simple, ...]


class Effects(NamedTuple):
    """The effects of the factors of a complete crossing, all shares of one variance.

    ``seeds`` is the share of chance. Interactions of three and more factors are in none of them.
    ``left_out`` are the values without which the crossing is complete.
    """

    factors: tuple[Factor, ...]
    interactions: tuple[Interaction, ...]
    seeds: float | None
    left_out: tuple[str, ...] = ()


Choice = tuple[str, tuple[str, ...]]
"""A factor and its values."""


def effects(
    keys: Sequence[str], cells: Sequence[Cell], accuracies: Array, floor: Array
) -> Effects | None:
    """The effects of the factors ``keys`` on rows that are one of ``cells`` each.

    ``accuracies`` are (rows, seeds), ``floor`` (rows,) the least variance of each. Values of which
    a combination is missing are left out; None if some factor does not keep two of its values
    then, or two rows are the same cell.
    """
    if len(set(cells)) < len(cells) or not cells:
        return None
    values = complete_crossing(cells)
    sizes = list(map(len, values))
    if min(sizes) < 2:
        return None
    choices = list(zip(keys, values, strict=True))
    order = [cells.index(cell) for cell in itertools.product(*values)]
    crossed, floors = accuracies[order].reshape(*sizes, -1), floor[order].reshape(sizes)
    shares = variance_shares(crossed)
    levels = _levels(
        [(own, *_means(crossed, floors, axis)) for axis, (_, own) in enumerate(choices)]
    )
    factors = tuple(
        Factor(key, own, shares.get((axis,)), p)
        for axis, (key, (own, p)) in enumerate(zip(keys, levels, strict=True))
    )
    alone = not any(significant(factor.p) for factor in factors)
    interactions = _interactions(choices, crossed, floors, shares, alone=alone)
    return Effects(factors, interactions, shares.get(()))


def complete_crossing(cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """Values of each factor all of whose combinations are among the different ``cells``.

    While a combination is missing, the value goes that has the smallest part of its own.
    """
    kept = list(cells)
    while True:
        values = [tuple(dict.fromkeys(column)) for column in zip(*kept, strict=True)]
        if len(kept) == np.prod(list(map(len, values))):
            return values
        parts = {
            (axis, value): len(own) * sum(cell[axis] == value for cell in kept)
            for axis, own in enumerate(values)
            for value in own
            if len(own) > 1
        }
        worst = min(reversed(parts), key=parts.__getitem__)
        kept = [cell for cell in kept if cell[worst[0]] != worst[1]]


def variance_shares(crossed: Array) -> dict[tuple[int, ...], float]:
    """The part of the variance between runs that each set of factors makes; () is chance.

    ``crossed`` are accuracies with an axis for each factor, and the seeds last. The mean square of
    effects is too large by the variance that the seeds leave in them, which is taken off (as in
    ω², Hays 1963, but for any variances). {} for a single seed.
    """
    seeds, axes = crossed.shape[-1], range(crossed.ndim - 1)
    if seeds < 2:
        return {}
    parts: dict[tuple[int, ...], float] = {(): float(crossed.var(axis=-1, ddof=1).mean())}
    for size in range(1, crossed.ndim):
        for chosen in itertools.combinations(axes, size):
            effect = crossed
            for axis in axes:
                mean = effect.mean(axis=axis, keepdims=True)
                effect = effect - mean if axis in chosen else mean
            noise = effect.var(axis=-1, ddof=1) / seeds
            parts[chosen] = max(0.0, float((effect.mean(axis=-1) ** 2 - noise).mean()))
    whole = sum(parts.values())
    return {chosen: part / whole for chosen, part in parts.items()} if whole else {}


def _interactions(
    choices: Sequence[Choice],
    crossed: Array,
    floors: Array,
    shares: dict[tuple[int, ...], float],
    *,
    alone: bool,
) -> tuple[Interaction, ...]:
    """Of each two factors, by all 2 × 2 contrasts, which are all tested together.

    ``alone``, with no significant factor, their p is doubled: it is the second question.
    """
    both = list(itertools.combinations(range(len(choices)), 2))
    tested = moderated_t(*(_contrasts(*_means(crossed, floors, *pair)) for pair in both))
    interactions = []
    for pair, each in zip(both, tested, strict=True):
        p = each.smallest_p
        p = p if p is None or not alone else min(1.0, 2 * p)
        simple = (
            one
            for axis, at in ((pair, pair[::-1]) if significant(p) else ())
            for one in _simple(choices[axis], choices[at], *_means(crossed, floors, at, axis))
        )
        keys = choices[pair[0]][0], choices[pair[1]][0]
        interactions.append(Interaction(keys, shares.get(pair), p, tuple(simple)))
    return tuple(interactions)


def _simple(choice: Choice, at: Choice, means: Array, floors: Array) -> list[Simple]:
    """The effects of ``choice`` for each value of ``at``, the first axis, all tested together."""
    levels = _levels([(choice[1], *each) for each in zip(means, floors, strict=True)])
    return [
        Simple(choice[0], {at[0]: value}, own)
        for value, (own, _) in zip(at[1], levels, strict=True)
    ]


def _means(crossed: Array, floors: Array, *axes: int) -> tuple[Array, Array]:
    """The means over all factors but ``axes``, which come first and in order, and their floors."""
    rest = tuple(axis for axis in range(floors.ndim) if axis not in axes)
    count = floors.size / np.prod([floors.shape[axis] for axis in axes])
    means, floors = crossed.mean(axis=rest), floors.sum(axis=rest) / count**2
    if list(axes) != sorted(axes):
        means, floors = means.swapaxes(0, 1), floors.swapaxes(0, 1)
    return means, floors


def _contrasts(means: Array, floors: Array) -> Differences:
    """(a₂b₂ - a₁b₂) - (a₂b₁ - a₁b₁) for all pairs of values a of one and b of the other."""
    (a1, a2), (b1, b2) = (np.triu_indices(size, 1) for size in floors.shape)
    values, floor = means[a2] - means[a1], floors[a2] + floors[a1]
    values, floor = values[:, b2] - values[:, b1], floor[:, b2] + floor[:, b1]
    rank = (len(floors) - 1) * (floors.shape[1] - 1)
    return Differences(values.reshape(-1, means.shape[-1]), floor.ravel(), rank, widest=2.0)


def _levels(
    factors: Sequence[tuple[Sequence[str], Array, Array]],
) -> list[tuple[tuple[Level, ...], float | None]]:
    """The levels of ``factors``: values, means (levels, seeds), floors; and the smallest p of each.

    The best level is first.
    """
    ordered = []
    for values, means, floor in factors:
        order = np.argsort(-means.mean(axis=1).round(EXACT), kind="stable")
        ordered.append(([values[place] for place in order], means[order], floor[order]))
    every = rank(*((means, floor) for _, means, floor in ordered))
    found = []
    for (values, means, _), one in zip(ordered, every, strict=True):
        own = map(Level, values, means.mean(axis=1).tolist(), one.differences, one.letters)
        found.append((tuple(own), one.smallest_p))
    return found
