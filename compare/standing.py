"""The rows of a comparison: which are ranked, over which seeds, and what keeps the others out."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nnbasic.compare.distributions import f_tail
from nnbasic.compare.factors import EXACT
from nnbasic.compare.grouping import UNVALIDATED, name, parts
from nnbasic.compare.measures import Measures, latest_of_each, measure
from nnbasic.compare.significance import Contrast, Summary, image_floor, summary
from nnbasic.model.arrays import Array
from nnbasic.training.choices import Scalar, Values, shown
from nnbasic.training.collection import RunData
from nnbasic.training.record import binomial_error

RANKED, UNSTABLE, PARTLY, LOST, APART = range(5)
"""The state of a row, in the order of the table. Ranked: all runs worked. Unstable: they did, but
their spread is out of all proportion. Partly: some runs failed. Lost: all did. Apart: it is not
comparable, or lacks seeds."""

PROPORTION, BEYOND_CHANCE = 5.0, 0.01
"""A row is unstable if its SD is so many times that of the others, by an F test of this level."""

WORTH_A_WORD = 0.01
"""An SD below this, one point, never makes a row unstable."""

MOST_SEEDS = 4
"""How many missing seeds are named."""


@dataclass(frozen=True, eq=False)
class Row:
    """Runs that differ in the seed alone.

    ``key`` tells them from other rows; ``parts`` are the same as a table shows them, by factor.
    ``runs`` are all, oldest first; ``counted`` those with an accuracy, one a seed, and ``scores``
    these validation accuracies by seed, shares of ``images`` images. Of ``ended`` runs
    ``collapsed`` and ``diverged`` failed; ``state`` says what follows for the row, ``reason`` why
    it is not ranked. ``val_accuracy`` is over the seeds that are compared. ``difference`` is from
    the first row; ranked rows that share one of the ``letters`` show no significant difference.
    """

    name: str
    key: Values
    parts: dict[str, str]
    scores: Mapping[Scalar, float]
    images: int
    ended: int
    collapsed: int = 0
    diverged: int = 0
    runs: tuple[RunData, ...] = ()
    counted: tuple[RunData, ...] = ()
    state: int = RANKED
    reason: str = ""
    val_accuracy: Summary = field(default=Summary(0, None, None, None))
    measures: Measures | None = None
    difference: Contrast | None = None
    letters: str | None = None

    @property
    def failed(self) -> int:
        return self.collapsed + self.diverged

    @property
    def comparable(self) -> bool:
        return self.state != APART

    @property
    def test_error(self) -> float | None:
        """How far the mean test accuracy may be off because of its sample of images."""
        mean = self.measures.test_accuracy.mean if self.measures else None
        return None if mean is None else binomial_error(mean, self.test_images)

    @property
    def test_images(self) -> int:
        return self.counted[0].record.test_images if self.counted else 0

    @property
    def statuses(self) -> dict[str, int]:
        """How many runs are finished, diverged and so on, the most frequent first."""
        return dict(Counter(run.status for run in self.runs).most_common())


def rows_of(
    groups: Sequence[tuple[Values, Sequence[RunData], str]], threshold: float
) -> Iterator[Row]:
    """The groups of `group_runs` as rows; those with other terms stand apart, with the reason."""
    usual = iter(parts([key for key, _, unlike in groups if not unlike]))
    every = parts([key for key, *_ in groups])
    for (key, runs, unlike), own in zip(groups, every, strict=True):
        own = own if unlike else next(usual)
        latest = latest_of_each(runs)
        counted = tuple(run for run in latest if run.status != "diverged")
        ends = Counter(run.status for run in latest)
        scores = {run.seed: run.record.val_accuracy for run in counted}
        yield Row(
            name(own),
            key,
            own,
            {seed: share for seed, share in scores.items() if share is not None},
            max(counted[0].record.val_images, 1) if counted else 1,
            len(latest),
            collapsed=ends["collapsed"],
            diverged=ends["diverged"],
            runs=tuple(runs),
            counted=counted,
            state=APART if unlike else RANKED,
            reason=unlike,
            measures=measure(latest, counted, threshold),
        )


def stand(rows: Sequence[Row]) -> tuple[list[Row], list[Scalar]]:
    """``rows`` with their states, the ranked ones first and best first, and the shared seeds."""
    placed = [row if row.state == APART else _by_failures(row) for row in rows]
    shared = shared_seeds([row.scores for row in placed if row.state == RANKED])
    # by size; a record may lack one
    seeds = sorted(shared, key=lambda seed: (isinstance(seed, str), str(seed).zfill(20)))
    placed = [_missing(row, seeds) if row.state == RANKED else row for row in placed]
    ranked = [row for row in placed if row.state == RANKED]
    wild = unstable(accuracies(ranked, seeds)[0]) if ranked else []
    for place in wild:
        low, high = (f"{100 * end(ranked[place].scores.values()):.1f}" for end in (min, max))
        reason = f"its seeds range from {low} to {high} %"
        placed[placed.index(ranked[place])] = replace(ranked[place], state=UNSTABLE, reason=reason)
    for place, row in enumerate(placed):
        known = [own for seed, own in row.scores.items() if row.state != RANKED or seed in seeds]
        placed[place] = replace(row, val_accuracy=summary(known))
    return sorted(placed, key=_place), seeds


def shared_seeds(rows: Sequence[Mapping[Scalar, float]]) -> frozenset[Scalar]:
    """The seeds over which ``rows``, by seed, are best compared: a row that has all is ranked.

    They leave the most degrees of freedom, pairs of rows × (seeds - 1), and of equally many the
    most rows. So a row with a single lucky seed stands apart, instead of leaving one seed to all;
    and where some rows have 6 seeds and some 10, all are compared over the 6.
    """
    kinds = list(dict.fromkeys(map(frozenset, rows)))
    candidates = list(dict.fromkeys(a & b for a in kinds for b in kinds))
    candidates.append(frozenset.intersection(*kinds) if kinds else frozenset())

    def worth(seeds: frozenset[Scalar]) -> tuple[int, int, int]:
        having = sum(seeds <= row.keys() for row in rows)
        pairs = having * (having - 1) // 2
        return pairs * max(len(seeds) - 1, 0), having * bool(seeds), len(seeds)

    return max(candidates, key=worth)


def unstable(accuracies: Array) -> list[int]:
    """The rows of ``accuracies`` (rows, seeds) whose spread is out of all proportion.

    A network at the edge of failing would set the variance of all others. A row's variance is
    compared with the median of the others' (`PROPORTION`), beyond chance (`BEYOND_CHANCE`).
    """
    count, freedom = len(accuracies), accuracies.shape[1] - 1
    if count < 2 or freedom < 1:
        return []
    variances = accuracies.var(axis=1, ddof=1)
    others = max(1.0, freedom * (count - 1) / 2)  # a median knows half of what the mean does
    found = []
    for row, variance in enumerate(variances.tolist()):
        ratio = variance / max(float(np.median(np.delete(variances, row))), 1e-9)
        large = variance > WORTH_A_WORD**2 and ratio > PROPORTION**2
        if large and f_tail(ratio, freedom, others) < BEYOND_CHANCE:
            found.append(row)
    return found


def accuracies(rows: Sequence[Row], seeds: Sequence[Scalar]) -> tuple[Array, Array]:
    """The validation accuracies (rows, seeds), and the least variance that they have (rows,).

    All of ``rows`` have all of ``seeds``.
    """
    shares = np.array([[row.scores[seed] for seed in seeds] for row in rows])
    return shares.reshape(len(rows), len(seeds)), image_floor([row.images for row in rows])


def _by_failures(row: Row) -> Row:
    """A row's state as far as the failures of its own runs decide it."""
    if row.failed:
        state = LOST if row.failed == row.ended else PARTLY
        return replace(row, state=state, reason=f"{row.failed} of {row.ended} runs failed")
    if not row.scores:
        held_out = any(run.record.val_images for run in row.runs)
        reason = "no validation accuracy" if held_out else UNVALIDATED
        return replace(row, state=APART, reason=reason)
    return row


def _missing(row: Row, seeds: Sequence[Scalar]) -> Row:
    """A row that lacks some of the others' ``seeds`` stands apart; how its runs of them ended."""
    lacking = [seed for seed in seeds if seed not in row.scores]
    if not lacking:
        return row
    ends = sorted({run.status for run in row.runs if run.seed in lacking} - {"finished"})
    names = ", ".join(map(shown, lacking[:MOST_SEEDS])) + " and more" * (len(lacking) > MOST_SEEDS)
    reason = f"no result for seed {names}" + (f", {', '.join(ends)}" if ends else "")
    return replace(row, state=APART, reason=reason)


def _place(row: Row) -> tuple[int, float, float, str]:
    """By state, mean and name; rows of which some runs failed by how many did before the mean."""
    mean = row.val_accuracy.mean
    failed = row.failed / row.ended if row.state == PARTLY else 0.0
    return row.state, failed, 1.0 if mean is None else -round(mean, EXACT), row.name
