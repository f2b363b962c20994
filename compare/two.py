"""Two runs side by side: what differs, what they reached, and which test images they get right."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.cells import percentage
from nnbasic.compare.grouping import UNVALIDATED
from nnbasic.compare.standing import Row
from nnbasic.compare.verdict import VALIDATION, listed, more, outcome
from nnbasic.training.choices import Choices, headings, shown
from nnbasic.training.collection import RunData
from nnbasic.training.predictions import Predictions
from nnbasic.training.storage import RunError


class McNemar(NamedTuple):
    """How many test images each of two runs alone got right, and the exact p of the difference."""

    first: str
    second: str
    only_first: int
    only_second: int
    p: float


def two_runs(
    rows: Sequence[Row], choices: Choices, test: McNemar | str, command: str | None
) -> tuple[str, ...]:
    """The sentences on two ``rows`` of one run each.

    ``test`` compares them on the test images, or says why it cannot; ``command`` trains more seeds.
    """
    rows = sorted(rows, key=lambda row: -(row.val_accuracy.mean or 0.0))
    names = {row.runs[0].run.id: row.name for row in rows}
    sentences = [_reached(rows), _difference([row.runs[0] for row in rows], choices)]
    if isinstance(test, McNemar):
        sentences.append(
            f"Of the test images {names[test.first]} alone is right on {test.only_first},"
            f" {names[test.second]} alone on {test.only_second} (McNemar's test of these two"
            f" networks: p = {test.p:.2g})."
        )
    if all(row.reason == UNVALIDATED for row in rows):
        sentences.append("To rank them, train with data.validation above 0.")
    else:
        sentences.append(
            f"One seed says nothing about chance; another could reverse the order.{more(command)}"
        )
    return tuple(filter(None, sentences))


def mcnemar(runs: Sequence[RunData]) -> McNemar | str:
    """McNemar's test of two ``runs``, or a sentence that says why it is impossible."""
    first, second = runs
    try:
        a, b = (Predictions.load(run.run.predictions) for run in runs)
    except RunError as error:
        return f"No McNemar test: {error}."
    alike = first.record.dataset_sha256 == second.record.dataset_sha256
    if not alike or not np.array_equal(a.labels, b.labels):
        return "No McNemar test: the two runs have different test images."
    right, other_right = a.predicted == a.labels, b.predicted == b.labels
    only_first = int(np.sum(right & ~other_right))
    only_second = int(np.sum(other_right & ~right))
    p = mcnemar_p(only_first, only_second)
    return McNemar(first.run.id, second.run.id, only_first, only_second, p)


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Exact two-sided p that two classifiers, right alone so often each, are equally good.

    McNemar 1947, with the binomial distribution in place of its approximation. Integers of any
    size keep the tail exact.
    """
    n, least = only_first + only_second, min(only_first, only_second)
    ways, tail = 1, 0
    for k in range(least + 1):
        tail += ways
        ways = ways * (n - k) // (k + 1)
    p: float = 2 * tail / 2**n
    return min(1.0, p)


def _reached(rows: Sequence[Row]) -> str:
    parts = []
    for row in rows:
        mean, (status,) = row.val_accuracy.mean, row.statuses
        if row.failed:
            at = "" if mean is None else f" ({percentage(mean)} %)"
            parts.append(f"{row.name} {outcome(row)}{at}")
        elif mean is None:
            test = row.measures and row.measures.test_accuracy.mean
            known = status if test is None else f"test accuracy {percentage(test)} %"
            parts.append(f"{row.name} has {row.reason} ({known})")
        else:
            parts.append(f"{row.name} reached {percentage(mean)} % {VALIDATION}")
    return f"{'; '.join(parts)}."


def _difference(runs: Sequence[RunData], choices: Choices) -> str:
    """What differs between two runs, with the values of the first keys."""
    first, second = [run.values for run in runs]
    keys, short = [*choices.differs, *choices.implied], headings(choices.differs)
    parts = [
        f"{short[key]} ({shown(first[key])}, {shown(second[key])})"
        if key in first and key in second
        else short[key]
        for key in choices.differs
    ]
    images = "dataset" in keys or "data.validation" in keys
    unfair = " Their accuracies are of different images." if images else ""
    return f"They differ in {listed(parts)}.{unfair}" if parts else ""
