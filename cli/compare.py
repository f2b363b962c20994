"""`nnbasic compare`: runs side by side, the repetitions of one run in one row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnbasic.cli.options import (
    complete_run,
    data_option,
    ends_in,
    print_json,
    runs_option,
    warn,
)

if TYPE_CHECKING:
    from nnbasic.data import Dataset
    from nnbasic.runs.collection import RunData


@click.command()
@click.argument("selectors", nargs=-1, metavar="[RUN|PREFIX|TAG]...", shell_complete=complete_run)
@click.option(
    "--by",
    metavar="KEY,...",
    help="Let these keys alone make the rows, as in activation,init.  [default: all that differ]",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.97,
    show_default=True,
    help="The validation accuracy whose reaching is timed.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the comparison.",
)
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=ends_in(".html", ".htm"),
    help="Write everything, with figures, into one HTML file, too.",
)
@runs_option
@data_option
def compare(
    selectors: tuple[str, ...],
    by: str | None,
    threshold: float,
    form: str,
    report_file: Path | None,
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Compare runs, the repetitions of each in one row.

    Repetitions are runs that differ only in the seed.

    Give ids, beginnings of ids, names, tags or directories.  [default: all runs]

    \b
    nnbasic compare
    nnbasic compare relu tanh --threshold 0.95
    nnbasic compare --by activation,init --format markdown
    nnbasic compare --report out.html
    """
    from nnbasic.cli.tables import show, terminal_width
    from nnbasic.compare import text
    from nnbasic.compare.comparison import compare as compared
    from nnbasic.runs.collection import collect

    data, problems = collect(runs_dir, selectors)
    keys = None if by is None else [key.strip() for key in by.split(",")]
    comparison = compared(data, by=keys, threshold=threshold, problems=problems)
    if form == "json":
        print_json(comparison.to_dict())
    elif form == "csv":
        for warning in comparison.warnings:
            warn(warning)
        click.echo(text.as_csv(comparison), nl=False)
    elif form == "markdown":
        show([text.markdown(comparison)])
    else:
        show([text.table(comparison, terminal_width())])
    if report_file is not None:
        from nnbasic.compare import report

        dataset = data_at_hand(comparison.groups[0].runs[0], data_dir)
        report.write(comparison, report_file, dataset=dataset)
        click.echo(f"The report is in {report_file}", err=True)


def data_at_hand(run: RunData, data_dir: Path | None) -> Dataset | str:
    """What ``run`` was trained on, if it need not be fetched; otherwise why it is not here."""
    from nnbasic.data import DataError, load, mnist

    name = run.record.dataset
    try:
        if name == "mnist" and mnist.find(data_dir) is None:
            return "MNIST is not on this machine; `nnbasic data fetch` gets it"
        return load(name, validation=0, directory=data_dir)
    except DataError as error:
        return str(error)
