"""How far the axes of figures reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnbasic.compare.pooling import Band, Pooled

Limits = tuple[float, float]

WITHIN = (1e-4, 1 - 1e-4)
"""What an accuracy is drawn within: the stretched scale has no 0 and no 1."""


def common_limits(y: str, bands: Sequence[Band]) -> Limits:
    """Limits that hold the means of all ``bands`` of the metric ``y``, with some room."""
    lowest = min(float(band.mean.min()) for band in bands)
    highest = max(float(band.mean.max()) for band in bands)
    return around(lowest, highest) if y == "val_accuracy" else about(lowest, highest)


def around(low: float, high: float) -> Limits:
    """Limits a little wider than ``low`` to ``high``, as the stretched scale sees it."""
    low, high = logit(low), logit(high)
    room = 0.06 * (high - low) + 0.03
    return 1 / (1 + math.exp(room - low)), 1 / (1 + math.exp(-room - high))


def about(low: float, high: float) -> Limits:
    """The same on a logarithmic scale; wide enough for a tick at 1, 2 or 5."""
    low = max(low, 1e-12)
    return low / 1.6, max(high, low) * 1.6


def logit(share: float) -> float:
    """ln(p / (1 - p)) of a share within `WITHIN`."""
    share = min(max(share, WITHIN[0]), WITHIN[1])
    return math.log(share / (1 - share))


def bulk(histograms: Sequence[Pooled]) -> Limits:
    """The range that holds all but half a percent, at either end, of each histogram."""
    lows, highs = [], []
    for each in histograms:
        total = np.cumsum(each.counts) / each.counts.sum()
        lows.append(each.low + each.width * np.searchsorted(total, 0.005, side="right"))
        highs.append(each.low + each.width * (1 + np.searchsorted(total, 0.995)))
    return float(min(lows, default=0)), float(max(highs, default=1))
