"""`nnbasic compare`: runs side by side, the repetitions of one run in one row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnbasic.cli.options import FIGURES, complete_run, data_option, ends_in, runs_option


def figure_files(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, Path]]:
    """The kinds of figures and their files."""
    return [_figure_file(value) for value in values]


def _figure_file(value: str) -> tuple[str, Path]:
    """The kind of a figure and its file; no other name is taken, so that no file is lost."""
    from nnbasic.compare import figure_file

    kind, equals, name = value.partition("=")
    file = Path(name if equals else value)
    kind = kind if equals else file.stem
    if kind not in figure_file.KINDS:
        raise click.BadParameter(
            f"{value}: there is no figure {kind!r}. Name the file after one of"
            f" {', '.join(figure_file.KINDS)}, as curves.pdf, or say it, as curves=slide.pdf."
        )
    if file.suffix.lower() not in FIGURES:
        raise click.BadParameter(f"{file} must end in {' or '.join(FIGURES)}.")
    figure_file.check()
    return kind, file


@click.command()
@click.argument("selectors", nargs=-1, metavar="[RUN|PREFIX|TAG]...", shell_complete=complete_run)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only the runs that meet it, e.g. activation=relu (see runs list); may be repeated.",
)
@click.option(
    "--by",
    metavar="KEY,...",
    help="Name rows by these keys only, e.g. activation,init.  [default: all that differ]",
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
@click.option(
    "--figure",
    "figures",
    multiple=True,
    metavar="[KIND=]FILE",
    callback=figure_files,
    help="Write a figure instead of the table, as .pdf, .svg or .png: curves, map, effects, seeds,"
    " layers, histograms, rates or confusion, as FILE is named or KIND says; may be repeated.",
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
    nnbasic compare --where epochs=3 --by activation,init --format markdown
    nnbasic compare --report out.html
    nnbasic compare --figure curves.pdf
    nnbasic compare --figure effects=slide.png --figure map.png
    """
    from nnbasic.cli import comparing

    comparing.compare(**options)
