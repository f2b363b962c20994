"""What weakens a comparison, how to read it, and what to do next, in sentences."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from math import prod
from typing import Any

from nnbasic.compare.findings import Findings, crossing
from nnbasic.compare.grouping import EPOCHS, ONLY, UNDECISIVE, config, ids, searched, sorted_by
from nnbasic.compare.measures import ENDED, has_all_metrics, latest_of_each, number
from nnbasic.compare.significance import Plan
from nnbasic.compare.standing import Row
from nnbasic.compare.verdict import detectable, more
from nnbasic.configs import Config, flow
from nnbasic.training.choices import RATE, SEARCHED, Values, shown
from nnbasic.training.collection import RunData

SEVERAL_SEEDS = 5
"""How many seeds are proposed where there is one."""

MOST_TOLD = 3
"""For how many smaller differences the number of seeds is given."""

ASPECTS: dict[str, dict[str, Callable[[RunData], object]]] = {
    "Times are not comparable": {
        "threads": lambda run: run.record.threads,
        "processor": lambda run: run.record.machine.get("processor"),
    },
    "The last digits may differ for this reason alone": {
        "Python": lambda run: run.record.versions.get("python"),
        "NumPy": lambda run: run.record.versions.get("numpy"),
        "BLAS": lambda run: run.record.versions.get("blas"),
        "BLAS kernels": lambda run: run.record.versions.get("kernels"),
    },
}
"""What should be the same in all runs, by what follows where it is not."""


def warnings(found: Findings, differs: Sequence[str]) -> Iterator[str]:
    """What weakens the comparison; runs that are not as the others are named by their ids."""
    if EPOCHS in differs:
        yield "The rows were trained for different numbers of epochs, which may be why they differ."
    keys, _ = crossing(found.ranked)
    if found.effects is None and len(keys) > 1 and len(found.ranked) == len(found.comparable):
        yield (
            f"{' and '.join(keys)} change together, not in all combinations: which of them makes a"
            " difference between rows is unknown."
        )
    for row in found.rows:
        yield from _not_counted(row)
    runs = [run for row in found.ranked for run in row.counted if run.seed not in found.seeds]
    if runs and len(found.ranked) > 1:
        yield f"Left out, as not all ranked rows have their seed: {ids(runs)}."
    counted = [
        run for row in found.rows for run in row.counted if run.record.val_accuracy is not None
    ]
    torn = [run for run in counted if not has_all_metrics(run)]
    if torn:
        yield f"metrics.jsonl has gaps, so not in the figures to the threshold: {ids(torn)}."


def notes(found: Findings, same: Values, threshold: float) -> Iterator[str]:
    """How the figures are to be read."""
    first, runs = found.rows[0], [run for row in found.rows for run in row.runs]
    if len(found.ranked) > 1:
        yield from _about_differences(found.plan)
    if found.effects and found.effects.seeds is not None:
        yield (
            "Share: the part of the variance between these runs that is due to a choice, less what"
            " chance puts into it; it depends on which values were compared."
        )
    if SEARCHED in same:
        yield "The learning rate of each row was searched (nnbasic sweep --lr-search)."
    yield (
        f"Epochs and seconds to a {100 * threshold:g} % validation accuracy: median of the runs"
        " that finished, diverged or collapsed; those that did not reach it count as later. Seconds"
        " an epoch: median of all epochs."
    )
    if any(run.diagnostics for row in found.rows for run in row.counted):
        yield (
            "Dead, saturated: share of the units in the layer with the most, mean over the runs."
            " Gradient ratio: its norm in the first layer over that in the last, median of the"
            " runs. All after the last epoch."
        )
    if first.test_error is not None:
        yield (
            f"Test accuracy: its binomial standard error is {100 * first.test_error:.2f} points on"
            f" {first.test_images:,} images, which are the same for every row. No"
            " row is chosen by it."
        )
    for consequence, aspects in ASPECTS.items():
        parts = [part for name, aspect in aspects.items() for part in _unlike(runs, name, aspect)]
        if parts:
            yield f"{consequence}: {'; '.join(parts)}."


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
        yield detectable(found.plan, seeds, takes) + more(command if takes else None)
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
    # the first one's config names the plugins that all need
    runs = sorted(first.values(), key=lambda run: -len(run.record.plugins))
    plugins = [run.record.plugins.items() for run in runs]
    if any(own - plugins[0] for own in plugins):
        return None
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


def _about_differences(plan: Plan | None) -> Iterator[str]:
    yield (
        "Accuracy: on the validation images, at each run's best epoch; mean ± standard deviation"
        " over the shared seeds. Rows are sorted by it. Difference: from the first row, paired by"
        " seed."
    )
    if plan is None:
        yield "One seed says nothing about chance: no intervals and no p."
        return
    yield (
        "Intervals: simultaneous 95 % confidence intervals for all pairs of rows. They are of other"
        " seeds on these validation images; other images would add their own error."
    )
    yield (
        "Group: rows that share a letter show no significant difference, which does not make them"
        f" equal. p: moderated paired t-test, corrected for all {plan.differences} pairs (Holm)."
    )


def _not_counted(row: Row) -> Iterator[str]:
    """The runs of ``row`` that have no accuracy, or are repeated by a later one."""
    which = "" if row.name == ONLY else f"{row.name}: "
    for status, n in row.statuses.items():
        if status not in ENDED:
            runs = [run for run in row.runs if run.status == status]
            yield f"{which}{n} of {len(row.runs)} runs {status} ({ids(runs)}); not counted."
    latest = {id(run) for run in latest_of_each(row.runs)}
    repeated = [run for run in row.runs if run.status in ENDED and id(run) not in latest]
    if repeated:
        what = "1 run is" if len(repeated) == 1 else f"{len(repeated)} runs are"
        its = "its seed" if len(repeated) == 1 else "the seed"
        yield f"{which}{what} not counted, as a later one repeats {its}: {ids(repeated)}."
    rates = sorted_by(row.counted, lambda run: shown(run.values.get(RATE)))
    if len(rates) > 1 and searched(row.runs[0]):
        parts = [f"{rate} ({ids(runs)})" for rate, runs in rates.items()]
        yield f"{row.name} was searched more than once: rates {' and '.join(parts)}."


def _unlike(
    runs: Sequence[RunData], name: str, aspect: Callable[[RunData], object]
) -> Iterator[str]:
    """The runs that are unlike most in one ``aspect``."""
    by_value = sorted_by(runs, lambda run: str(aspect(run)))
    usual = max(by_value, key=lambda value: len(by_value[value]), default="")
    for value, unlike in by_value.items():
        if value != usual:
            yield f"{name} {value} instead of {usual} ({ids(unlike)})"


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
        kinds = {(str(value.get("name")), *value) for value in values}
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
    return flow(value)
