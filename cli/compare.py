"""`nnbasic compare`: runs side by side, the repetitions of one run in one row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnbasic.cli.options import complete_run, data_option, ends_in, runs_option


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
    help="Time how long runs take to reach this validation accuracy.",
)
@click.option(
    "--details", is_flag=True, help="Also show how fast and how healthily the rows learned."
)
@click.option("--p-values", is_flag=True, help="Also show the p of each difference.")
@click.option("--explain", is_flag=True, help="Also say what the figures mean.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "latex", "csv", "json"]),
    default="table",
    show_default=True,
    help="How to print the comparison; csv and json have all figures.",
)
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=ends_in(".html", ".htm"),
    help="Also write everything, with figures, into one HTML file.",
)
@runs_option
@data_option
def compare(**options: Any) -> None:
    """Compare runs, the repetitions of each in one row.

    Repetitions are runs that differ only in the seed.

    Give ids, beginnings of ids, names, tags or directories.  [default: all runs]

    \b
    nnbasic compare
    nnbasic compare relu tanh --threshold 0.95
    nnbasic compare --by activation,init --format markdown
    nnbasic compare --report out.html
    """
    from nnbasic.cli import comparing

    comparing.compare(**options)
