"""The words and the columns in which a comparison is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.factors import Level
from nnbasic.compare.measures import Group, Reached
from nnbasic.compare.significance import Contrast, Summary
from nnbasic.runs.choices import headings, shown

Column = tuple[str, Callable[[Group], str]]
"""A heading, and the function that gives a group's cell."""

NONE = "–"
DIFFERENCE = "difference (95 %)"
EFFECTS = "What each choice does, in mean accuracy over all else:"
TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of all that is the same."""


def wide(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    """All columns with a cell for at least one of ``groups``; ``n`` also says how runs ended."""
    test: Column = ("test accuracy %", lambda group: _spread(group.measures.test_accuracy))
    figures = telling([*accuracies(p_values=True)[1:], test, *course(comparison)], groups)
    return [*keys(comparison, groups), ("n", _runs), *figures]


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows there are, what is the same and what differs, a line each."""
    same = comparison.same
    runs, rows = sum(len(group.runs) for group in comparison.groups), len(comparison.groups)
    telling = ", ".join(f"{key} {shown(same[key])}" for key in TELLING if key in same)
    implied = f"; with them {', '.join(comparison.implied)}" if comparison.implied else ""
    seeds = {run.flat.get("seed") for group in comparison.groups for run in group.runs}
    nothing = "the seed only" if len(seeds) > 1 else "nothing"
    differs = ", ".join(comparison.differs) + implied if comparison.differs else nothing
    return [
        f"{runs} run{'s' * (runs != 1)} in {rows} row{'s' * (rows != 1)}",
        f"The same in all: {telling}",
        *([f"Differs: {differs}"] if runs > 1 else []),
    ]


def effects(comparison: Comparison) -> list[str]:
    """What each choice does, and what two do together, a line each; none for a single choice."""
    found = comparison.effects
    if found is None or len(found.factors) < 2:
        return []
    lines = [_effect(each.key, each.share, each.p, levels(each.levels)) for each in found.factors]
    for both in found.interactions:
        lines.append(_effect(" and ".join(both.keys) + " together", both.share, both.p, ""))
    return lines


def next_steps(comparison: Comparison) -> list[str]:
    """What more seeds would find, and what a search for the learning rate gained."""
    lines = list(comparison.next_steps)
    for gain in comparison.gains:
        row = " ".join(map(shown, gain.key.values())) or "all runs"
        lines.append(
            f"{row}: the search for the learning rate gained {100 * gain.gain.mean:+.2f} points"
            f" ({shown(gain.searched)} instead of {shown(gain.fixed)})."
        )
    return lines


def _effect(name: str, share: float | None, p: float | None, levels: str) -> str:
    parts = [] if share is None else [f"{100 * share:.0f} % of the variance"]
    parts += [] if p is None else [f"p {p_value(p)}"]
    return ": ".join(filter(None, [name, ", ".join(parts), levels]))


def levels(found: Sequence[Level]) -> str:
    """The levels of a factor, best first: ``relu 98.41 a, elu 98.19 b``."""
    return ", ".join(
        " ".join(filter(None, (level.value, f"{100 * level.mean:.2f}", level.letters)))
        for level in found
    )


def parts(comparison: Comparison) -> Iterator[tuple[str, list[Group]]]:
    """The groups that are ranked, without a title, and the others under one."""
    for ranked, title in ((True, ""), (False, "Not ranked (see above):")):
        groups = [group for group in comparison.groups if (group.apart is None) is ranked]
        if groups:
            yield title, groups


def keys(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    """The columns that name ``groups``."""

    def column(key: str, heading: str) -> Column:
        return heading, lambda group: shown(group.key[key]) if key in group.key else ""

    names = dict.fromkeys([*comparison.columns, *(key for group in groups for key in group.key)])
    return [
        column(key, heading)
        for key, heading in headings(names).items()
        if any(key in group.key for group in groups)
    ]


def accuracies(*, p_values: bool) -> list[Column]:
    """The columns that say how good the runs became, and what can be told apart."""
    columns: list[Column] = [
        ("n", _n),
        ("accuracy %", lambda group: _spread(group.measures.val_accuracy)),
        (DIFFERENCE, lambda group: difference(group.difference)),
        ("p", lambda group: p_value(group.difference and group.difference.p)),
        ("alike", lambda g: NONE if not g.letters else "*" * bool(g.may_be_best) + g.letters),
    ]
    return [column for column in columns if p_values or column[0] != "p"]


def outsiders() -> list[Column]:
    """The columns of groups that are not ranked."""
    return [
        ("n", _n),
        ("accuracy %", lambda group: _spread(group.measures.val_accuracy)),
        ("not ranked for", lambda group: group.apart or NONE),
    ]


def course(comparison: Comparison) -> list[Column]:
    """The columns that say how fast and how healthily the runs learned; headings of two lines."""

    def share(value: float | None) -> str:
        return NONE if value is None else f"{100 * value:.1f}"

    goal = f"{100 * comparison.threshold:g} %"
    return [
        (f"epochs\nto {goal}", lambda g: _epochs(g.measures.epochs_to_threshold)),
        (f"seconds\nto {goal}", lambda g: _reached(g.measures.seconds_to_threshold, _seconds)),
        ("seconds\nan epoch", lambda group: _seconds(group.measures.seconds_per_epoch)),
        ("dead\nunits %", lambda group: share(group.measures.dead_units)),
        ("saturated\nunits %", lambda group: share(group.measures.saturated_units)),
        (
            "gradient\nratio",
            lambda g: NONE if (r := g.measures.gradient_ratio) is None else f"{r:.2g}",
        ),
    ]


def telling(columns: Sequence[Column], groups: Sequence[Group]) -> list[Column]:
    """``columns`` without those that have a figure for none of ``groups``."""
    return [column for column in columns if any(column[1](group) != NONE for group in groups)]


def _n(group: Group) -> str:
    """The runs, or, where not all count, how many of them do."""
    counted, runs = len(group.counted), len(group.runs)
    return str(runs) if counted == runs else f"{counted}/{runs}"


def _runs(group: Group) -> str:
    n = len(group.runs)
    statuses = ", ".join(f"{many} {status}" for status, many in group.statuses.items())
    return str(n) if group.statuses == {"finished": n} else f"{n} ({statuses})"


def _spread(summary: Summary) -> str:
    if summary.mean is None:
        return NONE
    mean = f"{100 * summary.mean:.2f}"
    return mean if summary.sd is None else f"{mean} ± {100 * summary.sd:.2f}"


def difference(found: Contrast | None) -> str:
    """A difference in points, with its interval where there is one."""
    if found is None:
        return NONE
    ends = "" if found.ci95 is None else " to ".join(f"{100 * end:+.2f}" for end in found.ci95)
    return f"{100 * found.mean:+.2f}" + (ends and f" ({ends})")


def p_value(p: float | None) -> str:
    """A p with three decimals."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.001 else "<.001"


def _epochs(reached: Reached) -> str:
    """The median, and how many reached it unless all did."""
    count = f" ({reached.reached}/{reached.of})" if reached.reached < reached.of else ""
    median = _reached(reached, "{:g}".format)
    return median if median == NONE else median + count


def _reached(reached: Reached, written: Callable[[float], str]) -> str:
    """The median; ``>5`` where no more than half of the runs reached it."""
    if reached.median is not None:
        return written(reached.median)
    return NONE if reached.beyond is None else f">{written(reached.beyond)}"


def _seconds(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
