"""What to do next: how many seeds detect which difference, and the command that trains them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from nnbasic.compare.findings import Findings
from nnbasic.compare.grouping import UNDECISIVE, config
from nnbasic.compare.measures import number
from nnbasic.compare.standing import Row
from nnbasic.compare.verdict import more, points
from nnbasic.configs import Config, flow
from nnbasic.training.choices import RATE, Values, shown
from nnbasic.training.collection import RunData

SEVERAL_SEEDS = 5
"""How many seeds are proposed where there is one."""

MOST_TOLD = 3
"""For how many smaller differences the number of seeds is given."""


def next_steps(found: Findings, same: Values, searched: bool) -> Iterator[str]:
    """Sentences, the first of which may end in a command between backticks.

    ``same`` is what all runs have in common; ``searched``: whether the learning rate of some runs
    was searched. With a single seed the verdict has the command.
    """
    if len(found.ranked) < 2:
        return
    seeds = max(len(found.seeds), 1)
    takes = found.plan.further(seeds)[:MOST_TOLD] if found.plan else []
    wanted = takes[0][1] if takes else seeds
    command = more_seeds(found.comparable, wanted)
    if found.plan:
        further = "".join(f", {points(size)} with {n}" for size, n in takes)
        yield (
            f"Detectable with 80 % power: {points(found.plan.smallest(seeds))} with {seeds}"
            f" seeds{further}.{more(command if takes else None)}"
        )
    if same.get(RATE) is not None and not searched:
        how = ""
        if command is not None and command.startswith("nnbasic sweep"):
            tuned = command.replace(f"--seeds {wanted}", f"--seeds {seeds}")
            how = f" To tune it for each row: `{tuned} --lr-search`"
        yield (
            f"All rows have the learning rate {shown(same[RATE])}; another may change the order."
            f"{how}"
        )


def more_seeds(rows: Sequence[Row], seeds: int) -> str | None:
    """The command that trains ``rows`` until each has ``seeds`` seeds; it keeps what is there.

    A sweep, if they are all combinations of some values. None where no command can say it.
    """
    first: dict[object, RunData] = {}
    for row in rows:
        for run in sorted(row.counted or row.runs, key=_seed):
            first.setdefault(config(run), run)
    runs = list(first.values())
    folders = {str(run.run.directory.parent) for run in runs}
    searches = [run.record.rate_search for run in runs]
    rates = {None if search is None else search.given for search in searches}
    if len(rates) != 1 or len(folders) != 1:
        return None
    (rate,), (folder,) = rates, folders
    elsewhere = ["--runs", folder] if folder != "runs" else []
    configs = [_at_rate(run.record.config, rate) for run in runs]
    keys = [key for key in configs[0] if key not in UNDECISIVE and key != "seed"]
    columns = {key: [content.get(key) for content in configs] for key in keys}
    varied = dict(part for key in keys for part in _parts(key, columns[key]))
    if prod(map(len, varied.values())) != len(configs):
        varied = {key: _written(key, columns[key]) for key in keys}
    values = {key: texts for key, texts in varied.items() if len(texts) > 1}
    if prod(map(len, values.values())) == len(configs):
        words = ["nnbasic", "sweep", "--config", str(runs[0].run.directory / "config.yaml")]
        words += [] if rate is None else ["--set", f"{RATE}={shown(rate)}"]
        for key, texts in values.items():
            words += ["--vary", f"{key}={','.join(texts)}"]
        search = [] if rate is None else ["--lr-search"]
        return shlex.join([*words, "--seeds", str(seeds), *search, *elsewhere])
    if rate is not None:
        return None
    last = int(max(_seed(run) for row in rows for run in row.counted or row.runs))
    added = seeds - max(1, rows[0].val_accuracy.n)
    wanted = " ".join(str(seed) for seed in range(last + 1, last + 1 + added))
    directories = shlex.join(str(run.run.directory) for run in runs)
    train = f'nnbasic train --config "$run/config.yaml" --seed $seed {shlex.join(elsewhere)}'
    return f"for run in {directories}; do for seed in {wanted}; do {train.strip()}; done; done"


def _seed(run: RunData) -> float:
    return number(run.seed) or 0.0


def _at_rate(content: dict[str, Any], rate: float | None) -> dict[str, Any]:
    """A config as it was before a search changed its learning rate from ``rate``, if one did."""
    if rate is None or not isinstance(content.get("optimizer"), dict):
        return content
    return {**content, "optimizer": {**content["optimizer"], "lr": rate}}


def _parts(key: str, values: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    """The values of ``key``, or of its hyperparameters if it has the same component throughout."""
    if all(isinstance(value, dict) for value in values):
        kinds = {(value.get("name"), *value) for value in values}
        if len(kinds) == 1:
            for part in values[0]:
                yield f"{key}.{part}", _written("", [value[part] for value in values])
            return
    yield key, _written(key, values)


def _written(key: str, values: Sequence[Any]) -> list[str]:
    """The different ``values`` of ``key`` as ``--vary`` takes them."""
    return list(dict.fromkeys(_spelled(key, value) for value in values))


def _spelled(key: str, value: Any) -> str:
    """A component without the hyperparameters that have their defaults; anything else as YAML."""
    if isinstance(value, dict) and "name" in value:
        try:
            default = Config.model_validate({key: value["name"]}).model_dump()[key]
        except ValueError:  # it is a plugin's
            default = {}
        value = {
            part: given
            for part, given in value.items()
            if part == "name" or part not in default or default[part] != given
        }
        if len(value) == 1:
            return str(value["name"])
    return flow(value)
