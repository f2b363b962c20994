"""What to do next: how many seeds find which difference, and the command that trains them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from nnbasic.compare.grouping import UNDECISIVE, config
from nnbasic.compare.measures import Group, number
from nnbasic.compare.planning import Plan
from nnbasic.configs import Config, flow
from nnbasic.training.choices import RATE, Values, shown
from nnbasic.training.collection import RunData

SEVERAL_SEEDS = 5
"""How many seeds are proposed where there is one."""

MOST_TOLD = 3
"""Of how many smaller differences the seeds are told."""


def next_steps(
    ranked: Sequence[Group], same: Values, plan: Plan | None, searched: bool
) -> Iterator[str]:
    """Sentences, the first of which may end in a command between backticks.

    ``same`` is what all runs have in common; ``searched``: whether the learning rate of some runs
    was searched. With a single seed the verdict has the command.
    """
    if len(ranked) < 2:
        return
    command = more_seeds(ranked, SEVERAL_SEEDS)
    if plan:
        seeds = ranked[0].measures.val_accuracy.n
        takes = plan.further(seeds)[:MOST_TOLD]
        more = "".join(f"; with {n}, one of {100 * size:g}" for size, n in takes)
        command = more_seeds(ranked, takes[0][1]) if takes else None
        yield (
            f"With {seeds} seeds, a difference of about {points(plan.smallest(seeds))} between two"
            f" rows is found 4 times in 5{more}.{ending(command)}"
        )
    rate = same.get(RATE)
    if rate is not None and not searched:
        swept = command is not None and command.startswith("nnbasic sweep")
        how = "the command above with --lr-search" if swept else "nnbasic sweep --lr-search"
        yield (
            f"Every row has the learning rate {shown(rate)}; at another one the order may differ."
            f" To find each row its own: {how}."
        )


def ending(command: str | None) -> str:
    """The end of a sentence that tells ``command``, if there is one."""
    return "" if command is None else f" More seeds: `{command}`"


def points(share: float) -> str:
    """``0.5 points``: a difference of shares, to the digits that a plan can be sure of."""
    number = f"{100 * share:.2g}"
    return f"{number} point{'s' * (number != '1')}"


def more_seeds(groups: Sequence[Group], seeds: int) -> str | None:
    """The command that trains ``groups`` until each has ``seeds`` seeds; it keeps what is there.

    A sweep, if they are all combinations of some values. None where no command can say it.
    """
    first: dict[object, RunData] = {}
    for group in groups:
        for run in sorted(group.counted or group.runs, key=_seed):
            first.setdefault(config(run), run)
    runs = list(first.values())
    folder = str(runs[0].run.directory.parent)
    elsewhere = ["--runs", folder] if folder != "runs" else []
    searches = [run.record.rate_search for run in runs]
    rates = {None if search is None else search.given for search in searches}
    if len(rates) > 1:
        return None
    (rate,) = rates
    configs = [_at_rate(run.record.config, rate) for run in runs]
    varied = [
        key for key in configs[0] if any(each.get(key) != configs[0][key] for each in configs)
    ]
    values = {
        key: list(dict.fromkeys(_written(key, each.get(key)) for each in configs))
        for key in varied
        if key not in UNDECISIVE and key != "seed"
    }
    if prod(map(len, values.values())) == len(configs):
        words = ["nnbasic", "sweep", "--config", str(runs[0].run.directory / "config.yaml")]
        words += [] if rate is None else ["--set", f"{RATE}={shown(rate)}"]
        for key, texts in values.items():
            words += ["--vary", f"{key}={','.join(texts)}"]
        search = [] if rate is None else ["--lr-search"]
        return shlex.join([*words, "--seeds", str(seeds), *search, *elsewhere])
    if rate is not None:
        return None
    last = int(max(_seed(run) for group in groups for run in group.counted or group.runs))
    more = seeds - max(1, groups[0].measures.val_accuracy.n)
    wanted = " ".join(str(seed) for seed in range(last + 1, last + 1 + more))
    directories = shlex.join(str(run.run.directory) for run in runs)
    train = f'nnbasic train --config "$run/config.yaml" --seed $seed {shlex.join(elsewhere)}'
    return f"for run in {directories}; do for seed in {wanted}; do {train.strip()}; done; done"


def _seed(run: RunData) -> float:
    return number(run.flat.get("seed")) or 0.0


def _at_rate(content: dict[str, Any], rate: float | None) -> dict[str, Any]:
    """A config as it was before a search changed its learning rate from ``rate``, if one did."""
    if rate is None or not isinstance(content.get("optimizer"), dict):
        return content
    return {**content, "optimizer": {**content["optimizer"], "lr": rate}}


def _written(key: str, value: object) -> str:
    """``value`` as ``--vary`` takes it: a component with default hyperparameters by its name."""
    if isinstance(value, dict) and "name" in value:
        try:
            default = Config.model_validate({key: value["name"]}).model_dump()[key]
        except ValueError:  # it is a plugin's
            default = None
        if default == value:
            return str(value["name"])
    return flow(value)
