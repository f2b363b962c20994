"""A comparison as sentences and tables: what a terminal, Markdown, LaTeX and the report show."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from nnbasic.compare import cells
from nnbasic.compare.cells import NONE
from nnbasic.compare.comparison import Comparison, Comparisons
from nnbasic.compare.factors import Effects, Level
from nnbasic.compare.grouping import UNVALIDATED
from nnbasic.compare.significance import Contrast, significant
from nnbasic.compare.standing import RANKED, Row
from nnbasic.compare.verdict import percent
from nnbasic.training.choices import headings, shown

WARNING = "Warning:"
SEARCHED = "With a learning rate searched for each row:"
GIVEN = "With the given learning rates:"

DIFFERENCE = "difference (95 %)"

TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of all that is the same."""


class Wanted(NamedTuple):
    """What is asked for beyond the answer."""

    p_values: bool = False
    details: bool = False
    explain: bool = False
    test: bool = False


class Block(NamedTuple):
    """Sentences, some of which end in a command between backticks, or a table, under a title.

    The first ``names`` columns of a table name a row, the others are figures; ``legend`` is a line
    below it. A terminal may draw the ``differences`` of its rows beside them, and ``curves``
    instead of them: the accuracies by epoch of the columns. ``kind`` is verdict, warnings, rows,
    choices, details, gains, curves, steps, reading or texts.
    """

    kind: str
    title: str = ""
    lines: tuple[str, ...] = ()
    names: int = 0
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    legend: str = ""
    differences: tuple[Contrast | None, ...] = ()
    curves: tuple[tuple[float | None, ...], ...] = ()


def blocks(comparisons: Comparisons, wanted: Wanted) -> Iterator[Block]:
    """All that is to be shown of ``comparisons``, in order; none of it is empty."""
    titles = ["", GIVEN] if comparisons.second is None else [SEARCHED, GIVEN]
    for title, each in zip(titles, comparisons.parts, strict=False):
        for block in _part(each, title, wanted):
            if block.lines or len(block.head) > block.names:
                yield block
    if comparisons.gains:
        yield gains(comparisons)
    if wanted.explain:
        yield reading(comparisons)


def reading(comparisons: Comparisons) -> Block:
    """How the figures are to be read; what is said of both comparisons is said once."""
    lines = [
        line
        for each in comparisons.parts
        for line in (*(f"{part}." for part in opening(each)[2:]), *each.notes)
    ]
    title = "How to read this (docs/statistics.md has all of it):"
    return Block("reading", title, tuple(dict.fromkeys(lines)))


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows there are, what is the same and what differs, a line each."""
    same = comparison.same
    runs = [run for row in comparison.rows for run in row.runs]
    rows, seeds = len(comparison.rows), {run.seed for run in runs}
    telling = ", ".join(f"{key} {shown(same[key])}" for key in TELLING if key in same)
    them = "it" if len(comparison.differs) == 1 else "them"
    implied = f"; with {them} {', '.join(comparison.implied)}" if comparison.implied else ""
    nothing = "the seed only" if len(seeds) > 1 else "nothing"
    differs = ", ".join(comparison.differs) + implied if comparison.differs else nothing
    return [
        f"{len(runs)} run{'s' * (len(runs) != 1)} in {rows} row{'s' * (rows != 1)}",
        f"The same in all: {telling}",
        *([f"Differs: {differs}"] if len(runs) > 1 else []),
    ]


def rows(comparison: Comparison, wanted: Wanted) -> Iterator[Block]:
    """The comparable rows, and the others."""
    comparable = comparison.comparable
    others = [row for row in comparison.rows if not row.comparable]
    if comparable:
        figures = {
            **_counts(comparable),
            DIFFERENCE: [cells.difference(row.difference) for row in comparable],
            "p": [cells.p_value(row.difference and row.difference.p) for row in comparable],
            "group": [cells.group(row) for row in comparable],
        }
        ranked = tuple(row.difference for row in comparable if row.state == RANKED)
        table = _table("rows", "", _names(comparable), figures, wanted)
        parts = {
            "± SD over n seeds": any(row.val_accuracy.sd is not None for row in comparable),
            "same group: no significant difference": any(row.letters for row in comparable),
            "failed: collapsed or diverged": any(row.failed for row in comparable),
        }
        legend = "; ".join(part for part, said in parts.items() if said)
        yield table._replace(legend=legend, differences=ranked)
    if others:
        tested = [row.measures if row.reason == UNVALIDATED else None for row in others]
        figures = {
            **_counts(others),
            "test accuracy %": [cells.spread(own.test_accuracy) if own else NONE for own in tested],
            "not comparable": [row.reason for row in others],
        }
        yield _table("rows", "", _names(others), figures, wanted)


def course(comparison: Comparison, wanted: Wanted) -> Block:
    """Speed and layer diagnostics of each row."""
    goal = f"{100 * comparison.threshold:g} %"
    every = [row for row in comparison.rows if row.measures]
    of_rows = [row.measures for row in every if row.measures]
    figures = {
        "test\naccuracy %": [cells.spread(own.test_accuracy) for own in of_rows],
        f"epochs\nto {goal}": [cells.epochs(own.epochs_to_threshold) for own in of_rows],
        f"seconds\nto {goal}": [cells.time(own.seconds_to_threshold) for own in of_rows],
        "seconds\nan epoch": [cells.seconds(own.seconds_per_epoch) for own in of_rows],
        "dead\nunits %": [cells.percentage(own.dead_units, 1) for own in of_rows],
        "saturated\nunits %": [cells.percentage(own.saturated_units, 1) for own in of_rows],
        "gradient\nratio": [cells.ratio(own.gradient_ratio) for own in of_rows],
    }
    if not wanted.test:
        del figures["test\naccuracy %"]
    return _table("details", "Speed and layer diagnostics:", _names(every), figures, wanted)


def choices(comparison: Comparison, wanted: Wanted) -> Iterator[Block]:
    """The effect of each choice, where there are several, and at each value of another."""
    found = comparison.effects
    if found is None or len(found.factors) < 2:
        return
    yield _levels(found, wanted)
    if wanted.p_values and found.seeds is not None:
        alone = ", ".join(f"{each.key} {cells.p_value(each.p)}" for each in found.factors)
        both = [f"{' and '.join(each.keys)} {cells.p_value(each.p)}" for each in found.interactions]
        said = f"p of no effect: {alone}; of no interaction: {', '.join(both)}."
        yield Block("choices", lines=(said,))
    for each in found.interactions:
        if significant(each.p):
            what, on = each.keys
            yield Block(
                "choices",
                f"Effect of the {what} at each {on}, and the other way round:",
                tuple(
                    f"{' '.join(*one.at.items())}: {_in_words(one.levels)}" for one in each.simple
                ),
            )


def gains(comparisons: Comparisons) -> Block:
    """What a searched rate did for each row that is in both comparisons."""
    found = comparisons.gains
    figures = {
        "rate given": [shown(gain.given) for gain in found],
        "searched": [shown(gain.searched) for gain in found],
        "gain (95 %)": [cells.difference(gain.difference) for gain in found],
    }
    title = "Gain from the learning rate search, in points:"
    return _table("gains", title, {"row": [gain.row for gain in found]}, figures, Wanted())


def _part(comparison: Comparison, title: str, wanted: Wanted) -> Iterator[Block]:
    yield Block("verdict", title, comparison.verdict)
    yield Block("warnings", lines=tuple(f"{WARNING} {each}" for each in comparison.warnings))
    curves = _curves(comparison)
    if curves:
        yield curves
    if not curves or wanted.details:
        yield Block("rows", lines=(". ".join(opening(comparison)[:2]) + ".",))
        yield from rows(comparison, wanted)
        yield from choices(comparison, wanted)
        if wanted.details:
            yield course(comparison, wanted)
        yield Block("steps", "Next steps:", comparison.next_steps)


def _table(
    kind: str,
    title: str,
    names: Mapping[str, Sequence[str]],
    figures: Mapping[str, Sequence[str]],
    wanted: Wanted,
) -> Block:
    """A table of columns, without those in which nothing is known."""
    own = {head: column for head, column in names.items() if any(column)}
    known = {head: column for head, column in figures.items() if set(column) - {NONE, ""}}
    if not wanted.p_values:
        known.pop("p", None)
    if not any("(" in cell for cell in known.get(DIFFERENCE, ())):  # no interval
        known = {head.replace(DIFFERENCE, "difference"): column for head, column in known.items()}
    lines = zip(*own.values(), *known.values(), strict=True)
    return Block(kind, title, names=len(own), head=(*own, *known), rows=tuple(lines))


def _names(rows: Sequence[Row]) -> dict[str, list[str]]:
    factors = headings(dict.fromkeys(factor for row in rows for factor in row.parts))
    return {head: [row.parts.get(factor, "") for row in rows] for factor, head in factors.items()}


def _counts(rows: Sequence[Row]) -> dict[str, list[str]]:
    return {"n": list(map(cells.counted, rows)), "accuracy %": list(map(cells.accuracy, rows))}


def _curves(comparison: Comparison) -> Block | None:
    """The accuracies of two runs by epoch; None of other runs, or without any."""
    pair = [(row, run) for row in comparison.rows for run in row.runs]
    curves = tuple(tuple(epoch.val_accuracy for epoch in run.metrics) for _, run in pair)
    if len(pair) != 2 or not set().union(*curves) - {None}:
        return None
    names = [row.name for row, _ in pair]
    if len(set(names)) < len(names):
        names = [f"seed {shown(run.seed)}" for _, run in pair]
    lines = tuple(
        (str(epoch), *map(cells.percentage, accuracies))
        for epoch, accuracies in enumerate(zip_longest(*curves), 1)
    )
    head = ("epoch", *names)
    return Block("curves", "Validation accuracy by epoch:", head=head, rows=lines, curves=curves)


def _levels(found: Effects, wanted: Wanted) -> Block:
    """A row for each level, the best of its factor first."""
    each = [(factor, level) for factor in found.factors for level in factor.levels]
    firsts = [factor if level is factor.levels[0] else None for factor, level in each]
    shares = ["" if f is None or f.share is None else percent(f.share) for f in firsts]
    names = {
        "choice": ["" if factor is None else factor.key for factor in firsts],
        "value": [level.value for _, level in each],
    }
    figures = {
        "share": shares,
        "mean %": [cells.percentage(level.mean) for _, level in each],
        DIFFERENCE: [cells.difference(level.difference) for _, level in each],
        "p": [cells.p_value(level.difference and level.difference.p) for _, level in each],
        "group": [level.letters or NONE for _, level in each],
    }
    without = f" (without {', '.join(found.left_out)})" if found.left_out else ""
    title = f"Effect of each choice, averaged over the others{without}:"
    legend = "share: of the variance between these runs" if any(shares) else ""
    return _table("choices", title, names, figures, wanted)._replace(legend=legend)


def _in_words(levels: Sequence[Level]) -> str:
    """The levels of a factor, best first: ``relu 98.41 a, elu 98.19 b``."""
    return ", ".join(
        " ".join(filter(None, (level.value, cells.percentage(level.mean), level.letters)))
        for level in levels
    )
