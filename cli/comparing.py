"""What `nnbasic compare` does: runs are compared, and the comparison is printed or written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nnbasic.cli.loading import data_at_hand
from nnbasic.cli.tables import GAP, Column, indented, natural_width, paragraph, table
from nnbasic.cli.terminal import Printable, err, lines_of, out, print_json, terminal_width, warn
from nnbasic.compare import comparison as comparisons
from nnbasic.compare import text
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import Group
from nnbasic.runs.collection import collect


def compare(
    selectors: tuple[str, ...],
    by: str | None,
    threshold: float,
    form: str,
    report_file: Path | None,
    runs_dir: Path,
    data_dir: Path | None,
) -> None:
    """Print the comparison of the runs that ``selectors`` mean, and write its report if asked."""
    data, problems = collect(runs_dir, selectors, whole=True)
    keys = None if by is None else [key.strip() for key in by.split(",")]
    comparison = comparisons.compare(data, by=keys, threshold=threshold, problems=problems)
    if form == "json":
        print_json(comparison.to_dict())
    elif form == "csv":
        for warning in comparison.warnings:
            warn(warning)
        out(*lines_of(text.as_csv(comparison)))
    elif form == "markdown":
        out(*lines_of(text.markdown(comparison)))
    else:
        out(*in_terminal(comparison, terminal_width()))
    if report_file is not None:
        from nnbasic.compare import report  # needs an extra

        dataset = data_at_hand(comparison.groups[0].runs[0].record, data_dir)
        report.write(comparison, report_file, dataset=dataset)
        err(f"The report is in {report_file}")


def in_terminal(comparison: Comparison, room: int) -> list[str]:
    """The verdict, what is the same, warnings, tables, notes; a blank line between them."""

    def wrapped(sentences: Iterable[str], room: int = room) -> list[Printable]:
        return [line for each in sentences for line in paragraph(each, room, GAP)]

    count, *terms = text.opening(comparison)
    blocks: list[Sequence[str]] = [
        wrapped([count]),
        wrapped(comparison.verdict),
        wrapped(terms),
        wrapped(f"Warning: {each}" for each in comparison.warnings),
    ]
    for title, groups in text.parts(comparison):
        blocks.append([title] if title else [])
        keys = text.keys(comparison, groups)
        for columns in (text.accuracies(), text.course(comparison)):
            if figures := text.telling(columns, groups):
                blocks.append(aligned(groups, keys, figures, room))
    if lines := text.effects(comparison):
        inner = wrapped(lines, room - len(GAP))
        blocks.append([*paragraph(text.EFFECTS, room, GAP), *indented(inner)])
    blocks += [wrapped(text.next_steps(comparison)), wrapped(comparison.notes)]
    if comparison.searched:
        blocks += [[text.SEARCHED], in_terminal(comparison.searched, room)]
    return [line for block in filter(None, blocks) for line in ["", *block]][1:]


def aligned(
    groups: Sequence[Group],
    keys: Sequence[text.Column],
    figures: Sequence[text.Column],
    room: int,
) -> list[str]:
    """A table of ``keys`` and ``figures``; too wide, its rows stand below their groups' labels."""

    def laid_out(columns: Sequence[text.Column], *, number: bool) -> list[Column]:
        return [Column(head, list(map(cell, groups)), number=number) for head, cell in columns]

    numbers = laid_out(figures, number=True)
    whole = laid_out(keys, number=False) + numbers
    if natural_width(whole) <= room:
        return list(table(whole, room))
    head, *rows = indented(table(numbers, room - len(GAP)))
    lines: list[str] = [head]
    for group, row in zip(groups, rows, strict=True):
        lines += [*paragraph(group.label, room, GAP), row]
    return lines
