"""The axes of the report's figures: how far they reach and how they are divided."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from nnbasic.compare.pooling import Band, Pooled

Limits = tuple[float, float]

WITHIN = (1e-4, 1 - 1e-4)
"""What an accuracy is drawn within: the stretched scale has no 0 and no 1."""

TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)

MOST_TICKS = 6


def common_limits(y: str, bands: Sequence[Band]) -> Limits:
    """Limits within which the means of all ``bands`` lie, with some room about them."""
    lowest = min(float(band.mean.min()) for band in bands)
    highest = max(float(band.mean.max()) for band in bands)
    return around(lowest, highest) if y == "val_accuracy" else about(lowest, highest)


def stretched(axes: Axes, which: str, limits: Limits) -> None:
    """A logit scale, on which 98 and 99 % are as far apart as 50 and 67 %."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    axes.set(**{f"{which}scale": "logit", f"{which}lim": limits})
    ticks = [tick for tick in TICKS if limits[0] <= tick <= limits[1]]
    if len(ticks) < 3:
        found = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(*limits)
        ticks = [float(tick) for tick in found if limits[0] <= tick <= limits[1]]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 6):g}"))


def logarithmic(axes: Axes, limits: Limits) -> None:
    """A logarithmic y axis with ticks at 1, 2 and 5, or 1 and 3, or powers of ten: six at most."""
    axes.set(yscale="log", ylim=limits)
    powers = range(math.floor(math.log10(limits[0])), math.ceil(math.log10(limits[1])) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        every = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in every if limits[0] <= tick <= limits[1]]
        if len(ticks) <= MOST_TICKS:
            break
    axes.yaxis.set_major_locator(FixedLocator(ticks[:: math.ceil(len(ticks) / MOST_TICKS) or 1]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


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
    """From and to where all but half a percent of each histogram lies, at either end."""
    lows, highs = [], []
    for each in histograms:
        total = np.cumsum(each.counts) / each.counts.sum()
        lows.append(each.low + each.width * np.searchsorted(total, 0.005, side="right"))
        highs.append(each.low + each.width * (1 + np.searchsorted(total, 0.995)))
    return float(min(lows, default=0)), float(max(highs, default=1))
