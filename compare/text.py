"""The words and the columns in which a comparison is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.factors import Level
from nnbasic.compare.measures import Group, Reached
from nnbasic.compare.significance import Contrast, Summary
from nnbasic.training.choices import headings, shown

Column = tuple[str, Callable[[Group], str]]
"""A heading, and the function that gives a group's cell."""

NONE = "–"
DIFFERENCE = "difference (95 %)"
OPEN, WIDEST = "cannot tell", 1.0
"""What stands for an interval wider than this, as of few seeds of which one nearly failed."""

TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of all that is the same."""


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows there are, what is the same and what differs, a line each."""
    same = comparison.same
    runs, rows = sum(len(group.runs) for group in comparison.groups), len(comparison.groups)
    telling = ", ".join(f"{key} {shown(same[key])}" for key in TELLING if key in same)
    them = "it" if len(comparison.differs) == 1 else "them"
    implied = f"; with {them} {', '.join(comparison.implied)}" if comparison.implied else ""
    seeds = {run.flat.get("seed") for group in comparison.groups for run in group.runs}
    nothing = "the seed only" if len(seeds) > 1 else "nothing"
    differs = ", ".join(comparison.differs) + implied if comparison.differs else nothing
    return [
        f"{runs} run{'s' * (runs != 1)} in {rows} row{'s' * (rows != 1)}",
        f"The same in all: {telling}",
        *([f"Differs: {differs}"] if runs > 1 else []),
    ]


def levels(found: Sequence[Level]) -> str:
    """The levels of a factor, best first: ``relu 98.41 a, elu 98.19 b``."""
    return ", ".join(
        " ".join(filter(None, (level.value, f"{100 * level.mean:.2f}", level.letters)))
        for level in found
    )


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


TEST: Column = ("test\naccuracy %", lambda group: _spread(group.measures.test_accuracy))


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


def _spread(summary: Summary) -> str:
    if summary.mean is None:
        return NONE
    mean = f"{100 * summary.mean:.2f}"
    return mean if summary.sd is None else f"{mean} ± {100 * summary.sd:.2f}"


def difference(found: Contrast | None) -> str:
    """A difference in points, with its interval where there is one that tells something."""
    if found is None:
        return NONE
    if found.ci95 is None:
        return points(found.mean)
    low, high = found.ci95
    interval = OPEN if high - low > WIDEST else f"{points(low)} to {points(high)}"
    return f"{points(found.mean)} ({interval})"


def points(share: float) -> str:
    """A difference of shares in points: ``-0.25``; ``0.00`` has no sign."""
    text = f"{100 * share:+.2f}"
    return text if float(text) else text[1:]


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
