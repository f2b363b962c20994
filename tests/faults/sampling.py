"""How much the tests of faults try: a few of all cases, or as many as there is time for.

`NNBASIC_LONG=30 pytest -s tests/faults` goes on for thirty minutes, which the tests that sample
share, and prints how many cases each has tried. What the other tests take comes on top of it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

Case = TypeVar("Case")

MINUTES = float(os.environ.get("NNBASIC_LONG") or 0)
"""The length of the long form; 0 is the quick one."""


class Sample:
    """Picks the cases that a test tries, and prints how many these were."""

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.end = time.monotonic() + seconds

    def __call__(self, cases: Sequence[Case], few: int) -> Iterator[Case]:
        """``few`` of the cases, and more of them until the time is over; in random order."""
        rng = random.Random(None if MINUTES else 1)
        tried = 0
        for case in rng.sample(cases, len(cases)):
            if tried >= few and time.monotonic() > self.end:
                break
            yield case
            tried += 1
        print(f"\n{self.name}: {tried:,} of {len(cases):,} tried", end="")
