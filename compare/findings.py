"""What the rows of a comparison show, computed once: who only shows it computes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from nnbasic.compare.factors import Cell, Effects, effects
from nnbasic.compare.grouping import sorted_by
from nnbasic.compare.significance import Plan, holm, rank, significant
from nnbasic.compare.standing import RANKED, Row, accuracies, stand
from nnbasic.training.choices import Scalar

DRAWS = 10_000


class Decided(NamedTuple):
    """The choice ``key`` decides whether runs fail, for these ``values`` of the other choice.

    ``values`` is empty if it does so whatever the other choices, or if there are no others.
    """

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """``rows``: the ranked ones first, by mean validation accuracy over ``seeds``.

    ``effects`` are those of each choice on the ranked rows, ``plan`` what more seeds would show;
    None where they are not known. ``decided`` are the choices on which it depends whether runs
    fail.
    """

    rows: tuple[Row, ...]
    seeds: tuple[Scalar, ...]
    effects: Effects | None
    plan: Plan | None
    decided: tuple[Decided, ...]

    @property
    def ranked(self) -> list[Row]:
        return [row for row in self.rows if row.state == RANKED]

    @property
    def comparable(self) -> list[Row]:
        return [row for row in self.rows if row.comparable]


def judge(given: Sequence[Row]) -> Findings:
    """Rank the ``given`` rows, and test what can be tested."""
    rows, seeds = stand(given)
    ranked = [row for row in rows if row.state == RANKED]
    effect, planned = None, None
    if len(ranked) > 1:
        shares, floor = accuracies(ranked, seeds)
        (tested,) = rank((shares, floor))
        rows[: len(ranked)] = [
            replace(row, difference=difference, letters=letters)
            for row, difference, letters in zip(
                ranked, tested.differences, tested.letters, strict=True
            )
        ]
        keys, cells = crossing(ranked)
        effect, planned = effects(keys, cells, shares, floor), tested.plan
    ended = [row for row in rows if row.comparable and row.ended]
    decided = decisions(ended)
    if effect is not None:
        effect = effect._replace(left_out=_left_out(effect, ended))
    return Findings(tuple(rows), tuple(seeds), effect, planned, tuple(decided))


def decisions(rows: Sequence[Row]) -> list[Decided]:
    """The factors of which one value fails and another does not, at equal values of the others.

    Each combination of the other factors is a test of its own (`homogeneity_p`), all of them
    corrected together (Holm).
    """
    keys, _ = crossing(rows)
    strata = {key: _strata(rows, [other for other in keys if other != key]) for key in keys}
    tests = {
        (key, values): homogeneity_p([row.failed for row in own], [row.ended for row in own])
        for key in keys
        for values, own in strata[key].items()
        if len(own) > 1 and any(row.failed for row in own)
    }
    p = holm(list(tests.values()))
    apart = [test for test, each in zip(tests, p, strict=True) if significant(each)]
    found = []
    for key, own in sorted_by(apart, lambda test: test[0]).items():
        everywhere = len(own) == len(strata[key])
        values = () if everywhere else tuple("/".join(values) for _, values in own)
        found.append(Decided(key, values))
    return found


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


def crossing(rows: Sequence[Row]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The factors that vary between ``rows``, and the value that each row has of each of them."""
    every = [key for row in rows[:1] for key in row.parts]
    keys = [key for key in every if len({row.parts[key] for row in rows}) > 1]
    return keys, [tuple(row.parts[key] for key in keys) for row in rows]


def by_value(rows: Sequence[Row], key: str) -> dict[str, list[Row]]:
    """``rows`` by their value of the factor ``key``."""
    return sorted_by(rows, lambda row: row.parts[key])


def _left_out(effect: Effects, rows: Sequence[Row]) -> tuple[str, ...]:
    """The values of ``rows`` that are none of the levels of ``effect``."""
    levels = {factor.key: {level.value for level in factor.levels} for factor in effect.factors}
    every = [(key, row.parts[key]) for key in levels for row in rows]
    return tuple(dict.fromkeys(value for key, value in every if value not in levels[key]))


def _strata(rows: Sequence[Row], keys: Sequence[str]) -> dict[Cell, list[Row]]:
    """``rows`` by their values of all of ``keys``."""
    return sorted_by(rows, lambda row: tuple(row.parts[key] for key in keys))
