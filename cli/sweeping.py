"""Training many runs: by processes here or by a cluster, one bar over all of them."""

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from nnbasic import configs
from nnbasic.cli.failures import INTERRUPTED, interrupts
from nnbasic.cli.loading import load
from nnbasic.cli.numbers import percent
from nnbasic.cli.progress import bar, print_above
from nnbasic.cli.terminal import err, warn
from nnbasic.configs import Data
from nnbasic.configs.plugins import unkept
from nnbasic.sweeps.learning_rates import FOLDER, choose_rates
from nnbasic.sweeps.local import run_local
from nnbasic.sweeps.plan import (
    Attempt,
    Cell,
    Images,
    Job,
    Key,
    Outcome,
    Progress,
    attempts,
    changed_plugins,
    jobs,
    outstanding,
)
from nnbasic.training.machine import cores
from nnbasic.training.storage import refuse_link

CarryOut = Callable[[Sequence[Job], Path], Generator[Progress | Outcome, None, None]]
"""Trains jobs whose runs go to a folder; yields how far they are, and how each of them ended."""


jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Runs at a time, each with one BLAS thread.  [default: one per core]",
)

dask_option = click.option(
    "--dask", metavar="ADDRESS", help="Train on this Dask cluster, as in tcp://host:8786."
)


@contextlib.contextmanager
def workforce(
    data_dir: Path | None, workers: int | None, dask: str | None, *, sync: bool
) -> Iterator[CarryOut]:
    """What trains the jobs: processes here, or the workers of a cluster.

    An interrupt of the block ends the command.
    """
    if dask is not None and workers is not None:
        raise click.UsageError("--jobs is for this machine; a Dask cluster has its own workers.")
    try:
        with interrupts():
            if dask is None:
                yield partial(run_local, data=data_dir, workers=workers or cores(), sync=sync)
            else:
                from nnbasic.sweeps.cluster import connected, run_on_dask  # needs an extra

                with connected(dask) as client:
                    yield partial(run_on_dask, data=data_dir, client=client, sync=sync)
    except KeyboardInterrupt:
        err("Interrupted; the same command goes on from here.")
        raise click.exceptions.Exit(INTERRUPTED) from None


def load_all(combinations: Sequence[Cell], data_dir: Path | None) -> dict[str, Images]:
    """The data set that each source in the configs means here; MNIST is fetched now if need be."""
    largest: dict[str, Data] = {}
    for cell in combinations:
        for caution in configs.cautions(cell.config):
            warn(f"{cell.name}: {caution}")
        wanted = cell.config.data
        if wanted.validation >= largest.get(wanted.source, wanted).validation:
            largest[wanted.source] = wanted
    if any(cell.config.plugins for cell in combinations) and (why := unkept()):
        warn(f"{why}.")
    datasets = {source: load(wanted, data_dir=data_dir) for source, wanted in largest.items()}
    for warning in (warning for dataset in datasets.values() for warning in dataset.warnings):
        warn(warning)
    return {source: (dataset.name, dataset.sha256) for source, dataset in datasets.items()}


def train_all(
    combinations: Sequence[Cell],
    seeds: Sequence[int],
    data_dir: Path | None,
    runs_dir: Path,
    lr_search: bool,
    carry_out: CarryOut,
) -> tuple[list[Job], list[str]]:
    """Train what the sweep still lacks.

    Returns all of its jobs, and a sentence for each kind of run that did not end, which is warned
    of.
    """
    wanted: list[Job] = []
    problems: list[str] = []
    datasets = load_all(combinations, data_dir)
    if lr_search:
        folder = runs_dir / FOLDER
        refuse_link(folder)

        def train(trials: list[Job]) -> Mapping[Key, Sequence[Attempt]]:
            train_jobs(trials, folder, carry_out=carry_out, what="trials")
            return attempts(folder)

        combinations, problems = choose_rates(combinations, datasets, train)
        for cell in combinations:
            err(f"{cell.name}: {cell.rate_search}")
    if combinations:
        wanted = jobs(combinations, seeds, datasets)
        outcomes = train_jobs(wanted, runs_dir, carry_out=carry_out, what="runs")
        statuses = Counter(outcome.status for outcome in outcomes if not outcome.ended)
        problems += [f"{n} of {len(wanted)} runs {status}" for status, n in statuses.items()]
    for problem in problems:
        warn(problem)
    if problems:
        err("The same command tries them again.")
    return wanted, problems


def train_jobs(
    wanted: Sequence[Job], folder: Path, *, carry_out: CarryOut, what: str
) -> list[Outcome]:
    """Train those of the jobs that are left, one bar over all and a line as each ends."""
    there = attempts(folder)
    left = outstanding(wanted, there)
    _announce(wanted, left, there, what)
    if not left:
        return []
    begun = [job.begun.record().epoch if job.begun else 0 for job in left]
    epochs = {job.key: job.config.epochs - n for job, n in zip(left, begun, strict=True)}
    done = dict.fromkeys(epochs, 0)
    ended: list[Outcome] = []
    with (
        contextlib.closing(carry_out(left, folder)) as events,
        bar(
            total=sum(epochs.values()),
            desc=f"{what} 0/{len(left)}",
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}, ETA {remaining}",
            smoothing=0,  # the mean speed: two epochs that end together are no burst
            leave=False,
        ) as shown,
    ):
        for event in events:
            key = event.job.key
            if isinstance(event, Outcome):  # however early, it has no epochs left
                ended.append(event)
                print_above(shown, line(event))
                shown.set_description_str(f"{what} {len(ended)}/{len(left)}", refresh=False)
            done[key] = event.epochs if isinstance(event, Progress) else epochs[key]
            shown.update(sum(done.values()) - shown.n)
    return ended


def _announce(
    wanted: Sequence[Job], left: Sequence[Job], there: Mapping[Key, Sequence[Attempt]], what: str
) -> None:
    """Say which of the jobs are not trained, and which are trained anew."""
    if kept := len(wanted) - len(left):
        elsewhere = sum(any(a.status == "running" for a in there.get(j.key, ())) for j in wanted)
        others = f", {elsewhere} of them being trained by another process" if elsewhere else ""
        exist = "exists" if kept == 1 else "exist"
        err(f"{kept} of {len(wanted)} {what} {exist} already{others}.")
    for plugin, n in changed_plugins(left, there).items():
        anew = "it is trained anew" if n == 1 else "they are trained anew"
        err(f"{plugin} has changed since {n} of these {what}; {anew}.")


def line(outcome: Outcome) -> str:
    """How a run ended, in one line."""
    accuracy = outcome.val_accuracy
    best = "" if accuracy is None else f", validation {percent(accuracy)} %"
    message = f": {' '.join(outcome.message.split())}" if outcome.message else ""
    job = outcome.job
    return f"{job.name} seed {job.config.seed}: {outcome.status}{best}{message}"
