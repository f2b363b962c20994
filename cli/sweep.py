"""`nnbasic sweep`: every combination of choices, with the same seeds in each."""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnbasic.cli.interrupts import INTERRUPTED, interrupts
from nnbasic.cli.options import (
    ConfigCommand,
    config_option,
    data_option,
    runs_option,
    set_option,
    warn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from nnbasic.data import Dataset
    from nnbasic.sweeps.outcome import Outcome
    from nnbasic.sweeps.plan import Cell, Job

    CarryOut = Callable[[Sequence[Job], Path], Generator[Outcome, None, None]]


@click.command(cls=ConfigCommand)
@config_option
@set_option
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=VALUE,...",
    help="A config key and its values; several --vary are combined each with each.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Runs of each combination, from the config's seed upwards.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Runs at a time, each with one BLAS thread.  [default: one a core]",
)
@click.option(
    "--dask", metavar="ADDRESS", help="Train on this Dask cluster, as in tcp://host:8786."
)
@click.option(
    "--lr-search",
    is_flag=True,
    help="First choose each combination's learning rate, on validation data with other seeds.",
)
@runs_option
@data_option
@click.pass_context
def sweep(
    ctx: click.Context,
    config: str | None,
    overrides: tuple[str, ...],
    vary: tuple[str, ...],
    seeds: int,
    jobs: int | None,
    dask: str | None,
    lr_search: bool,
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Train every combination of choices with the same seeds.

    The same command again goes on where it stopped: what is finished is kept, what was
    interrupted is resumed, what failed is repeated.

    \b
    nnbasic sweep --config relu --vary activation=tanh,relu --vary init=xavier,he
    """
    if config is None:
        raise click.UsageError("Give --config FILE; `nnbasic configs list` names some.")
    if dask is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine; a Dask cluster has its own workers.")
    from nnbasic.runs.directory import check_folder
    from nnbasic.sweeps.plan import cells

    found = cells(config, overrides, vary)
    check_folder(runs_dir)
    with interrupts(), workforce(data_dir, jobs, dask) as carry_out:
        try:
            datasets = load_all(found, data_dir)
            problems = swept(found, seeds, datasets, runs_dir, lr_search, carry_out)
        except KeyboardInterrupt:
            click.echo("Interrupted; the same command goes on from here.", err=True)
            ctx.exit(INTERRUPTED)
    for problem in problems:
        warn(problem)
    if problems:
        click.echo("The same command tries again what did not end.", err=True)
        ctx.exit(1)
    click.echo("See what the choices did with `nnbasic compare`.", err=True)


@contextlib.contextmanager
def workforce(data_dir: Path | None, jobs: int | None, dask: str | None) -> Iterator[CarryOut]:
    """What carries out jobs: processes here, or the workers of a cluster."""
    if dask is None:
        from nnbasic.runs.environment import cores
        from nnbasic.sweeps.local import run_local

        yield partial(run_local, data=data_dir, workers=jobs or cores())
    else:
        from nnbasic.sweeps.cluster import connected, run_on_dask

        with connected(dask) as client:
            yield partial(run_on_dask, data=data_dir, client=client)


def load_all(found: Sequence[Cell], data_dir: Path | None) -> dict[str, Dataset]:
    """What each data set that is named means here; MNIST is fetched once, now if need be."""
    from nnbasic import configs
    from nnbasic.cli.loading import load

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


def swept(
    found: Sequence[Cell],
    seeds: int,
    datasets: dict[str, Dataset],
    runs_dir: Path,
    lr_search: bool,
    carry_out: CarryOut,
) -> list[str]:
    """Do what is left to do of the sweep; what did not end, and why."""
    from nnbasic.sweeps.learning_rates import choose_rates
    from nnbasic.sweeps.plan import jobs

    problems: list[str] = []
    if lr_search:
        trials = partial(done, carry_out=carry_out, what="trials")
        found, problems = choose_rates(found, datasets, runs_dir, trials)
        for cell in found:
            click.echo(f"{cell.name}: {cell.rate_search}", err=True)
    if found:
        first = found[0].config.seed
        wanted = jobs(found, range(first, first + seeds), datasets)
        outcomes = done(wanted, runs_dir, carry_out=carry_out, what="runs")
        statuses = Counter(outcome.status for outcome in outcomes if not outcome.ended)
        problems += [
            f"{count} of {len(wanted)} runs {status}" for status, count in statuses.items()
        ]
    return problems


def done(wanted: Sequence[Job], folder: Path, *, carry_out: CarryOut, what: str) -> list[Outcome]:
    """Carry out those of the jobs that are left, one bar over all and a line as each ends."""
    from tqdm import tqdm

    from nnbasic.sweeps.plan import attempts, outstanding

    there = attempts(folder)
    left = outstanding(wanted, there)
    if kept := len(wanted) - len(left):
        elsewhere = sum(any(a.status == "running" for a in there.get(j.key, ())) for j in wanted)
        others = f", {elsewhere} of them at work in another process" if elsewhere else ""
        are = "is" if kept == 1 else "are"
        click.echo(f"{kept} of {len(wanted)} {what} {are} there{others}.", err=True)
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
            smoothing=0,  # two that end together are no sudden haste
            leave=False,
            dynamic_ncols=True,
            disable=None,
        ) as bar,
    ):
        for outcome in outcomes:
            ended.append(outcome)
            with bar.external_write_mode():
                click.echo(line(outcome), err=True)
            bar.update()
    return ended


def line(outcome: Outcome) -> str:
    """How a run ended, in one line that is safe to print."""
    from nnbasic.configs import printable

    accuracy = outcome.val_accuracy
    best = "" if accuracy is None else f", validation {100 * accuracy:.2f} %"
    message = f": {' '.join(outcome.message.split())}" if outcome.message else ""
    return printable(f"{outcome.job.label}: {outcome.status}{best}{message}")
