"""Student's t and F for any degrees of freedom, digamma and trigamma, without SciPy.

The statistics of a comparison need no more; SciPy, against which the tests hold them, has 35 MB.
"""

import functools
import math
from collections.abc import Callable

LEVEL = 0.95
"""Confidence of an interval; a p under 1 - LEVEL is significant."""

SHIFT = 12.0
"""From here on the asymptotic series of digamma and trigamma are exact to the last digits."""


def t_tail(t: float, freedom: float) -> float:
    """P(T > ``t``) for Student's T with ``freedom`` > 0 degrees of freedom, a fraction or not."""
    tail = f_tail(t * t, 1, freedom) / 2
    return tail if t >= 0 else 1 - tail


def f_tail(ratio: float, above: float, below: float) -> float:
    """P(F > ``ratio``) for a ratio of variances of ``above`` and ``below`` degrees of freedom.

    Abramowitz & Stegun 26.6.2.
    """
    whole = below + above * ratio
    return _beta(below / whole, above * ratio / whole, below / 2, above / 2)


@functools.lru_cache(maxsize=1024)  # a table asks for the same one for each of its pairs
def t_quantile(level: float, freedom: float) -> float:
    """The t with P(-t ≤ T ≤ t) = ``level``, which lies between 0 and 1."""

    def tail(angle: float) -> float:
        return t_tail(math.sqrt(freedom) * math.tan(angle), freedom)

    angle = _root(tail, (1 - level) / 2, 0.0, math.pi / 2)
    return math.sqrt(freedom) * math.tan(angle)


def digamma(x: float) -> float:
    """ψ(x), the derivative of ln Γ, for x > 0 (Abramowitz & Stegun 6.3.5 and 6.3.18)."""
    if x < SHIFT:
        return digamma(x + 1) - 1 / x
    s = 1 / (x * x)
    series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132)))))
    return math.log(x) - 0.5 / x - series


def trigamma(x: float) -> float:
    """ψ'(x), the derivative of digamma, for x > 0 (Abramowitz & Stegun 6.4.6 and 6.4.12)."""
    s = 1 / (x * x)
    if x < SHIFT:
        return trigamma(x + 1) + s
    series = s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * (5 / 66)))))
    return (1 + 0.5 / x + series) / x


def trigamma_inverse(value: float) -> float:
    """The x with ψ'(x) = ``value`` > 0; it lies where 1/x < ψ'(x) < 1/x + 1/x²."""
    return _root(trigamma, value, 1 / value, (1 + math.sqrt(1 + 4 * value)) / (2 * value))


def _root(falling: Callable[[float], float], value: float, low: float, high: float) -> float:
    """Where ``falling`` takes ``value`` between ``low`` and ``high``, to the last bit."""
    while low < (middle := (low + high) / 2) < high:
        if falling(middle) > value:
            low = middle
        else:
            high = middle
    return middle


def _beta(x: float, rest: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b); ``rest`` is 1 - x without cancellation.

    The continued fraction of Abramowitz & Stegun 26.5.8, on the side where it converges fast.
    """
    if not x or not rest:
        return x
    size = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(size + a * math.log(x) + b * math.log(rest))
    if x <= (a + 1) / (a + b + 2):
        return front / (a * _fraction(x, a, b))
    return 1 - front / (b * _fraction(rest, b, a))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d₁/(1 + d₂/(1 + …)) with the d of Abramowitz & Stegun 26.5.8, from the left (Lentz 1976).

    The product of the ratios of successive numerators (c) and denominators (d).
    """
    before, value, c, d = 0.0, 1.0, 1.0, 0.0
    m = 0
    while abs(value - before) > 1e-15 * abs(value):
        before = value
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        even = (m + 1) * (b - m - 1) * x / ((a + 2 * m + 1) * (a + 2 * m + 2))
        for term in (odd, even):
            c, d = 1 + term / c, 1 / (1 + term * d)
            value *= c * d
        m += 1
    return value
