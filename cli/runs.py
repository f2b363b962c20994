"""`nnbasic runs`: what has been trained, and keeping it in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import complete_run, json_option, print_json, run_ids, runs_option, warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nnbasic.runs import Run
    from nnbasic.runs.collection import RunData


def complete_discarded(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of runs in the trash that begin so, newest first."""
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
    from nnbasic.runs.collection import collect
    from nnbasic.runs.lookup import all_runs
    from nnbasic.runs.selection import select

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
        click.echo(f"None of the {len(found)} runs in {runs_dir} fits.")
    else:
        click.echo(f"There is no run in {runs_dir} yet; start one: nnbasic train --config relu")


@runs.command()
@run_argument
@runs_option
@json_option
def show(run: str, runs_dir: Path, as_json: bool) -> None:
    """Show all about RUN: an id, its beginning, a name or a directory."""
    from nnbasic.cli import showing, tables

    data = loaded(run, runs_dir)
    if as_json:
        print_json(showing.complete(data))
    else:
        tables.show(showing.showing(data, tables.terminal_width()))


@runs.command()
@click.argument("a", metavar="RUN", shell_complete=complete_run)
@click.argument("b", metavar="RUN", shell_complete=complete_run)
@runs_option
def diff(a: str, b: str, runs_dir: Path) -> None:
    """Show only what differs between two runs.

    Compares their configs, environments and results.
    """
    from nnbasic.cli import showing, tables

    pair = loaded(a, runs_dir), loaded(b, runs_dir)
    tables.show(showing.difference(*pair, tables.terminal_width()))


def found(names: Iterable[str], *folders: Path) -> list[Run]:
    """The runs that ``names`` mean, one each; one that is named twice is there once."""
    from nnbasic.runs.lookup import find

    chosen = (find(name, *folders) for name in names)
    return list({run.directory.resolve(): run for run in chosen}.values())


def loaded(text: str, runs_dir: Path) -> RunData:
    """The one run that ``text`` means, read; what of it is torn is warned of."""
    from nnbasic.runs.collection import read
    from nnbasic.runs.lookup import find

    data, problem = read(find(text, runs_dir))
    if problem:
        warn(problem)
    return data


@runs.command()
@run_argument
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Take the words off instead.")
@runs_option
def tag(run: str, words: tuple[str, ...], remove: bool, runs_dir: Path) -> None:
    """Put one-word tags on RUN, by which list and compare can pick it."""
    from nnbasic.configs import printable
    from nnbasic.runs import curation
    from nnbasic.runs.lookup import find

    chosen = find(run, runs_dir)
    tags = curation.tag(chosen, words, remove=remove).tags
    click.echo(printable(f"{chosen.id}: {' '.join(tags) or 'no tags'}"))


@runs.command()
@run_argument
@click.argument("name")
@runs_option
def rename(run: str, name: str, runs_dir: Path) -> None:
    """Give RUN another name. Its id, which is its directory's name, stays."""
    from nnbasic.configs import printable
    from nnbasic.runs import curation
    from nnbasic.runs.lookup import find

    chosen = find(run, runs_dir)
    click.echo(printable(f"{chosen.id}: {curation.rename(chosen, name).name}"))


@runs.command()
@runs_argument
@click.option("--purge", is_flag=True, help="Delete them for good, also from the trash.")
@runs_option
def rm(names: tuple[str, ...], purge: bool, runs_dir: Path) -> None:
    """Move runs to the trash.

    It is runs/.trash; `nnbasic runs restore` brings them back from there.
    """
    from nnbasic.configs import printable
    from nnbasic.runs import curation

    folders = [runs_dir, runs_dir / curation.TRASH] if purge else [runs_dir]
    chosen = found(names, *folders)
    (curation.purge if purge else curation.discard)(chosen)
    for run in chosen:
        click.echo(printable(f"{run.id}: {'deleted' if purge else 'moved to the trash'}"))


@runs.command()
@click.argument(
    "names", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_discarded
)
@runs_option
def restore(names: tuple[str, ...], runs_dir: Path) -> None:
    """Bring runs back from the trash.

    `nnbasic runs list --runs runs/.trash` lists what is there.
    """
    from nnbasic.configs import printable
    from nnbasic.runs import curation

    chosen = found(names, runs_dir / curation.TRASH)
    curation.restore(chosen)
    for run in chosen:
        click.echo(printable(f"{run.id}: back in {runs_dir}"))


@runs.command()
@runs_argument
@click.option("--csv", "table", metavar="FILE", type=NEW_PATH, help="Write one row an epoch.")
@click.option("--tensorboard", "folder", metavar="DIR", type=NEW_PATH, help="Write event files.")
@runs_option
def export(names: tuple[str, ...], table: Path | None, folder: Path | None, runs_dir: Path) -> None:
    """Write the metrics of runs for a spreadsheet or for TensorBoard.

    RUN is as for compare: an id, the beginning of ids, a name, a tag or a directory. What is
    there already is not overwritten.

    \b
    nnbasic runs export baseline --csv metrics.csv
    nnbasic runs export 2026 --tensorboard events && tensorboard --logdir events
    """
    if table is None and folder is None:
        raise click.UsageError("Give --csv FILE, or --tensorboard DIR, or both.")
    from nnbasic.runs import RunError
    from nnbasic.runs import metrics_export as to
    from nnbasic.runs.collection import collect

    data, problems = collect(runs_dir, names)
    for problem in problems:
        warn(problem)
    if not data:
        raise RunError("none of these runs can be read")
    count = f"{len(data)} run{'s' * (len(data) != 1)}"
    if table is not None:
        rows = to.write_csv(data, table)
        click.echo(f"{table}: {rows} epochs of {count}")
    if folder is not None:
        to.write_tensorboard(data, folder)
        click.echo(f"{folder}: {count}; look at them with: tensorboard --logdir {folder}")
