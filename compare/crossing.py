"""Which choices the rows of a comparison are made of, and the command that repeats them all."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from pydantic import ValidationError

from nnbasic.compare.grouping import UNDECISIVE
from nnbasic.compare.measures import Group, number
from nnbasic.configs import Config, flow
from nnbasic.runs.choices import Values, headings, shown


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


def more_seeds(groups: Sequence[Group], seeds: int) -> str:
    """The command that trains ``groups``, of one seed so far, with ``seeds`` seeds each.

    A sweep, if they are all combinations of some values; it keeps the runs that are there.
    """
    first = [group.runs[0] for group in groups]
    folder = str(first[0].run.directory.parent)
    elsewhere = shlex.join(["--runs", folder]) if folder != "runs" else ""
    configs = [run.record.config for run in first]
    varied = [
        key for key in configs[0] if any(each.get(key) != configs[0][key] for each in configs)
    ]
    values = {
        key: list(dict.fromkeys(_written(key, each.get(key)) for each in configs))
        for key in varied
        if key not in UNDECISIVE
    }
    if prod(map(len, values.values())) == len(groups):
        config = str(first[0].run.directory / "config.yaml")
        words = ["nnbasic", "sweep", "--config", config]
        for key, texts in values.items():
            words += ["--vary", f"{key}={','.join(texts)}"]
        words += ["--seeds", str(seeds)]
        return f"{shlex.join(words)} {elsewhere}".strip()
    last = int(max(number(run.flat.get("seed")) or 0 for run in first))
    wanted = " ".join(str(seed) for seed in range(last + 1, last + seeds))
    directories = shlex.join(str(run.run.directory) for run in first)
    train = f'nnbasic train --config "$run/config.yaml" --seed $seed {elsewhere}'.strip()
    return f"for run in {directories}; do for seed in {wanted}; do {train}; done; done"


def _written(key: str, value: object) -> str:
    """``value`` as ``--vary`` takes it: a component with default hyperparameters by its name."""
    if isinstance(value, dict) and "name" in value:
        try:
            default = Config.model_validate({key: value["name"]}).model_dump()[key]
        except ValidationError:  # it is a plugin's
            default = None
        if default == value:
            return str(value["name"])
    return flow(value)
