"""The ways to compare rows that `nnbasic compare` did not take, to be measured beside its own.

Each takes accuracies (rows, seeds) and says of each two rows whether they differ, at 5 % for all
pairs together: (pairs,) of bool, in the order of `itertools.combinations`.
"""

import functools
import itertools
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from nnbasic.compare.distributions import trigamma_inverse
from nnbasic.compare.significance import image_floor, rank, significant

Method = Callable[[np.ndarray], np.ndarray]

IMAGES = 5000
"""How many validation images an accuracy is a share of."""

MODERATED = "moderated t, paired"


def moderated(x: np.ndarray) -> np.ndarray:
    (ranking,) = rank((x, image_floor(np.full(len(x), IMAGES))))
    return np.array([significant(contrast.p) for contrast in ranking.contrasts])


def sign_flip(x: np.ndarray) -> np.ndarray:
    """Exact and paired, by all combinations of signs."""
    signs = np.array(list(itertools.product((-1, 1), repeat=x.shape[1])))
    sums = np.abs(np.rint(differences(x) * IMAGES) @ signs.T)
    return holm((sums >= sums[:, -1:]).mean(axis=1))


def paired(x: np.ndarray) -> np.ndarray:
    d, n = differences(x), x.shape[1]
    return by_t(d.mean(axis=1), d.var(axis=1, ddof=1) / n, n - 1)


def welch(x: np.ndarray) -> np.ndarray:
    n = x.shape[1]
    a, b = (x.var(axis=1, ddof=1)[row] / n for row in rows_of_pairs(len(x)))
    freedom = (a + b) ** 2 / np.maximum((a**2 + b**2) / (n - 1), 1e-300)
    return by_t(differences(x).mean(axis=1), a + b, np.maximum(freedom, n - 1))


def pooled(x: np.ndarray) -> np.ndarray:
    k, n = x.shape
    return by_t(differences(x).mean(axis=1), 2 * x.var(axis=1, ddof=1).mean() / n, k * (n - 1))


def block_anova(x: np.ndarray) -> np.ndarray:
    """As pooled, with what a seed does to all rows taken off."""
    k, n = x.shape
    rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    freedom = (k - 1) * (n - 1)
    return by_t(differences(x).mean(axis=1), 2 * (rest**2).sum() / freedom / n, freedom)


def tukey(x: np.ndarray) -> np.ndarray:
    k, n = x.shape
    error = np.sqrt(x.var(axis=1, ddof=1).mean() / n)
    return np.abs(differences(x).mean(axis=1)) > studentized_range(k, k * (n - 1)) * error


def games_howell(x: np.ndarray) -> np.ndarray:
    k, n = x.shape
    a, b = (x.var(axis=1, ddof=1)[row] / n for row in rows_of_pairs(k))
    freedom = np.maximum((a + b) ** 2 / np.maximum((a**2 + b**2) / (n - 1), 1e-300), n - 1)
    limits = np.array([studentized_range(k, round(f * 4) / 4) for f in freedom])
    return np.abs(differences(x).mean(axis=1)) > limits * np.sqrt((a + b) / 2)


def smyth(x: np.ndarray) -> np.ndarray:
    """The moderated t as published, but that half of what is borrowed counts.

    Of the variances none is raised before the fit, and from two rows on they are shrunk.
    """
    k, n = x.shape
    d, f = differences(x), n - 1
    variances = np.maximum(d.var(axis=1, ddof=1), 1 / (6 * IMAGES**2))
    logs = np.log(variances) - special.digamma(f / 2) + np.log(f / 2)
    spread = logs.var(ddof=1) - special.polygamma(1, f / 2) if len(d) > 1 else 0.0
    prior, common = np.inf, variances.mean()
    if spread > 0:
        half = trigamma_inverse(float(spread))
        prior = 2 * half
        common = np.exp(logs.mean() + special.digamma(half) - np.log(half))
    prior = min(prior, (k - 1) * f)
    squares = (prior * common + f * variances) / (prior + f) / n
    return by_t(d.mean(axis=1), squares, f + prior / 2)


METHODS: dict[str, Method] = {
    "sign-flip": sign_flip,
    "paired t": paired,
    "Welch": welch,
    "pooled t": pooled,
    "Tukey": tukey,
    "Games–Howell": games_howell,
    "block ANOVA": block_anova,
    "Smyth's": smyth,
    MODERATED: moderated,
}


def differences(x: np.ndarray) -> np.ndarray:
    first, second = rows_of_pairs(len(x))
    return x[second] - x[first]


def rows_of_pairs(rows: int) -> np.ndarray:
    return np.array(list(itertools.combinations(range(rows), 2))).T


def by_t(means: np.ndarray, squares: np.ndarray, freedom: np.ndarray | int) -> np.ndarray:
    errors = np.sqrt(np.maximum(squares, 1e-300))
    return holm(2 * stats.t.sf(np.abs(means) / errors, freedom))


def holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    small = p[order] * np.arange(len(p), 0, -1) < 0.05
    found = np.zeros(len(p), bool)
    found[order] = np.logical_and.accumulate(small)
    return found


@functools.cache
def studentized_range(rows: int, freedom: float) -> float:
    return float(stats.studentized_range.ppf(0.95, rows, freedom))
