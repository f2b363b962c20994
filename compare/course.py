"""What the verdict says besides accuracy: gradients and units that are not healthy, and speed."""

import math
from collections.abc import Iterator

import numpy as np

from nnbasic.compare.findings import Findings
from nnbasic.compare.measures import first_at
from nnbasic.compare.significance import moderated_t, pairs, significant
from nnbasic.compare.verdict import listed, percent

EXTREME = 100.0
"""How many times smaller or larger than the last layer's gradient the first one's is where the
verdict says so. Networks that train well have ratios of 0.03 to 7."""

DEAD = 0.5
"""The share of dead units in a layer from which the verdict says so."""

ROUNDING = 1 / 12
"""The variance that counting whole epochs leaves."""


def inside(found: Findings) -> Iterator[str]:
    """Sentences on the comparable rows whose gradients or units are far from healthy."""
    measured = [(row.name, row.measures) for row in found.comparable if row.measures]
    ratios = {
        name: measures.gradient_ratio_before
        for name, measures in measured
        if measures.gradient_ratio_before is not None
    }
    for verb, extreme in (
        ("vanish", {name: ratio for name, ratio in ratios.items() if ratio < 1 / EXTREME}),
        ("explode", {name: ratio for name, ratio in ratios.items() if ratio > EXTREME}),
    ):
        if extreme:
            span = dict.fromkeys(f"{end(extreme.values()):.1g}" for end in (min, max))
            yield (
                f"Before training, gradients {verb} in {listed(list(extreme))}: the first layer's"
                f" is {' to '.join(span)} times the last one's."
            )
    dead = {name: m.dead_units for name, m in measured if (m.dead_units or 0) >= DEAD}
    if dead:
        names = [f"{name} ({percent(share or 0)})" for name, share in dead.items()]
        yield f"After training, half or more of the units of a layer are dead in {listed(names)}."


def speed(found: Findings, threshold: float) -> Iterator[str]:
    """Which rows need more epochs to ``threshold`` than the fastest one, and how many more.

    By the test of accuracies, over the shared seeds, among the ranked rows all of whose runs
    reach it; nothing where no difference is significant.
    """
    every = [
        (row, {run.seed: first_at(run, threshold, "epoch") for run in row.counted})
        for row in found.ranked
    ]
    reached = [(row, epochs) for row, epochs in every if epochs and math.inf not in epochs.values()]
    if len(reached) < 2 or len(found.seeds) < 2:
        return
    reached.sort(key=lambda pair: sum(pair[1][seed] for seed in found.seeds))
    values = np.array([[epochs[seed] for seed in found.seeds] for _, epochs in reached], float)
    (tested,) = moderated_t(pairs(values, np.full(len(values), ROUNDING))._replace(widest=math.inf))
    from_first = zip(reached[1:], tested.contrasts, strict=False)
    later = {
        row.name: test.ci95 for (row, _), test in from_first if significant(test.p) and test.ci95
    }
    if later:
        least = max(min(low for low, _ in later.values()), 0)
        most = max(high for _, high in later.values())
        first, mean = reached[0][0].name, values[0].mean()
        yield (
            f"{first} reaches {100 * threshold:g} % after {mean:.1f} epochs on average,"
            f" {listed(list(later))} {least:.1f} to {most:.1f} epochs later."
        )
