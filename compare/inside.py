"""What goes wrong inside the networks of a row: gradients that vanish or explode, dead units."""

from __future__ import annotations

from collections.abc import Iterator

from nnbasic.compare.findings import Findings
from nnbasic.compare.verdict import listed, percent

EXTREME = 100.0
"""How many times smaller or larger than the last layer's gradient the first one's is where the
verdict says so. Networks that train well have ratios of 0.03 to 7."""

DEAD = 0.5
"""The share of dead units in a layer from which the verdict says so."""


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
