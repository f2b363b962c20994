"""Which choice decides whether a network trains at all, by how many runs failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.significance import holm, significant

Cell = tuple[str, ...]
"""The values of a row, one of each factor."""

DRAWS = 10_000


class Decided(NamedTuple):
    """The choice ``key`` decides whether runs fail, for these ``values`` of the other choice.

    ``values`` is empty if it does so whatever the other choices, or if there are no others.
    """

    key: str
    values: tuple[str, ...]


def decisions(
    keys: Sequence[str], cells: Sequence[Cell], failed: Sequence[int], runs: Sequence[int]
) -> list[Decided]:
    """The factors of which one value fails and another does not, at equal values of the others.

    Of the rows ``cells``, ``failed`` of ``runs`` runs failed each. Each combination of the other
    factors is a test of its own (`homogeneity_p`), all of them corrected together (Holm).
    """
    tests: dict[tuple[int, Cell], float] = {}
    for axis in range(len(keys)):
        strata: dict[Cell, list[int]] = {}
        for row, cell in enumerate(cells):
            strata.setdefault((*cell[:axis], *cell[axis + 1 :]), []).append(row)
        for rest, rows in strata.items():
            if len(rows) > 1 and any(failed[row] for row in rows):
                counts = [failed[row] for row in rows], [runs[row] for row in rows]
                tests[axis, rest] = homogeneity_p(*counts)
    found: dict[int, list[Cell]] = {}
    for (axis, rest), p in zip(tests, holm(list(tests.values())), strict=True):
        if significant(p):
            found.setdefault(axis, []).append(rest)
    return [Decided(keys[axis], _values(axis, rests, cells)) for axis, rests in found.items()]


def homogeneity_p(failed: Sequence[int], runs: Sequence[int]) -> float:
    """The p that rows of which ``failed`` of ``runs`` runs failed all have one failure rate.

    A permutation test given the number of all failures, by the sum of failed²/runs: for two rows of
    equally many runs Fisher's exact test (1935), but from `DRAWS` draws, always the same.
    """
    sizes = np.array(runs)
    draws = np.random.default_rng(0).multivariate_hypergeometric(
        sizes, sum(failed), size=DRAWS, method="marginals"
    )
    observed = (np.square(failed) / sizes).sum()
    extreme = (draws**2 / sizes).sum(axis=1) > observed - 1e-9
    return float((1 + extreme.sum()) / (1 + DRAWS))


def _values(axis: int, rests: Sequence[Cell], cells: Sequence[Cell]) -> tuple[str, ...]:
    """What the strata ``rests`` are called: the values of the other factors that vary."""
    every = {(*cell[:axis], *cell[axis + 1 :]) for cell in cells}
    if len(rests) == len(every):
        return ()
    return tuple("/".join(rest) for rest in rests)
