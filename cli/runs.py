"""`nnbasic runs`: what has been trained, and keeping it in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import (
    FIGURES,
    complete_run,
    curve_option,
    ends_in,
    json_option,
    run_ids,
    runs_option,
)


def complete_discarded(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of runs in the trash that begin with ``incomplete``, newest first."""
    return run_ids((ctx.params.get("runs_dir") or Path("runs")) / ".trash", incomplete)


run_argument = click.argument("run", shell_complete=complete_run)
NEW_PATH = click.Path(path_type=Path)
runs_argument = click.argument(
    "names", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run
)


@click.group()
def runs() -> None:
    """List, show, tag, remove and export runs."""


@runs.command("list")
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only the runs that meet it, as in activation=relu; may be repeated.",
)
@click.option("--sort", metavar="KEY", help="Sort by it, accuracies from the highest down.")
@runs_option
@json_option
def list_runs(**options: Any) -> None:
    """List the runs, oldest first, with what differs among them.

    A KEY is one of the config (activation, optimizer.lr or lr) or of the result: val_accuracy
    (the best epoch's), test_accuracy, epoch, seconds, seed, dataset, status, name, tag. A
    CONDITION compares it by = != < <= > or >=. Accuracies are in percent.

    \b
    nnbasic runs list --where activation=relu --where 'val_accuracy>97'
    nnbasic runs list --where status!=finished --sort epoch
    """
    from nnbasic.cli import listing

    listing.list_runs(**options)


@runs.command()
@click.argument("run", required=False, shell_complete=complete_run)
@curve_option
@click.option(
    "--figure",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=ends_in(*FIGURES),
    help="Draw accuracy and loss by epoch into a .png, .svg or .pdf file.",
)
@runs_option
@json_option
def show(**options: Any) -> None:
    """Show all about RUN: an id, its beginning, a name or a directory.  [default: the newest run]

    A name that several runs share means the newest of them, and `latest` the newest of all; so in
    all commands that take a RUN, but for rm and restore.
    """
    from nnbasic.cli import showing

    showing.show(**options)


@runs.command()
@click.argument("a", metavar="[RUN]", required=False, shell_complete=complete_run)
@click.argument("b", metavar="[RUN]", required=False, shell_complete=complete_run)
@runs_option
def diff(**options: Any) -> None:
    """Show only what differs between two runs.

    Compares their configs, environments and results. With one RUN, it is compared with the newest;
    with none, the two newest are compared.
    """
    from nnbasic.cli import showing

    showing.diff(**options)


@runs.command()
@run_argument
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Remove the words instead.")
@runs_option
def tag(**options: Any) -> None:
    """Put one-word tags on RUN, by which list and compare can pick it."""
    from nnbasic.cli import curating

    curating.tag(**options)


@runs.command()
@run_argument
@click.argument("name")
@runs_option
def rename(**options: Any) -> None:
    """Give RUN another name. Its id, which is its directory's name, stays."""
    from nnbasic.cli import curating

    curating.rename(**options)


@runs.command()
@run_argument
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Put it in the place of all notes that are there.")
@runs_option
def note(**options: Any) -> None:
    """Add a line to the notes of RUN, which show prints.

    \b
    nnbasic runs note latest the loss still falls: try more epochs
    """
    from nnbasic.cli import curating

    curating.note(**options)


@runs.command()
@runs_argument
@click.option("--purge", is_flag=True, help="Delete them for good, also from the trash.")
@runs_option
def rm(**options: Any) -> None:
    """Move runs to the trash.

    It is runs/.trash; `nnbasic runs restore` brings them back from there.
    """
    from nnbasic.cli import curating

    curating.rm(**options)


@runs.command()
@click.argument(
    "names", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_discarded
)
@runs_option
def restore(**options: Any) -> None:
    """Bring runs back from the trash.

    `nnbasic runs list --runs runs/.trash` lists what is there.
    """
    from nnbasic.cli import curating

    curating.restore(**options)


@runs.command()
@runs_argument
@click.option("--csv", "csv_file", metavar="FILE", type=NEW_PATH, help="Write one row per epoch.")
@click.option(
    "--tensorboard", "event_folder", metavar="DIR", type=NEW_PATH, help="Write event files."
)
@runs_option
def export(**options: Any) -> None:
    """Write the metrics of runs for a spreadsheet or for TensorBoard.

    RUN is as for compare: an id, the beginning of ids, a name, a tag or a directory. Existing
    files are not overwritten. `nnbasic export` writes a trained network.

    \b
    nnbasic runs export baseline --csv metrics.csv
    nnbasic runs export 2026 --tensorboard events && tensorboard --logdir events
    """
    from nnbasic.cli import curating

    curating.export(**options)
