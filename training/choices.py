"""What runs were made of, as keys and values, and which of these tell several runs apart."""

import functools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nnbasic.configs.errors import printable
from nnbasic.configs.text import flow

Scalar = str | int | float | bool | None

Values = dict[str, Scalar]
"""What a run was made of: its config without the seed, its data and its code."""

RATE = "optimizer.lr"
SEARCHED = "lr_search"
"""The key that says that a sweep searched for the learning rate; other runs do not have it."""


class Choices(NamedTuple):
    """What several runs have in the ``same`` way, and the keys that tell them apart.

    Keys are ``implied`` if they differ only because another does, as ``activation.slope`` where one
    activation has a slope, or ``optimizer.lr`` where each choice had its rate searched.
    """

    same: Values
    differs: tuple[str, ...]
    implied: tuple[str, ...]


def tell_apart(table: Sequence[Values]) -> Choices:
    """What the rows of ``table``, the values of at least one run, have in common and what not."""
    keys = dict.fromkeys(key for row in table for key in row)
    # a key that some run lacks differs, whatever the others have
    same = {
        key: value
        for key, value in table[0].items()
        if all(key in row and row[key] == value for row in table)
    }
    different = [key for key in keys if key not in same]
    implied = [key for key in different if _is_implied(key, table)]
    return Choices(same, tuple(k for k in different if k not in implied), tuple(implied))


def _is_implied(key: str, table: Sequence[Values]) -> bool:
    """Whether ``key``, where it is a choice, has one value for each name of its component."""
    component = key.rpartition(".")[0]
    found: dict[Scalar, Scalar] = {}
    return all(
        component in row and found.setdefault(row[component], row[key]) == row[key]
        for row in table
        if is_choice(key, row)
    )


def is_choice(key: str, row: Values) -> bool:
    """Whether somebody chose the value of ``key`` in ``row``; a searched rate is an outcome."""
    return key in row and not (key == RATE and row.get(SEARCHED))


def flatten(config: Mapping[str, Any]) -> Values:
    """``config`` with dotted keys such as ``optimizer.lr``; a list becomes one line of YAML."""
    flat: Values = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": each for inner, each in flatten(value).items()}
        else:
            flat[key] = _flow(json.dumps(value)) if isinstance(value, list) else value
    return flat


@functools.lru_cache  # a thousand runs have few different lists, and writing YAML is slow
def _flow(content: str) -> str:
    """The list that is ``content`` in JSON, as a config writes it on one line."""
    return flow(json.loads(content))


def headings(keys: Iterable[str]) -> dict[str, str]:
    """The short form of each key: its last part, unless another one ends with the same."""
    ends = {key: key.rpartition(".")[2] for key in keys}
    often = Counter(ends.values())
    return {key: end if often[end] == 1 else key for key, end in ends.items()}


def shown(value: Scalar) -> str:
    """``value`` as a config writes it, safe to print; of a hash the first digits."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{24,}", r"\1", printable(str(value)))


def in_spreadsheet(value: Any) -> Any:
    """``value`` for a cell of a CSV file: no text of others becomes a formula there."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    if not text.startswith(tuple("=+-@＝＋－＠")):
        return text
    try:
        float(text)  # such as -inf
    except ValueError:
        return f"'{text}"
    return text
