"""What `nnbasic sweep` does: the runs that are left to do are trained, a line as each ends."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from nnbasic import configs
from nnbasic.cli.bars import tqdm
from nnbasic.cli.interrupts import INTERRUPTED, interrupts
from nnbasic.cli.loading import load
from nnbasic.cli.numbers import percent
from nnbasic.cli.terminal import err, warn
from nnbasic.data import Dataset
from nnbasic.runs.cores import cores
from nnbasic.runs.directory import check_folder
from nnbasic.sweeps.learning_rates import choose_rates
from nnbasic.sweeps.local import run_local
from nnbasic.sweeps.outcome import Outcome
from nnbasic.sweeps.plan import Cell, Job, attempts, cells, jobs, outstanding

CarryOut = Callable[[Sequence[Job], Path], Generator[Outcome, None, None]]
"""Trains jobs whose runs go to a folder, and yields how each of them ended."""


def sweep(
    config: str | None,
    overrides: tuple[str, ...],
    vary: tuple[str, ...],
    seeds: int,
    jobs: int | None,
    dask: str | None,
    lr_search: bool,
    runs_dir: Path,
    data_dir: Path | None,
    no_sync: bool,
) -> int:
    """Train ``seeds`` runs of each combination of what ``vary`` names; the exit code."""
    if config is None:
        raise click.UsageError("Give --config FILE; `nnbasic configs list` names some.")
    if dask is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine; a Dask cluster has its own workers.")
    found = cells(config, overrides, vary)
    check_folder(runs_dir)
    with interrupts(), workforce(data_dir, jobs, dask, not no_sync) as carry_out:
        try:
            datasets = load_all(found, data_dir)
            problems = train_all(found, seeds, datasets, runs_dir, lr_search, carry_out)
        except KeyboardInterrupt:
            err("Interrupted; the same command goes on from here.")
            return INTERRUPTED
    for problem in problems:
        warn(problem)
    if problems:
        err("The same command tries them again.")
        return 1
    err("See what the choices did with `nnbasic compare`.")
    return 0


@contextlib.contextmanager
def workforce(
    data_dir: Path | None, workers: int | None, dask: str | None, sync: bool
) -> Iterator[CarryOut]:
    """What trains the jobs: processes here, or the workers of a cluster."""
    if dask is None:
        yield partial(run_local, data=data_dir, workers=workers or cores(), sync=sync)
    else:
        from nnbasic.sweeps.cluster import connected, run_on_dask  # needs an extra

        with connected(dask) as client:
            yield partial(run_on_dask, data=data_dir, client=client, sync=sync)


def load_all(found: Sequence[Cell], data_dir: Path | None) -> dict[str, Dataset]:
    """The data set that each name in the configs means here; MNIST is fetched now if need be."""
    largest: dict[str, int] = {}
    for cell in found:
        for caution in configs.cautions(cell.config):
            warn(f"{cell.name}: {caution}")
        wanted = cell.config.data
        largest[wanted.dataset] = max(wanted.validation, largest.get(wanted.dataset, 0))
    return {
        name: load(name, validation=validation, data_dir=data_dir)
        for name, validation in largest.items()
    }


def train_all(
    found: Sequence[Cell],
    seeds: int,
    datasets: dict[str, Dataset],
    runs_dir: Path,
    lr_search: bool,
    carry_out: CarryOut,
) -> list[str]:
    """Train what the sweep still lacks; a sentence for each kind of run that did not finish."""
    problems: list[str] = []
    if lr_search:
        trials = partial(train_jobs, carry_out=carry_out, what="trials")
        found, problems = choose_rates(found, datasets, runs_dir, trials)
        for cell in found:
            err(f"{cell.name}: {cell.rate_search}")
    if found:
        first = found[0].config.seed
        wanted = jobs(found, range(first, first + seeds), datasets)
        outcomes = train_jobs(wanted, runs_dir, carry_out=carry_out, what="runs")
        statuses = Counter(outcome.status for outcome in outcomes if not outcome.ended)
        problems += [
            f"{count} of {len(wanted)} runs {status}" for status, count in statuses.items()
        ]
    return problems


def train_jobs(
    wanted: Sequence[Job], folder: Path, *, carry_out: CarryOut, what: str
) -> list[Outcome]:
    """Train those of the jobs that are left, one bar over all and a line as each ends."""
    there = attempts(folder)
    left = outstanding(wanted, there)
    if kept := len(wanted) - len(left):
        elsewhere = sum(any(a.status == "running" for a in there.get(j.key, ())) for j in wanted)
        others = f", {elsewhere} of them being trained by another process" if elsewhere else ""
        exist = "exists" if kept == 1 else "exist"
        err(f"{kept} of {len(wanted)} {what} {exist} already{others}.")
    if not left:
        return []
    ended = []
    layout = "{desc} {n_fmt}/{total_fmt} {percentage:3.0f}%|{bar}| {elapsed}, ETA {remaining}"
    with (
        contextlib.closing(carry_out(left, folder)) as outcomes,
        tqdm(
            total=len(left),
            desc=what,
            bar_format=layout,
            smoothing=0,  # the mean speed: two runs that end together are no burst
            leave=False,
            dynamic_ncols=True,
            disable=None,
        ) as bar,
    ):
        for outcome in outcomes:
            ended.append(outcome)
            with bar.external_write_mode(file=sys.stderr):
                err(line(outcome))
            bar.update()
    return ended


def line(outcome: Outcome) -> str:
    """How a run ended, in one line."""
    accuracy = outcome.val_accuracy
    best = "" if accuracy is None else f", validation {percent(accuracy)} %"
    message = f": {' '.join(outcome.message.split())}" if outcome.message else ""
    return f"{outcome.job.label}: {outcome.status}{best}{message}"
