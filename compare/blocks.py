"""A comparison in blocks, the same for a terminal, Markdown and LaTeX: sentences and tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nnbasic.compare import text
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.crossing import name
from nnbasic.compare.factors import Effects, Factor
from nnbasic.compare.measures import Group
from nnbasic.compare.verdict import percent
from nnbasic.training.choices import headings, shown

WARNING = "Warning:"
FIXED = "With the learning rates that were given:"
SEARCHED = "With a learning rate that was searched for each row:"
CURVES = "Validation accuracy by epoch:"
GAINED = "What the search for a learning rate gained, in points:"


class Wanted(NamedTuple):
    """What is asked for beyond the answer."""

    p_values: bool = False
    details: bool = False
    explain: bool = False


class Sentences(NamedTuple):
    """Sentences under a title, if it has one; some end in a command between backticks."""

    title: str
    lines: tuple[str, ...]


class Field(NamedTuple):
    """A column: its heading, of one line or several, and its cells."""

    head: str
    cells: tuple[str, ...]


class Table(NamedTuple):
    """Rows that have ``names``, and ``figures`` about each; ``legend`` is one line below them.

    ``groups``, if given, are the ranked ones that the rows are of.
    """

    title: str
    names: tuple[Field, ...]
    figures: tuple[Field, ...]
    legend: str = ""
    groups: tuple[Group, ...] = ()

    @property
    def columns(self) -> tuple[Field, ...]:
        return (*self.names, *self.figures)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells of each row."""
        return list(zip(*(field.cells for field in self.columns), strict=True))


class Curves(NamedTuple):
    """Validation accuracies by epoch, from the first one on, and whose they are."""

    title: str
    names: tuple[str, ...]
    accuracies: tuple[tuple[float | None, ...], ...]

    def table(self) -> Table:
        """The same in figures."""
        epochs = range(max(map(len, self.accuracies)))
        columns = [
            Field(
                name,
                tuple(
                    text.NONE
                    if epoch >= len(found) or (share := found[epoch]) is None
                    else f"{100 * share:.2f}"
                    for epoch in epochs
                ),
            )
            for name, found in zip(self.names, self.accuracies, strict=True)
        ]
        epoch = Field("epoch", tuple(str(epoch + 1) for epoch in epochs))
        return Table(self.title, (), (epoch, *columns))


Block = Sentences | Table | Curves


def blocks(comparison: Comparison, wanted: Wanted) -> Iterator[Block]:
    """All that is to be told of ``comparison``, in order; none of it is empty."""
    for title, section in sections(comparison):
        yield from filter(_has_content, _section(section, title, wanted))
    yield from gains(comparison)
    if wanted.explain:
        yield reading(comparison)


def sections(comparison: Comparison) -> list[tuple[str, Comparison]]:
    """``comparison``; where some rates were searched and some not, these two under a title each."""
    if comparison.searched is None:
        return [("", comparison)]
    return [(FIXED, comparison), (SEARCHED, comparison.searched)]


def _section(comparison: Comparison, title: str, wanted: Wanted) -> Iterator[Block]:
    yield Sentences(title, comparison.verdict)
    yield Sentences("", tuple(f"{WARNING} {each}" for each in comparison.warnings))
    if comparison.curves:
        yield _curves(comparison)
    if not comparison.curves or wanted.details:
        yield Sentences("", (". ".join(text.opening(comparison)[:2]) + ".",))
        yield from rows(comparison, wanted)
        yield from choices(comparison, wanted)
        if wanted.details:
            yield course(comparison)
        yield next_steps(comparison)


def next_steps(comparison: Comparison) -> Sentences:
    """What to do next."""
    return Sentences("What to do next:", comparison.next_steps)


def reading(comparison: Comparison) -> Sentences:
    """How the figures are to be read; what is said of all sections is said once."""
    lines = [
        line
        for _, section in sections(comparison)
        for line in (*(f"{each}." for each in text.opening(section)[2:]), *section.notes)
    ]
    title = "How to read this (docs/statistics.md has all of it):"
    return Sentences(title, tuple(dict.fromkeys(lines)))


def _has_content(block: Block) -> bool:
    if isinstance(block, Sentences):
        return bool(block.lines)
    return isinstance(block, Curves) or bool(block.figures)


def _curves(comparison: Comparison) -> Curves:
    of_run = {run.run.id: (group, run) for group in comparison.groups for run in group.runs}
    names = [name(of_run[curve.run][0].key) for curve in comparison.curves]
    if len(set(names)) < len(names):
        seeds = [of_run[curve.run][1].flat.get("seed") for curve in comparison.curves]
        names = [f"seed {shown(seed)}" for seed in seeds]
    return Curves(CURVES, tuple(names), tuple(curve.val_accuracy for curve in comparison.curves))


def rows(comparison: Comparison, wanted: Wanted) -> Iterator[Table]:
    """The groups that are ranked, and the others."""
    ranked = tuple(group for group in comparison.groups if group.apart is None)
    apart = comparison.groups[len(ranked) :]
    if ranked:
        columns = text.accuracies(p_values=wanted.p_values)
        table = _table(comparison, ranked, columns)
        yield table._replace(groups=ranked, legend=_legend(ranked))
    if apart:
        yield _table(comparison, apart, text.outsiders())


def _legend(ranked: Sequence[Group]) -> str:
    spread = ["± SD over n seeds"] if ranked[0].measures.val_accuracy.sd is not None else []
    letters = ["same letter: not told apart", "*: may be best"] if ranked[0].letters else []
    return "; ".join([*spread, *letters])


def _table(
    comparison: Comparison, groups: Sequence[Group], columns: Sequence[text.Column]
) -> Table:
    def fields(columns: Sequence[text.Column]) -> tuple[Field, ...]:
        return tuple(_field(head, map(cell, groups)) for head, cell in columns)

    names = fields(text.keys(comparison, groups))
    return Table("", names, fields(text.telling(columns, groups)))


def _field(head: str, cells: Iterable[str]) -> Field:
    """A column; one of differences without intervals is headed so."""
    found = tuple(cells)
    bare = head == text.DIFFERENCE and not any("(" in cell for cell in found)
    return Field(head.partition(" (")[0] if bare else head, found)


def course(comparison: Comparison, *, test: bool = False) -> Table:
    """How fast and how healthily each row learned; with its ``test`` accuracy if asked for."""
    columns = [text.TEST] * test + text.course(comparison)
    return _table(comparison, comparison.groups, columns)


def choices(comparison: Comparison, wanted: Wanted) -> Iterator[Table | Sentences]:
    """What each choice does, where there are several, and what one does at each other."""
    found = comparison.effects
    if found is None or len(found.factors) < 2:
        return
    yield _levels(found.factors, wanted)
    if wanted.p_values and found.seeds is not None:
        yield Sentences("", (_tests(found),))
    for both in found.interactions:
        if both.significant:
            what, on = both.keys
            yield Sentences(
                f"What the {what} does at each {on}, and the other way round:",
                tuple(
                    f"{each.at} {each.value}: {text.levels(each.levels)}" for each in both.simple
                ),
            )


def _levels(factors: Sequence[Factor], wanted: Wanted) -> Table:
    """A row for each level, the best of its factor first."""
    rows = [(factor, level) for factor in factors for level in factor.levels]
    firsts = [level is factor.levels[0] for factor, level in rows]
    shares = [
        percent(factor.share) if first and factor.share is not None else ""
        for (factor, _), first in zip(rows, firsts, strict=True)
    ]
    names = [factor.key if first else "" for (factor, _), first in zip(rows, firsts, strict=True)]
    columns = {
        "share": shares,
        "mean %": [f"{100 * level.mean:.2f}" for _, level in rows],
        text.DIFFERENCE: [text.difference(level.difference) for _, level in rows],
        "p": [text.p_value(each.difference and each.difference.p) for _, each in rows],
        "alike": [level.letters or text.NONE for _, level in rows],
    }
    return Table(
        "What each choice does, averaged over the others:",
        (Field("choice", tuple(names)), Field("value", tuple(level.value for _, level in rows))),
        tuple(
            _field(head, cells)
            for head, cells in columns.items()
            if any(cell not in ("", text.NONE) for cell in cells)
            and (head != "p" or wanted.p_values)
        ),
        "share: of the variance between these runs" if any(shares) else "",
    )


def _tests(found: Effects) -> str:
    """The p of each choice, and of each two of them acting together."""
    parts = [f"{factor.key} {text.p_value(factor.p)}" for factor in found.factors]
    both = [f"{' and '.join(each.keys)} {text.p_value(each.p)}" for each in found.interactions]
    return f"p of no effect: {', '.join(parts)}; of no interaction: {', '.join(both)}."


def gains(comparison: Comparison) -> Iterator[Table]:
    """What a searched rate did for each row, if there are such rows."""
    found = comparison.gains
    if not found:
        return
    heads = headings(dict.fromkeys(key for gain in found for key in gain.key))
    names = (
        Field(head, tuple(shown(gain.key[key]) if key in gain.key else "" for gain in found))
        for key, head in heads.items()
    )
    yield Table(
        GAINED,
        tuple(names),
        (
            Field("rate given", tuple(shown(gain.fixed) for gain in found)),
            Field("searched", tuple(shown(gain.searched) for gain in found)),
            Field("gain (95 %)", tuple(text.difference(gain.gain) for gain in found)),
        ),
    )
