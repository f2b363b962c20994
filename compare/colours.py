"""The colours of figures, and which of them each activation has wherever it is drawn.

This module loads no matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

COLOURS = {
    "panel": ("#ffffff", "#181c22"),
    "ink": ("#16191d", "#e6e9ed"),
    "muted": ("#565f6b", "#a3acb8"),
    "line": ("#d9dde3", "#333b45"),
    "series-1": ("#0072b2", "#56b4e9"),
    "series-2": ("#d55e00", "#ff9248"),
    "series-3": ("#00845f", "#2fcf9f"),
    "series-4": ("#a9467f", "#f08fc4"),
    "series-5": ("#86690a", "#e3cf4a"),
    "series-6": ("#4a4f57", "#c3c8cf"),
    "layer-1": ("#cf7a00", "#ffc65c"),
    "layer-2": ("#b5723a", "#ecc280"),
    "layer-3": ("#9c6a50", "#d9bc9b"),
    "layer-4": ("#846160", "#c7b6b3"),
    "layer-5": ("#6c576b", "#b4b0c8"),
    "layer-6": ("#554b75", "#a2a8db"),
    "layer-7": ("#3f3e7c", "#909fee"),
    "layer-8": ("#2b2d83", "#7f95ff"),
}
"""Name → the colour on a light and on a dark page. No two light ones are equal."""

PANEL, INK, MUTED, LINE = (COLOURS[name][0] for name in ("panel", "ink", "muted", "line"))
SERIES = tuple(light for name, (light, _) in COLOURS.items() if name.startswith("series"))
LAYERS = tuple(light for name, (light, _) in COLOURS.items() if name.startswith("layer"))
"""A ramp from the first layer to the last, in equal steps of OKLab."""

DASHES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.2)),
    (0, (1.2, 1)),
    (0, (6, 1.2, 1.2, 1.2)),
    (0, (2.5, 1)),
    (0, (9, 1.5)),
)
"""A second sign for each of `SERIES`, for readers who cannot tell their colours apart."""


class Look(NamedTuple):
    """The number of a colour among `SERIES`, None for plain ink, and of a dash among `DASHES`."""

    series: int | None
    dash: int

    @property
    def colour(self) -> str:
        return INK if self.series is None else SERIES[self.series]


ACTIVATIONS = {
    "relu": Look(0, 0),
    "sigmoid": Look(1, 1),
    "elu": Look(2, 2),
    "tanh": Look(3, 3),
    "leaky_relu": Look(4, 4),
    "gelu": Look(5, 5),
    # relatives have the same colour and another dash
    "prelu": Look(0, 2),
    "softplus": Look(4, 0),
    "step": Look(1, 0),
    "hard_tanh": Look(3, 0),
    "softsign": Look(3, 1),
    "selu": Look(2, 0),
    "maxout": Look(4, 2),
    "silu": Look(5, 0),
    "mish": Look(5, 2),
    "identity": Look(1, 2),
}


def looks(values: Sequence[str]) -> dict[str, Look]:
    """A look for each of ``values``, such as ``relu``, ``leaky_relu slope=0.2`` or ``he``.

    An activation has its own, or if that is taken another dash of its colour. What is none gets
    colours that are free, in order.
    """
    found: dict[str, Look] = {}
    for value in values:
        own = ACTIVATIONS.get(value.partition(" ")[0])
        if own is not None:
            dashes = [own.dash, *range(len(DASHES))]
            found[value] = _free([Look(own.series, dash) for dash in dashes], found)
    for value in values:
        if value not in found:
            free = [
                n for n in range(len(SERIES)) if n not in {look.series for look in found.values()}
            ]
            every = (Look(n, (n + dash) % len(DASHES)) for dash, n in product(range(6), range(6)))
            found[value] = _free([*(Look(n, n) for n in free), *every], found)
    return {value: found[value] for value in values}


def _free(wanted: Sequence[Look], found: dict[str, Look]) -> Look:
    """The first of ``wanted`` that is not taken; the first one if all are."""
    taken = set(found.values())
    return next((look for look in wanted if look not in taken), wanted[0])
