"""A comparison as sentences and tables: what a terminal, Markdown, LaTeX and the report show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from nnbasic.compare.cells import (
    NONE,
    accuracy,
    counted,
    difference,
    epochs,
    group,
    p_value,
    percentage,
    reached,
    seconds,
    spread,
)
from nnbasic.compare.comparison import Comparison, Comparisons
from nnbasic.compare.factors import Effects, Level
from nnbasic.compare.runs import headings, shown
from nnbasic.compare.significance import Contrast
from nnbasic.compare.standing import RANKED, Row
from nnbasic.compare.verdict import percent

WARNING = "Warning:"
SEARCHED = "With a learning rate searched for each row:"
GIVEN = "With the given learning rates:"
GAINED = "Gain from the learning rate search, in points:"
CURVES = "Validation accuracy by epoch:"

DIFFERENCE = "difference (95 %)"

TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of all that is the same."""


class Wanted(NamedTuple):
    """What is asked for beyond the answer."""

    p_values: bool = False
    details: bool = False
    explain: bool = False


class Sentences(NamedTuple):
    """Sentences under a title, if it has one; some end in a command between backticks."""

    title: str
    lines: tuple[str, ...]


class Column(NamedTuple):
    """A heading, of one line or several, and the cells below it."""

    head: str
    cells: tuple[str, ...]


class Table(NamedTuple):
    """Rows that have ``names``, and ``figures`` about each; ``legend`` is one line below them.

    ``differences``, if given, are those of the rows, to be drawn beside them.
    """

    title: str
    names: tuple[Column, ...]
    figures: tuple[Column, ...]
    legend: str = ""
    differences: tuple[Contrast | None, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*self.names, *self.figures)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of each row."""
        return list(zip(*(column.cells for column in self.columns), strict=True))


class Curves(NamedTuple):
    """Validation accuracies by epoch, from the first one on, and whose they are."""

    title: str
    names: tuple[str, ...]
    accuracies: tuple[tuple[float | None, ...], ...]

    def table(self) -> Table:
        """The same in figures."""
        every = range(max(map(len, self.accuracies)))
        columns = [
            Column(name, tuple(percentage(dict(enumerate(own)).get(epoch)) for epoch in every))
            for name, own in zip(self.names, self.accuracies, strict=True)
        ]
        epoch = Column("epoch", tuple(str(epoch + 1) for epoch in every))
        return Table(self.title, (), (epoch, *columns))


Block = Sentences | Table | Curves


def blocks(comparisons: Comparisons, wanted: Wanted) -> Iterator[Block]:
    """All that is to be shown of ``comparisons``, in order; none of it is empty."""
    titles = ["", GIVEN] if comparisons.second is None else [SEARCHED, GIVEN]
    for title, each in zip(titles, comparisons.parts, strict=False):
        yield from filter(_has_content, _part(each, title, wanted))
    if comparisons.gains:
        yield gains(comparisons)
    if wanted.explain:
        yield reading(comparisons)


def reading(comparisons: Comparisons) -> Sentences:
    """How the figures are to be read; what is said of both comparisons is said once."""
    lines = [
        line
        for each in comparisons.parts
        for line in (*(f"{part}." for part in opening(each)[2:]), *each.notes)
    ]
    title = "How to read this (docs/statistics.md has all of it):"
    return Sentences(title, tuple(dict.fromkeys(lines)))


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows there are, what is the same and what differs, a line each."""
    same, seeds = comparison.same, set[object]()
    runs, rows = sum(len(row.runs) for row in comparison.rows), len(comparison.rows)
    for row in comparison.rows:
        seeds |= {run.flat.get("seed") for run in row.runs}
    telling = ", ".join(f"{key} {shown(same[key])}" for key in TELLING if key in same)
    them = "it" if len(comparison.differs) == 1 else "them"
    implied = f"; with {them} {', '.join(comparison.implied)}" if comparison.implied else ""
    nothing = "the seed only" if len(seeds) > 1 else "nothing"
    differs = ", ".join(comparison.differs) + implied if comparison.differs else nothing
    return [
        f"{runs} run{'s' * (runs != 1)} in {rows} row{'s' * (rows != 1)}",
        f"The same in all: {telling}",
        *([f"Differs: {differs}"] if runs > 1 else []),
    ]


def rows(comparison: Comparison, wanted: Wanted) -> Iterator[Table]:
    """The comparable rows, and the others."""
    comparable = comparison.comparable
    others = [row for row in comparison.rows if not row.comparable]
    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("n", counted),
        ("accuracy %", accuracy),
        (DIFFERENCE, lambda row: difference(row.difference)),
        ("p", lambda row: p_value(row.difference and row.difference.p)),
        ("group", group),
    ]
    if comparable:
        chosen = [each for each in columns if wanted.p_values or each[0] != "p"]
        ranked = tuple(row.difference for row in comparable if row.state == RANKED)
        table = _table(comparable, chosen)
        yield table._replace(legend=_legend(comparable), differences=ranked)
    if others:
        last = "not comparable", lambda row: row.reason
        yield _table(others, [*columns[:2], last])


def course(comparison: Comparison, *, test: bool = False) -> Table:
    """Speed and layer diagnostics of each row; with its ``test`` accuracy if asked for."""

    def share(value: float | None) -> str:
        return NONE if value is None else f"{100 * value:.1f}"

    goal = f"{100 * comparison.threshold:g} %"
    measured = {id(row): row.measures for row in comparison.rows if row.measures}
    every: list[tuple[str, Callable[[Row], str]]] = [
        ("test\naccuracy %", lambda row: spread(measured[id(row)].test_accuracy)),
        (f"epochs\nto {goal}", lambda row: epochs(measured[id(row)].epochs_to_threshold)),
        (
            f"seconds\nto {goal}",
            lambda row: reached(measured[id(row)].seconds_to_threshold, seconds),
        ),
        ("seconds\nan epoch", lambda row: seconds(measured[id(row)].seconds_per_epoch)),
        ("dead\nunits %", lambda row: share(measured[id(row)].dead_units)),
        ("saturated\nunits %", lambda row: share(measured[id(row)].saturated_units)),
        (
            "gradient\nratio",
            lambda row: NONE if (r := measured[id(row)].gradient_ratio) is None else f"{r:.2g}",
        ),
    ]
    return _table(comparison.rows, every[not test :])


def choices(comparison: Comparison, wanted: Wanted) -> Iterator[Table | Sentences]:
    """The effect of each choice, where there are several, and at each value of another."""
    found = comparison.effects
    if found is None or len(found.factors) < 2:
        return
    yield _levels(found, wanted)
    if wanted.p_values and found.seeds is not None:
        parts = [f"{each.key} {p_value(each.p)}" for each in found.factors]
        both = [f"{' and '.join(each.keys)} {p_value(each.p)}" for each in found.interactions]
        yield Sentences(
            "", (f"p of no effect: {', '.join(parts)}; of no interaction: {', '.join(both)}.",)
        )
    for each in found.interactions:
        if each.significant:
            what, on = each.keys
            yield Sentences(
                f"Effect of the {what} at each {on}, and the other way round:",
                tuple(
                    f"{' '.join(*one.at.items())}: {_in_words(one.levels)}" for one in each.simple
                ),
            )


def gains(comparisons: Comparisons) -> Table:
    """What a searched rate did for each row that is in both comparisons."""
    found = comparisons.gains
    return Table(
        GAINED,
        (Column("row", tuple(gain.row for gain in found)),),
        (
            Column("rate given", tuple(shown(gain.given) for gain in found)),
            Column("searched", tuple(shown(gain.searched) for gain in found)),
            Column("gain (95 %)", tuple(difference(gain.difference) for gain in found)),
        ),
    )


def _part(comparison: Comparison, title: str, wanted: Wanted) -> Iterator[Block]:
    yield Sentences(title, comparison.verdict)
    yield Sentences("", tuple(f"{WARNING} {each}" for each in comparison.warnings))
    if comparison.curves:
        yield _curves(comparison)
    if not comparison.curves or wanted.details:
        yield Sentences("", (". ".join(opening(comparison)[:2]) + ".",))
        yield from rows(comparison, wanted)
        yield from choices(comparison, wanted)
        if wanted.details:
            yield course(comparison)
        yield Sentences("Next steps:", comparison.next_steps)


def _has_content(block: Block) -> bool:
    if isinstance(block, Sentences):
        return bool(block.lines)
    return isinstance(block, Curves) or bool(block.figures)


def _curves(comparison: Comparison) -> Curves:
    of_run = {run.run.id: (row, run) for row in comparison.rows for run in row.runs}
    names = [of_run[curve.run][0].name for curve in comparison.curves]
    if len(set(names)) < len(names):
        seeds = [of_run[curve.run][1].flat.get("seed") for curve in comparison.curves]
        names = [f"seed {shown(seed)}" for seed in seeds]
    return Curves(CURVES, tuple(names), tuple(curve.val_accuracy for curve in comparison.curves))


def _table(rows: Sequence[Row], columns: Sequence[tuple[str, Callable[[Row], str]]]) -> Table:
    """A table of ``rows``, without the columns that have no figure for any of them."""
    factors = headings(dict.fromkeys(factor for row in rows for factor in row.parts))
    names = [
        Column(head, tuple(row.parts.get(factor, "") for row in rows))
        for factor, head in factors.items()
    ]
    figures = [_column(head, map(cell, rows)) for head, cell in columns]
    return Table(
        "",
        tuple(column for column in names if any(column.cells)),
        tuple(column for column in figures if set(column.cells) - {NONE, ""}),
    )


def _column(head: str, cells: Iterable[str]) -> Column:
    """A column; one of differences without intervals is headed so."""
    own = tuple(cells)
    bare = head == DIFFERENCE and not any("(" in cell for cell in own)
    return Column(head.partition(" (")[0] if bare else head, own)


def _legend(rows: Sequence[Row]) -> str:
    parts = {
        "± SD over n seeds": any(row.val_accuracy.sd is not None for row in rows),
        "same group: no significant difference": any(row.letters for row in rows),
        "failed: collapsed or diverged": any(row.failed for row in rows),
    }
    return "; ".join(part for part, said in parts.items() if said)


def _levels(found: Effects, wanted: Wanted) -> Table:
    """A row for each level, the best of its factor first."""
    each = [(factor, level) for factor in found.factors for level in factor.levels]
    firsts = [factor if level is factor.levels[0] else None for factor, level in each]
    shares = ["" if f is None or f.share is None else percent(f.share) for f in firsts]
    columns = {
        "share": shares,
        "mean %": [f"{100 * level.mean:.2f}" for _, level in each],
        DIFFERENCE: [difference(level.difference) for _, level in each],
        "p": [p_value(level.difference and level.difference.p) for _, level in each],
        "group": [level.letters or NONE for _, level in each],
    }
    gone = ", ".join(found.left_out)
    return Table(
        f"Effect of each choice, averaged over the others{f' (without {gone})' if gone else ''}:",
        (
            Column("choice", tuple("" if factor is None else factor.key for factor in firsts)),
            Column("value", tuple(level.value for _, level in each)),
        ),
        tuple(
            _column(head, cells)
            for head, cells in columns.items()
            if set(cells) - {"", NONE} and (head != "p" or wanted.p_values)
        ),
        "share: of the variance between these runs" if any(shares) else "",
    )


def _in_words(levels: Sequence[Level]) -> str:
    """The levels of a factor, best first: ``relu 98.41 a, elu 98.19 b``."""
    return ", ".join(
        " ".join(filter(None, (level.value, f"{100 * level.mean:.2f}", level.letters)))
        for level in levels
    )
