"""Rows in pairs: which differ, which cannot be told apart, which may be the best."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from nnbasic.compare.significance import LEVEL, Contrast, Contrasts, contrasts
from nnbasic.model.arrays import Array

Pair = tuple[int, int]

EXACT = 12
"""To how many decimals means are sorted: what is equal stays so after the rounding of floats."""


class Ranking(NamedTuple):
    """Each two of several rows, compared.

    ``pairs`` has the mean of the second row minus that of the first under (first, second),
    first < second. ``letters``, of each row: those that share one cannot be told apart.
    ``may_be_best``: no other row is surely better. None for a single row or seed.
    """

    pairs: dict[Pair, Contrast]
    letters: tuple[str | None, ...]
    may_be_best: tuple[bool | None, ...]
    tested: Contrasts


def rank(accuracies: Array, images: Array) -> Ranking:
    """Compare rows of ``accuracies`` (rows, seeds), shares of ``images`` (rows,) images each.

    The letters are handed out from the first row on, so that the rows are best given in the order
    of their means.
    """
    rows = len(accuracies)
    pairs = list(itertools.combinations(range(rows), 2))
    tested = contrasts(pair_weights(rows), accuracies, images)
    found = dict(zip(pairs, tested.each, strict=True))
    if tested.freedom is None:
        return Ranking(found, (None,) * rows, (None,) * rows, tested)
    apart = [pair for pair, contrast in found.items() if contrast.significant]
    return Ranking(found, letters(rows, apart), _may_be_best(rows, found), tested)


def pair_weights(rows: int) -> Array:
    """The weights of the second row minus the first, of each two of ``rows``: (pairs, rows)."""
    pairs = list(itertools.combinations(range(rows), 2))
    weights = np.zeros((len(pairs), rows))
    for index, (first, second) in enumerate(pairs):
        weights[index, first], weights[index, second] = -1, 1
    return weights


def letters(rows: int, apart: Iterable[Pair]) -> tuple[str, ...]:
    """Letters such that two rows share one if, and only if, they are not ``apart``.

    Insert and absorb (Piepho 2004): all rows begin with one letter; for each pair that is apart,
    every letter that both have is split in two, and what another letter covers is dropped.
    """
    columns = [frozenset(range(rows))]
    for pair in apart:
        split = [column for column in columns if column.issuperset(pair)]
        columns = [column for column in columns if column not in split]
        for part in (column - {row} for column in split for row in pair):
            if not any(part <= column for column in columns):
                columns = [column for column in columns if not column <= part] + [part]
    columns.sort(key=sorted)
    return tuple(
        "".join(_letter(index) for index, column in enumerate(columns) if row in column)
        for row in range(rows)
    )


def _letter(index: int) -> str:
    """a to z, A to Z, and then numbers."""
    return string.ascii_letters[index] if index < 52 else f"({index + 1})"


def _may_be_best(rows: int, pairs: dict[Pair, Contrast]) -> tuple[bool, ...]:
    """Which rows no other one beats, one-sided at 5 % over the number of others.

    Gupta 1965, Hsu 1984: the true best is missed in at most 5 % of comparisons, as it is missed
    only if one of the others is falsely found to beat it.
    """
    limit = (1 - LEVEL) / (rows - 1)
    beaten = {
        first if contrast.mean > 0 else second
        for (first, second), contrast in pairs.items()
        if contrast.p_uncorrected is not None and contrast.p_uncorrected / 2 < limit
    }
    return tuple(row not in beaten for row in range(rows))
