"""`nnbasic runs tag`, `rename`, `note`, `rm`, `restore` and `export`: keeping runs in order."""

from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.finding import distinct, find_one, read_all
from nnbasic.cli.terminal import indented, lines_of, out, printable, warn
from nnbasic.training import curation, metrics_export
from nnbasic.training.collection import find
from nnbasic.training.storage import RunError

run_argument = click.argument("run", shell_complete=options.complete_run)

runs_argument = click.argument(
    "names", metavar="RUN...", nargs=-1, required=True, shell_complete=options.complete_run
)


@click.command()
@click.argument("runs", metavar="RUN[,RUN...]", shell_complete=options.complete_run)
@click.argument("words", metavar="WORD...", nargs=-1, required=True)
@click.option("--remove", is_flag=True, help="Remove the words instead.")
@options.runs
def tag(runs: str, words: tuple[str, ...], remove: bool, runs_dir: Path) -> None:
    """Tag a run, or several, so that list and compare can select them."""
    for chosen in [find_one(run, runs_dir) for run in runs.split(",")]:
        tags = curation.tag(chosen, words, remove=remove).tags
        out(f"{chosen.id}: {' '.join(tags) or 'no tags'}")


@click.command()
@run_argument
@click.argument("name")
@options.runs
def rename(run: str, name: str, runs_dir: Path) -> None:
    """Give RUN another name. Its id, which is its directory's name, stays."""
    chosen = find_one(run, runs_dir)
    out(f"{chosen.id}: {curation.rename(chosen, name).name}")


@click.command()
@run_argument
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Put it in the place of all notes that are there.")
@options.runs
def note(run: str, words: tuple[str, ...], replace: bool, runs_dir: Path) -> None:
    """Add a line to the notes of RUN, which show prints.

    \b
    nnbasic runs note latest the loss still falls: try more epochs
    """
    chosen = find_one(run, runs_dir)
    notes = curation.note(chosen, " ".join(words), replace=replace).notes
    out(f"{chosen.id}:", *indented(map(printable, lines_of(notes or "no notes"))))


@click.command()
@runs_argument
@click.option("--purge", is_flag=True, help="Delete them for good, also from the trash.")
@options.runs
def rm(names: tuple[str, ...], purge: bool, runs_dir: Path) -> None:
    """Move runs to the trash.

    It is runs/.trash; `nnbasic runs restore` brings them back from there.
    """
    folders = [runs_dir, runs_dir / curation.TRASH] if purge else [runs_dir]
    chosen = distinct(find(name, *folders) for name in names)
    (curation.purge if purge else curation.discard)(chosen)
    out(*(f"{run.id}: {'deleted' if purge else 'moved to the trash'}" for run in chosen))


@click.command()
@click.argument(
    "names",
    metavar="RUN...",
    nargs=-1,
    required=True,
    shell_complete=options.completer(lambda ctx: options.run_ids(ctx, curation.TRASH)),
)
@options.runs
def restore(names: tuple[str, ...], runs_dir: Path) -> None:
    """Bring runs back from the trash.

    `nnbasic runs list --runs runs/.trash` lists what is there.
    """
    chosen = distinct(find(name, runs_dir / curation.TRASH) for name in names)
    curation.restore(chosen)
    out(*(f"{run.id}: back in {runs_dir}" for run in chosen))


@click.command()
@runs_argument
@click.option("--csv", "csv_file", type=options.OutputFile(), help="Write one row per epoch.")
@click.option(
    "--tensorboard",
    "event_folder",
    metavar="DIR",
    type=options.HomePath(path_type=Path),
    help="Write event files.",
)
@options.force
@options.runs
def export(
    names: tuple[str, ...],
    csv_file: Path | None,
    event_folder: Path | None,
    force: bool,
    runs_dir: Path,
) -> None:
    """Write the metrics of runs for a spreadsheet or for TensorBoard.

    RUN is as for compare: an id, the beginning of ids, a name, a tag or a directory.
    `nnbasic export` writes a trained network.

    \b
    nnbasic runs export baseline --csv metrics.csv
    nnbasic runs export 2026 --tensorboard events && tensorboard --logdir events
    """
    if csv_file is None and event_folder is None:
        raise click.UsageError("Give --csv FILE, or --tensorboard DIR, or both.")
    data, _ = read_all(runs_dir, names, whole=True)
    if not data:
        raise RunError("none of these runs can be read")
    count = f"{len(data)} run{'s' * (len(data) != 1)}"
    if csv_file is not None:
        rows, runs = metrics_export.write_csv(data, csv_file, overwrite=force)
        out(f"{csv_file}: {rows} epochs of {runs} run{'s' * (runs != 1)}")
    if event_folder is not None:
        for problem in metrics_export.write_tensorboard(data, event_folder, overwrite=force):
            warn(problem)
        look = f"look at them with: tensorboard --logdir {event_folder}"
        out(f"{event_folder}: {count}; {look}")
