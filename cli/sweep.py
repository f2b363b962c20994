"""`nnbasic sweep`: every combination of choices, with the same seeds in each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnbasic.cli.options import config_option, data_option, runs_option, set_option, warn
from nnbasic.cli.train import interrupts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nnbasic.runs.cluster import DaskCluster
    from nnbasic.runs.execute import LocalProcesses, Outcome
    from nnbasic.runs.sweep import Cell, Job


@click.command()
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
    nnbasic sweep --config relu --vary activation=sigmoid,tanh,relu --vary init=xavier,he --seeds 6
    """
    if config is None:
        raise click.UsageError("Give --config FILE; `nnbasic configs list` names some.")
    if dask is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine; a Dask cluster has its own workers.")
    from nnbasic.runs.learning_rates import FOLDER, choose_rates
    from nnbasic.runs.sweep import cells, outstanding

    found = cells(config, overrides, vary)
    hashes, notes = data_at_hand(found, data_dir)
    if notes:
        warn(f"MNIST could not be had, so these runs train on the built-in digits.\n{notes}")
        found = cells(config, [*overrides, "data.dataset=digits"], vary)
        hashes, _ = data_at_hand(found, data_dir)

    def carry_out(wanted: Sequence[Job], folder: Path, what: str) -> list[Outcome]:
        left = outstanding(wanted, folder, hashes)
        if len(left) < len(wanted):
            click.echo(f"{len(wanted) - len(left)} of {len(wanted)} {what} are there.", err=True)
        return shown(left, executor(folder, data_dir, jobs, dask), what) if left else []

    with interrupts():
        try:
            if lr_search:
                found = choose_rates(
                    found, runs_dir, lambda trials: carry_out(trials, runs_dir / FOLDER, "trials")
                )
                for cell in found:
                    click.echo(f"{cell.name}: {cell.note}", err=True)
            outcomes = carry_out(
                [job for cell in found for job in cell.jobs(seeds)], runs_dir, "runs"
            )
        except KeyboardInterrupt:
            click.echo("Interrupted; the same command goes on from here.", err=True)
            ctx.exit(130)
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if failed:
        click.echo(f"{failed} runs failed; the same command tries them again.", err=True)
        ctx.exit(1)
    click.echo("See what the choices did with `nnbasic compare`.", err=True)


def data_at_hand(found: Sequence[Cell], data_dir: Path | None) -> tuple[dict[str, str], str]:
    """The SHA-256 of each data set that is named, and why MNIST is replaced if it is.

    MNIST is fetched now if need be, rather than by every run.
    """
    from nnbasic import data
    from nnbasic.cli.data import download_bar

    hashes: dict[str, str] = {}
    note = ""
    for name in sorted({cell.config.data.dataset for cell in found}):
        with download_bar() as progress:
            dataset = data.load(name, validation=0, directory=data_dir, progress=progress)
        hashes[name] = dataset.sha256
        note = note or dataset.note or ""
    return hashes, note


def executor(
    folder: Path, data_dir: Path | None, jobs: int | None, dask: str | None
) -> LocalProcesses | DaskCluster:
    """Where the runs are carried out."""
    from nnbasic.runs.environment import cores
    from nnbasic.runs.execute import LocalProcesses

    if dask is None:
        return LocalProcesses(folder, data_dir, jobs or cores())
    from nnbasic.runs.cluster import DaskCluster

    return DaskCluster(folder, data_dir, dask)


def shown(jobs: Sequence[Job], where: LocalProcesses | DaskCluster, what: str) -> list[Outcome]:
    """Carry out ``jobs`` with one bar over all of them and a line as each ends."""
    from contextlib import closing

    from tqdm import tqdm

    ended = []
    with (
        closing(where.outcomes(jobs)) as outcomes,
        tqdm(total=len(jobs), desc=what, disable=None, dynamic_ncols=True) as bar,
    ):
        for outcome in outcomes:
            ended.append(outcome)
            outcome.annotate()
            best = "" if outcome.best is None else f", validation {100 * outcome.best:.2f} %"
            message = f": {outcome.message}" if outcome.message else ""
            with bar.external_write_mode():
                click.echo(f"{outcome.job.label}: {outcome.status}{best}{message}", err=True)
            bar.update()
    return ended
