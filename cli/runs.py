"""`nnbasic runs`: what has been trained, and keeping it in order."""

from __future__ import annotations

from pathlib import Path

import click

from nnbasic.cli.options import json_option, print_json, runs_option, warn


@click.group()
def runs() -> None:
    """List, show, tag, remove and export runs."""


@runs.command("list")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only the runs for which it holds, as in activation=relu; may be given again.",
)
@click.option("--sort", metavar="KEY", help="Order by it; accuracies from the highest down.")
@runs_option
@json_option
def list_runs(where: tuple[str, ...], sort: str | None, runs_dir: Path, as_json: bool) -> None:
    """List the runs, oldest first, with what differs among them.

    A KEY is one of the config (activation, optimizer.lr or lr) or of the result: val_accuracy
    (the best epoch's), test_accuracy, epoch, seconds, seed, dataset, status, name, tag. A
    CONDITION compares it by = != < <= > or >=.

    \b
    nnbasic runs list --where activation=relu --where 'val_accuracy>0.97'
    nnbasic runs list --where status!=finished --sort epoch
    """
    from nnbasic.cli import listing
    from nnbasic.cli.tables import show, terminal_width
    from nnbasic.runs.collect import collect
    from nnbasic.runs.filters import select
    from nnbasic.runs.locate import all_runs

    found, problems = collect(runs_dir)
    for problem in problems:
        warn(problem)
    chosen = select(found, where, sort)
    if as_json:
        print_json({"runs": [listing.summary(data) for data in chosen], "problems": problems})
    elif chosen:
        ids = [run.id for run in all_runs(runs_dir)]
        show(listing.listing(chosen, ids, terminal_width()))
    elif found:
        click.echo(f"None of the {len(found)} runs in {runs_dir} is meant.")
    else:
        click.echo(f"There is no run in {runs_dir} yet; start one: nnbasic train --config relu")
