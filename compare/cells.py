"""The cells of the tables of a comparison: how each figure is written."""

from nnbasic.compare.factors import EXACT
from nnbasic.compare.measures import Reached
from nnbasic.compare.significance import Contrast, Summary
from nnbasic.compare.standing import LOST, PARTLY, UNSTABLE, Row

NONE = "–"

WIDEST = 1.0
"""An interval wider than this, as of two seeds, says nothing and is not shown."""


def difference(found: Contrast | None) -> str:
    """A difference in points, with its interval where there is one that says something."""
    if found is None:
        return NONE
    if found.ci95 is None or found.ci95[1] - found.ci95[0] > WIDEST:
        return points(found.mean)
    low, high = found.ci95
    return f"{points(found.mean)} ({points(low)} to {points(high)})"


def points(share: float) -> str:
    """A difference of shares in points: ``-0.25``; ``0.00`` has no sign."""
    text = f"{100 * share:+.2f}"
    return text if float(text) else text[1:]


def p_value(p: float | None) -> str:
    """A p with three decimals."""
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.001 else "<.001"


def percentage(share: float | None, digits: int = 2) -> str:
    """A share in percent; equal means are written alike, in whatever order they were added up."""
    return NONE if share is None else f"{100 * round(share, EXACT):.{digits}f}"


def ratio(value: float | None) -> str:
    return NONE if value is None else f"{value:.2g}"


def spread(summary: Summary) -> str:
    """Mean ± SD, in percent."""
    sd = "" if summary.sd is None else f" ± {percentage(summary.sd)}"
    return percentage(summary.mean) + sd


def epochs(found: Reached) -> str:
    """The median, and how many reached it unless all did; ``>5`` where no more than half did."""
    if found.median is None and found.beyond is None:
        return NONE
    count = f" ({found.reached}/{found.of})" if found.reached < found.of else ""
    return (f">{found.beyond:g}" if found.median is None else f"{found.median:g}") + count


def time(found: Reached) -> str:
    """The median in seconds; ``>5`` where no more than half reached it."""
    if found.median is None and found.beyond is not None:
        return f">{seconds(found.beyond)}"
    return seconds(found.median)


def seconds(value: float | None) -> str:
    """Seconds, the fewer the more exactly."""
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def counted(row: Row) -> str:
    """The runs, or, where not all count, how many of them do."""
    own, runs = len(row.counted), len(row.runs)
    return str(runs) if own == runs else f"{own}/{runs}"


def accuracy(row: Row) -> str:
    """Mean and spread; of a row whose mean says nothing its range."""
    known = row.scores.values()
    if row.state in (PARTLY, UNSTABLE) and len(known) > 1:
        return f"{percentage(min(known))} to {percentage(max(known))}"
    return spread(row.val_accuracy)


def group(row: Row) -> str:
    """The letters, or why there are none."""
    if row.state in (PARTLY, LOST):
        return f"failed {row.failed}/{row.ended}"
    return "unstable" if row.state == UNSTABLE else row.letters or NONE
