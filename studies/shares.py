"""The share of each choice, and of the seeds, in the variance between runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnbasic.compare.factors import Choice, variance_shares
from nnbasic.model.arrays import Array

SEED = "seed"
"""What the share of chance is called among the choices."""

FEWEST_SEEDS = 3
"""Of fewer, one cannot be left out."""


def share_values(figures: Array, choices: Sequence[Choice], named: Sequence[str]) -> Array:
    """The shares of the ``named`` choices in percent, as values (named, seeds) with these means.

    ``figures`` (arms, seeds) are those of every combination of the ``choices``, in order. A share
    is one number of all runs; how much it varies with the seeds is read off what it would be
    without each of them (the pseudo-values of the jackknife, Tukey 1958, moved to this mean).
    """
    crossed = figures.reshape(*(len(values) for _, values in choices), -1)
    axes = {SEED: ()} | {key: (axis,) for axis, (key, _) in enumerate(choices)}
    seeds = crossed.shape[-1]

    def shares(runs: Array) -> list[float]:
        every = variance_shares(runs)
        return [100 * every.get(axes[name], 0.0) for name in named]

    without = np.array([shares(np.delete(crossed, seed, axis=-1)) for seed in range(seeds)]).T
    spread = (seeds - 1) * (without.mean(axis=1, keepdims=True) - without)
    values: Array = np.array(shares(crossed))[:, None] + spread
    return values
