"""What `nnbasic compare` does: runs are compared, and the comparison is printed or written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnbasic.cli import tables
from nnbasic.cli.tables import GAP, indented, paragraph
from nnbasic.cli.terminal import err, lines_of, out, print_json, terminal_width, warn
from nnbasic.compare import comparison as comparisons
from nnbasic.compare import text
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import Group
from nnbasic.data import DataError, Dataset, load, mnist
from nnbasic.runs.collection import RunData, collect


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
    data, problems = collect(runs_dir, selectors)
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

        dataset = data_at_hand(comparison.groups[0].runs[0], data_dir)
        report.write(comparison, report_file, dataset=dataset)
        err(f"The report is in {report_file}")


def in_terminal(comparison: Comparison, room: int) -> list[str]:
    """What is the same, what differs, warnings, tables, notes; a blank line between them."""
    blocks: list[Sequence[str]] = [
        [line for each in text.opening(comparison) for line in paragraph(each, room, GAP)],
        [line for each in comparison.warnings for line in paragraph(f"Warning: {each}", room, GAP)],
    ]
    for title, groups in text.parts(comparison):
        blocks.append([title] if title else [])
        keys = text.keys(comparison, groups)
        for figures in filter(None, (text.accuracies(groups), text.course(comparison, groups))):
            blocks.append(aligned(groups, keys, figures, room))
    blocks.append([line for each in comparison.notes for line in paragraph(each, room, GAP)])
    return [line for block in filter(None, blocks) for line in ["", *block]][1:]


def aligned(
    groups: Sequence[Group],
    keys: Sequence[text.Column],
    figures: Sequence[text.Column],
    room: int,
) -> list[str]:
    """A table of ``keys`` and ``figures``; too wide, its rows stand below their groups' labels."""

    def columns(found: Sequence[text.Column]) -> list[tables.Column]:
        return [tables.Column(each.heading, each.cells, number=each.number) for each in found]

    whole = columns([*keys, *figures])
    if tables.natural_width(whole) <= room:
        return list(tables.table(whole, room))
    head, *rows = indented(tables.table(columns(figures), room - len(GAP)))
    lines: list[str] = [head]
    for group, row in zip(groups, rows, strict=True):
        lines += [*paragraph(group.label, room, GAP), row]
    return lines


def data_at_hand(run: RunData, data_dir: Path | None) -> Dataset | str:
    """What ``run`` was trained on if it need not be fetched; otherwise why it is not here."""
    name = run.record.dataset
    try:
        if name == "mnist" and mnist.find(data_dir) is None:
            return "MNIST is not on this machine; `nnbasic data fetch` gets it"
        return load(name, validation=0, directory=data_dir)
    except DataError as error:
        return str(error)
