"""`nnbasic compare`: runs side by side, the repetitions of one run in one row."""

import re
from pathlib import Path
from typing import Any

import click

from nnbasic.cli import options
from nnbasic.cli.charts import curves, strips
from nnbasic.cli.loading import data_at_hand
from nnbasic.cli.sentences import sentence_lines
from nnbasic.cli.tables import Column, full_width, table
from nnbasic.cli.terminal import (
    GAP,
    Printable,
    err,
    indented,
    out,
    paragraph,
    print_file,
    print_json,
    styled,
    terminal_width,
    warn,
)
from nnbasic.compare import Comparisons, compare_all, figure_file, formats, report
from nnbasic.compare.tables import Block, Wanted, blocks
from nnbasic.training.collection import collect, of_sweep
from nnbasic.training.selection import select
from nnbasic.training.storage import RunError


class FigureFile(options.OutputFile):
    """The type of a figure's kind and file; no other name is taken, so that no file is lost."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        kind, file = value.split("=", 1) if "=" in value else (Path(value).stem, value)
        if kind not in figure_file.KINDS:
            self.fail(
                f"{value}: there is no figure {kind!r}. Name the file after one of"
                f" {', '.join(figure_file.KINDS)}, as curves.pdf, or say it, as curves=slide.pdf."
            )
        figure_file.check()
        return kind, super().convert(file, param, ctx)


@click.command()
@click.argument(
    "selectors", nargs=-1, metavar="[RUN|PREFIX|TAG]...", shell_complete=options.complete_run
)
@options.where
@click.option("--sweep", metavar="ID", help="Only the runs of this sweep; `latest` is the newest.")
@click.option(
    "--by",
    metavar="KEY,...",
    help="Group runs by these keys only, e.g. activation,init.  [default: all that differ]",
)
@click.option(
    "--threshold",
    type=options.Share(),
    default=0.97,
    help="Time how long runs take to reach this validation accuracy.",
)
@click.option("--details", is_flag=True, help="Also show speed and layer diagnostics.")
@click.option("--p-values", is_flag=True, help="Also show the p of each difference.")
@click.option("--explain", is_flag=True, help="Also say what the figures mean.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "latex", "csv", "json"]),
    default="table",
    help="How to print the comparison; csv and json have all figures.",
)
@click.option(
    "--report",
    "report_file",
    type=options.OutputFile(".html", ".htm"),
    help="Also write everything, with figures, into one HTML file.",
)
@click.option("--title", metavar="TEXT", help="The heading of the report.  [default: what differs]")
@click.option(
    "--figure",
    "figures",
    multiple=True,
    metavar="[KIND=]FILE",
    type=FigureFile(*options.FIGURES),
    help="Write a figure instead of the table, as .pdf, .svg or .png: curves, map, effects, seeds,"
    " layers, histograms, rates or confusion, as FILE is named or KIND says; may be repeated.",
)
@options.json
@options.force
@options.runs
@options.data
def compare(
    selectors: tuple[str, ...],
    where: tuple[str, ...],
    sweep: str | None,
    by: str | None,
    threshold: float,
    details: bool,
    p_values: bool,
    explain: bool,
    form: str,
    report_file: Path | None,
    title: str | None,
    figures: tuple[tuple[str, Path], ...],
    as_json: bool,
    force: bool,
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Compare runs, the repetitions of each in one row.

    Repetitions are runs that differ only in the seed.

    Give ids, beginnings of ids, names, tags or directories.  [default: all runs]

    \b
    nnbasic compare
    nnbasic compare relu tanh --threshold 0.95
    nnbasic compare --sweep latest
    nnbasic compare --where epochs=3 --by activation,init --format markdown
    nnbasic compare --report out.html
    nnbasic compare --figure curves.pdf
    nnbasic compare --figure effects=slide.png --figure map.png
    """
    if report_file is not None:
        report.check()
    elif title:
        raise click.UsageError("--title is the heading of a report; add --report FILE.")
    data, problems = collect(runs_dir, selectors, whole=True)
    if sweep is not None:
        data = of_sweep(data, sweep)
    if where and not (data := select(read := data, where)):
        raise RunError(f"none of the {len(read)} runs matches")
    keys = None if by is None else [key.strip() for key in by.split(",")]
    comparisons = compare_all(data, by=keys, threshold=threshold, problems=problems)
    wanted = Wanted(p_values, details, explain)
    if as_json or form == "json":
        print_json(comparisons.to_dict())
    elif form == "csv":
        for warning in comparisons.first.warnings:
            warn(warning)
        print_file(formats.as_csv(comparisons))
    elif form == "markdown":
        print_file(formats.markdown(comparisons, wanted))
    elif form == "latex":
        print_file(formats.latex(comparisons, wanted))
    elif not figures:
        out(*in_terminal(comparisons, wanted, terminal_width()))
    if report_file is not None:
        dataset = data_at_hand(comparisons.first.rows[0].runs[0].record, data_dir)
        report.write(comparisons, report_file, dataset=dataset, title=title or "")
        err(f"The report is in {report_file}")
    for kind, file in figures:
        figure_file.write(comparisons.first, kind, file)
        err(f"The figure is in {file}")


def in_terminal(comparisons: Comparisons, wanted: Wanted, room: int) -> list[str]:
    """The blocks of ``comparisons`` in lines of ``room`` columns, a blank line between them."""
    lines: list[str] = []
    for block in blocks(comparisons, wanted):
        lines += ["", *_lines(block, room, more=not wanted.explain)]
    return lines[1:]


def _lines(block: Block, room: int, *, more: bool) -> list[Printable]:
    """``more``: whether a legend tells where there is more of it."""
    title = [styled(line, bold=True) for line in paragraph(block.title, room)]
    if block.lines:
        inner = GAP if title else ""
        for sentence in block.lines:
            title += indented(sentence_lines(sentence, room - len(inner)), inner)
        return title
    if block.curves:
        return title + curves(block.head[1:], block.curves, room)
    lines = title + aligned(block, room)
    if block.legend:
        lines += paragraph(block.legend + "; more: --explain" * more, room)
    return lines


def aligned(block: Block, room: int) -> list[Printable]:
    """The lines of a table; too wide, its rows stand below their names, sentences below those."""
    columns = [
        Column(head, column, no_wrap=False, justify="left" if place < block.names else "right")
        for place, (head, *column) in enumerate(zip(block.head, *block.rows, strict=True))
    ]
    left = room - full_width(columns)
    if left >= 0:
        drawn = strips(block.differences, len(block.rows), left - len(GAP))
        return table([*columns, *drawn], room)
    inner = room - len(GAP)
    figures = [column for column in columns[block.names :] if column.full_width <= inner // 2]
    reasons = [column for column in columns[block.names :] if column not in figures]
    left = inner - full_width(figures)
    drawn = strips(block.differences, len(block.rows), left - len(GAP))
    lines = indented(table([*figures, *drawn], inner))
    head, below = lines[: -len(block.rows)], lines[-len(block.rows) :]
    for number, (row, line) in enumerate(zip(block.rows, below, strict=True)):
        named = zip(block.head[: block.names], row, strict=False)
        label = " ".join(
            cell if re.match(r"\w+=", cell) else f"{head}={cell}" for head, cell in named if cell
        )
        head += [*paragraph(label, room, GAP), line]
        for column in reasons:
            text = f"{column.head}: {column.cells[number]}"
            head += indented(paragraph(text, inner - len(GAP), GAP), 2 * GAP)
    return head
