"""Named streams of random numbers from one seed.

Each purpose draws from its own stream, so that changing one choice (say, adding dropout)
leaves the draws of the others as they were: runs that differ in one choice stay paired.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

Stream = Literal["initialisation", "batch_order", "dropout", "augmentation"]
STREAMS: tuple[Stream, ...] = get_args(Stream)
"""The purposes. A new one goes to the end: the place is part of the stream's seed."""


def stream(seed: int, name: Stream) -> np.random.SeedSequence:
    """The stream ``name`` of ``seed``: the child that `SeedSequence.spawn` would give in turn."""
    return np.random.SeedSequence(seed, spawn_key=(STREAMS.index(name),))
