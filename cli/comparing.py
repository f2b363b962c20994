"""What `nnbasic compare` does: runs are compared, and the comparison is printed or written."""

from __future__ import annotations

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
from nnbasic.compare import comparison as comparisons
from nnbasic.compare import formats
from nnbasic.compare.blocks import Block, Curves, Sentences, Table, Wanted, blocks
from nnbasic.compare.comparison import Comparison
from nnbasic.training.collection import collect


def compare(
    selectors: tuple[str, ...],
    by: str | None,
    threshold: float,
    details: bool,
    p_values: bool,
    explain: bool,
    form: str,
    report_file: Path | None,
    figure: tuple[str, Path] | None,
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Print the comparison of the runs that ``selectors`` mean, and write its report if asked."""
    data, problems = collect(runs_dir, selectors, whole=True)
    keys = None if by is None else [key.strip() for key in by.split(",")]
    comparison = comparisons.compare(data, by=keys, threshold=threshold, problems=problems)
    wanted = Wanted(p_values, details, explain)
    if form == "json":
        print_json(comparison.to_dict())
    elif form == "csv":
        for warning in comparison.warnings:
            warn(warning)
        out(*lines_of(formats.as_csv(comparison)))
    elif form == "markdown":
        out(*lines_of(formats.markdown(comparison, wanted)))
    elif form == "latex":
        out(*lines_of(formats.latex(comparison, wanted)))
    else:
        out(*in_terminal(comparison, wanted, terminal_width()))
    if report_file is not None:
        from nnbasic.compare import report  # needs an extra

        dataset = data_at_hand(comparison.groups[0].runs[0].record, data_dir)
        report.write(comparison, report_file, dataset=dataset)
        err(f"The report is in {report_file}")
    if figure is not None:
        from nnbasic.compare import figure_file  # needs an extra

        figure_file.write(comparison, *figure)
        err(f"The figure is in {figure[1]}")


def in_terminal(comparison: Comparison, wanted: Wanted, room: int) -> list[str]:
    """The blocks of ``comparison`` in lines of ``room`` columns, a blank line between them."""
    found: list[str] = []
    for block in blocks(comparison, wanted):
        found += ["", *_lines(block, room, more=not wanted.explain)]
    return found[1:]


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
    """A column that shows the differences of ranked groups, if there are several and room."""
    groups = found.groups
    drawn = strips([group.difference for group in groups], room) if len(groups) > 1 else None
    if drawn is None:
        return []
    head, lines = drawn
    cells = [
        styled(line, fg="green" if group.may_be_best else None)
        for line, group in zip(lines, groups, strict=True)
    ]
    return [Column(head, cells)]
