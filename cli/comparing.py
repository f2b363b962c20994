"""What `nnbasic compare` does: runs are compared, and the comparison is printed or written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnbasic.cli.loading import data_at_hand
from nnbasic.cli.sentences import sentence_lines
from nnbasic.cli.strips import curves, strips
from nnbasic.cli.tables import GAP, Column, indented, natural_width, paragraph, table
from nnbasic.cli.terminal import (
    Printable,
    err,
    lines_of,
    out,
    print_json,
    styled,
    terminal_width,
    warn,
)
from nnbasic.compare import Comparisons, compare_all, formats
from nnbasic.compare.tables import Block, Curves, Sentences, Table, Wanted, blocks
from nnbasic.training.collection import collect
from nnbasic.training.selection import select
from nnbasic.training.storage import RunError


def compare(
    selectors: tuple[str, ...],
    where: tuple[str, ...],
    by: str | None,
    threshold: float,
    details: bool,
    p_values: bool,
    explain: bool,
    form: str,
    report_file: Path | None,
    figures: Sequence[tuple[str, Path]],
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Print the comparison of the runs that ``selectors`` mean, and write its report if asked."""
    data, problems = collect(runs_dir, selectors, whole=True)
    if where and not (data := select(read := data, where)):
        raise RunError(f"none of the {len(read)} runs matches")
    keys = None if by is None else [key.strip() for key in by.split(",")]
    found = compare_all(data, by=keys, threshold=threshold, problems=problems)
    wanted = Wanted(p_values, details, explain)
    if form == "json":
        print_json(found.to_dict())
    elif form == "csv":
        for warning in found.first.warnings:
            warn(warning)
        out(*lines_of(formats.as_csv(found)))
    elif form == "markdown":
        out(*lines_of(formats.markdown(found, wanted)))
    elif form == "latex":
        out(*lines_of(formats.latex(found, wanted)))
    elif not figures:
        out(*in_terminal(found, wanted, terminal_width()))
    if report_file is not None:
        from nnbasic.compare import report  # needs an extra

        dataset = data_at_hand(found.first.rows[0].runs[0].record, data_dir)
        report.write(found, report_file, dataset=dataset)
        err(f"The report is in {report_file}")
    for kind, file in figures:
        from nnbasic.compare import figure_file  # needs an extra

        figure_file.write(found.first, kind, file)
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
    if isinstance(block, Curves):
        return title + curves(block.names, block.accuracies, room)
    if isinstance(block, Sentences):
        inner = GAP if title else ""
        for sentence in block.lines:
            title += indented(sentence_lines(sentence, room - len(inner)), inner)
        return title
    lines = title + aligned(block, room)
    if block.legend:
        lines += paragraph(block.legend + "; more: --explain" * more, room)
    return lines


def aligned(found: Table, room: int) -> list[Printable]:
    """The lines of a table; too wide, its rows stand below their names."""
    names = [Column(field.head, field.cells, wrap=True) for field in found.names]
    figures = [Column(field.head, field.cells, wrap=True, number=True) for field in found.figures]
    left = room - natural_width([*names, *figures])
    if left >= 0:
        return table([*names, *figures, *_strip(found, left - len(GAP))], room)
    inner = room - len(GAP)
    strip = _strip(found, inner - natural_width(figures) - len(GAP))
    lines = indented(table([*figures, *strip], inner))
    rows = len(found.figures[0].cells)
    head, below = lines[:-rows], lines[-rows:]
    for index, line in enumerate(below):
        named = [(field.head, field.cells[index]) for field in found.names]
        label = " ".join(f"{head}={cell}" for head, cell in named if cell)
        head += [*paragraph(label, room, GAP), line]
    return head


def _strip(found: Table, room: int) -> list[Column]:
    """A column that shows the differences of ranked rows, if there are several and room."""
    drawn = strips(found.differences, room) if len(found.differences) > 1 else None
    if drawn is None:
        return []
    head, lines = drawn
    rest = len(found.figures[0].cells) - len(lines)
    return [Column(head, [Printable(line) for line in lines] + [Printable("")] * rest)]
