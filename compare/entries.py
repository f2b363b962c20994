"""The rows of a comparison that are drawn, with their looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nnbasic.compare.colours import Look, looks
from nnbasic.compare.grouping import ALL, words
from nnbasic.compare.runs import RunData
from nnbasic.compare.standing import Row


class Entry(NamedTuple):
    """A row, and the words for what tells it from the others: factor → ``he``, ``lr=0.1``.

    ``look`` is that of its activation, or of its first word: the same in all figures.
    """

    row: Row
    parts: dict[str, str]
    look: Look

    @property
    def title(self) -> str:
        return self.row.name

    @property
    def runs(self) -> Sequence[RunData]:
        return self.row.counted


def entries(rows: Sequence[Row]) -> list[Entry]:
    """The comparable ``rows``, in the order in which they were asked for, e.g. by ``--vary``."""
    drawn = [row for row in rows if row.comparable]
    drawn.sort(key=lambda row: min(run.record.queued or run.record.started for run in row.runs))
    varying = sorted({factor for row in drawn for factor in row.parts}, key=_rank)
    factors = [f for f in varying if len({row.parts.get(f) for row in drawn}) > 1]
    parts = [{factor: words(row.parts).get(factor, "–") for factor in factors} for row in drawn]
    first = [next(iter(own.values()), ALL) for own in parts]
    look = looks(list(dict.fromkeys(first)))
    return [
        Entry(row, own, look[value]) for row, own, value in zip(drawn, parts, first, strict=True)
    ]


def _rank(factor: str) -> tuple[int, str]:
    """Activation first, then init, then the others."""
    leading = ("activation", "init")
    return leading.index(factor) if factor in leading else len(leading), factor
