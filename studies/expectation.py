"""What a study expects: an inequality of two arms or choices, with a bound set before any run."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from nnbasic.studies.measures import Measure

FORM = re.compile(
    r"(?P<first>\S+) (?P<operator>[-/]) (?P<second>\S+) (?P<relation>>=|<=|within) (?P<bound>\S+)"
)


@dataclass(frozen=True)
class Expectation:
    """``first - second`` or ``first / second`` is at least, at most or within a bound.

    A difference within 0.2 lies between -0.2 and 0.2, a ratio within 1.1 between 1/1.1 and 1.1.
    ``text`` is how the study states it.
    """

    text: str
    measure: Measure
    first: str
    second: str
    ratio: bool
    low: float
    high: float

    def holds(self, low: float, high: float) -> bool | None:
        """Whether all values from ``low`` to ``high`` are as expected; None if only some are."""
        if self.low <= low and high <= self.high:
            return True
        return False if high < self.low or low > self.high else None

    @property
    def bounds(self) -> list[float]:
        """The ends of what is expected, without those that bound nothing."""
        every = [self.low, self.high]
        return [end for end in every if math.isfinite(end) and (end or not self.ratio)]


def parse(text: str, measure: Measure, names: Collection[str]) -> Expectation:
    """The expectation in ``text``, such as ``sigmoid / relu >= 1.5``; ValueError if it has none.

    ``names`` are those of the arms, or of the choices.
    """
    form = FORM.fullmatch(" ".join(text.split()))
    if form is None:
        raise ValueError(
            f"{text!r} must be ARM - ARM or ARM / ARM, then >=, <= or within, and a number, as in"
            " `relu - sigmoid >= 0.5`"
        )
    first, second, ratio = form["first"], form["second"], form["operator"] == "/"
    kind = "choice" if measure.of_choices else "arm"
    for name in (first, second):
        if name not in names:
            known = f"the {kind}s are {', '.join(names)}"
            raise ValueError(f"{text!r}: there is no {kind} {name!r}; {known}")
    if first == second:
        raise ValueError(f"{text!r}: compares {first} with itself")
    if measure.of_choices and ratio:
        raise ValueError(f"{text!r}: shares of variance have differences, not ratios")
    try:
        bound = float(form["bound"])
    except ValueError:
        bound = math.nan
    margin = form["relation"] == "within"
    above = 1.0 if ratio and margin else 0.0
    if not math.isfinite(bound) or ((ratio or margin) and bound <= above):
        what = f"a number above {above:g}" if ratio or margin else "a number"
        raise ValueError(f"{text!r}: the bound must be {what}")
    low, high = (0.0 if ratio else -math.inf), bound
    if margin:
        low = 1 / bound if ratio else -bound
    elif form["relation"] == ">=":
        low, high = bound, math.inf
    return Expectation(text, measure, first, second, ratio, low, high)
