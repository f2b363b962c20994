"""What `nnbasic runs tag`, `rename`, `note`, `rm`, `restore` and `export` do."""

from __future__ import annotations

from pathlib import Path

import click

from nnbasic.cli.finding import distinct, find_one, read_all
from nnbasic.cli.tables import indented
from nnbasic.cli.terminal import lines_of, out, printable, warn
from nnbasic.training import curation, metrics_export
from nnbasic.training.collection import find
from nnbasic.training.storage import RunError


def tag(run: str, words: tuple[str, ...], remove: bool, runs_dir: Path) -> None:
    """Add ``words`` to the tags of ``run``, or remove them."""
    chosen = find_one(run, runs_dir)
    tags = curation.tag(chosen, words, remove=remove).tags
    out(f"{chosen.id}: {' '.join(tags) or 'no tags'}")


def rename(run: str, name: str, runs_dir: Path) -> None:
    """Give ``run`` another name."""
    chosen = find_one(run, runs_dir)
    out(f"{chosen.id}: {curation.rename(chosen, name).name}")


def note(run: str, words: tuple[str, ...], replace: bool, runs_dir: Path) -> None:
    """Add ``words`` to the notes of ``run`` as a line, or put them in the place of the notes."""
    chosen = find_one(run, runs_dir)
    notes = curation.note(chosen, " ".join(words), replace=replace).notes
    out(f"{chosen.id}:", *indented(map(printable, lines_of(notes or "no notes"))))


def rm(names: tuple[str, ...], purge: bool, runs_dir: Path) -> None:
    """Move runs to the trash, or delete them, also from there."""
    folders = [runs_dir, runs_dir / curation.TRASH] if purge else [runs_dir]
    chosen = distinct(find(name, *folders) for name in names)
    (curation.purge if purge else curation.discard)(chosen)
    out(*(f"{run.id}: {'deleted' if purge else 'moved to the trash'}" for run in chosen))


def restore(names: tuple[str, ...], runs_dir: Path) -> None:
    """Bring runs back from the trash."""
    chosen = distinct(find(name, runs_dir / curation.TRASH) for name in names)
    curation.restore(chosen)
    out(*(f"{run.id}: back in {runs_dir}" for run in chosen))


def export(
    names: tuple[str, ...], csv_file: Path | None, event_folder: Path | None, runs_dir: Path
) -> None:
    """Write the metrics of runs to a CSV file, to event files of TensorBoard, or to both."""
    if csv_file is None and event_folder is None:
        raise click.UsageError("Give --csv FILE, or --tensorboard DIR, or both.")
    data, _ = read_all(runs_dir, names, whole=True)
    if not data:
        raise RunError("none of these runs can be read")
    count = f"{len(data)} run{'s' * (len(data) != 1)}"
    if csv_file is not None:
        rows, runs = metrics_export.write_csv(data, csv_file)
        out(f"{csv_file}: {rows} epochs of {runs} run{'s' * (runs != 1)}")
    if event_folder is not None:
        for problem in metrics_export.write_tensorboard(data, event_folder):
            warn(problem)
        look = f"look at them with: tensorboard --logdir {event_folder}"
        out(f"{event_folder}: {count}; {look}")
