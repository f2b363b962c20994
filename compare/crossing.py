"""Which choices the rows of a comparison are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nnbasic.training.choices import Values, headings, shown


class Crossing(NamedTuple):
    """The factors ``keys``, and the value that each row has of each of them."""

    keys: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def varied(self) -> tuple[str, ...]:
        """The keys with several values."""
        columns = zip(self.keys, zip(*self.cells, strict=True), strict=True)
        return tuple(key for key, values in columns if len(set(values)) > 1)


def crossing(rows: Sequence[Values]) -> Crossing:
    """The factors of ``rows``: the keys that all have; another one belongs to its component.

    So where only some activations have a slope, ``leaky_relu slope=0.2`` is one value.
    """
    keys = list(dict.fromkeys(key for row in rows for key in row))
    factors = {
        key: key if all(key in row for row in rows) else key.rpartition(".")[0] for key in keys
    }
    short = headings(keys)
    cells = []
    for row in rows:
        cell = dict.fromkeys(factors.values(), "")
        for key, value in row.items():
            text = shown(value) if factors[key] == key else f"{short[key]}={shown(value)}"
            cell[factors[key]] = f"{cell[factors[key]]} {text}".strip()
        cells.append(tuple(cell.values()))
    return Crossing(tuple(dict.fromkeys(factors.values())), tuple(cells))


def name(key: Values) -> str:
    """What a row is called in a sentence: ``relu/he``, ``relu/lr=0.1``."""
    short = headings(key)
    parts = [
        shown(value) if isinstance(value, str) else f"{short[each]}={shown(value)}"
        for each, value in key.items()
    ]
    return "/".join(parts) or "all runs"
