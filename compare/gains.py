"""What a search for the learning rate gained: equal choices at one rate and at their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnbasic.compare.grouping import config, decisive
from nnbasic.compare.measures import Group
from nnbasic.compare.significance import Contrast, contrasts
from nnbasic.compare.standing import accuracies
from nnbasic.training.choices import RATE, SEARCHED, Scalar, Values


class Gain(NamedTuple):
    """How much better a row is with the learning rate ``searched`` than with ``fixed``.

    ``gain`` is over ``pairs`` seeds; the intervals of all rows hold together.
    """

    key: Values
    fixed: Scalar
    searched: Scalar
    gain: Contrast
    pairs: int


def gains(
    fixed: Sequence[Group], searched: Sequence[Group], seeds: Sequence[Scalar]
) -> tuple[Gain, ...]:
    """The gain of each choice that has a row in both, all over ``seeds``."""
    before, after = _by_choice(fixed), _by_choice(searched)
    both = [choice for choice in before if choice in after]
    if not both or not seeds:
        return ()
    groups = [*(before[choice] for choice in both), *(after[choice] for choice in both)]
    one = np.eye(len(both))
    tested = contrasts(np.hstack([-one, one]), *accuracies(groups, seeds))
    return tuple(
        Gain(before[choice].key, _rate(before[choice]), _rate(after[choice]), contrast, len(seeds))
        for choice, contrast in zip(both, tested.each, strict=True)
    )


def _by_choice(groups: Sequence[Group]) -> dict[frozenset[tuple[str, Scalar]], Group]:
    """Ranked groups by all that decides their results but the rate; those of one config each."""
    found: dict[frozenset[tuple[str, Scalar]], list[Group]] = {}
    for group in groups:
        configs = {config(run) for run in group.counted}
        if group.apart is None and len(configs) == 1:
            choice = frozenset(each for each in configs.pop() if each[0] not in (RATE, SEARCHED))
            found.setdefault(choice, []).append(group)
    return {choice: same[0] for choice, same in found.items() if len(same) == 1}


def _rate(group: Group) -> Scalar:
    return decisive(group.counted[0]).get(RATE)
