"""How figures look: the one palette, and which colour each activation has wherever it is drawn.

This module loads no matplotlib.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple

PANEL, INK, MUTED, LINE = "#ffffff", "#16191d", "#565f6b", "#d9dde3"

SERIES = ("#0072b2", "#d55e00", "#00845f", "#a9467f", "#86690a", "#4a4f57")

DASHES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.2)),
    (0, (1.2, 1)),
    (0, (6, 1.2, 1.2, 1.2)),
    (0, (2.5, 1)),
    (0, (9, 1.5)),
)
"""A second sign for each of `SERIES`, for readers who cannot tell their colours apart."""

TEXT = 9.0
"""Points, of all text but titles."""

SETTINGS: Any = {
    "text.parse_math": False,  # a name may hold dollars
    "font.size": TEXT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.titlesize": TEXT + 1,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": LINE,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": PANEL,
    "legend.frameon": False,
    "legend.handlelength": 2.6,  # or dashes look alike
    "lines.linewidth": 1.8,
    "pdf.fonttype": 42,  # fonts are embedded as such, and text in an SVG stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "nnbasic",
}
"""matplotlib's settings, while a figure is drawn and while it is written."""


class Look(NamedTuple):
    """The number of a colour among `SERIES`, and of a dash among `DASHES`."""

    series: int
    dash: int

    @property
    def colour(self) -> str:
        return SERIES[self.series]

    @property
    def line(self) -> dict[str, Any]:
        """The options of a line."""
        return {"color": self.colour, "linestyle": DASHES[self.dash]}


RELATIVES = (
    ("relu", "prelu"),
    ("sigmoid", "step", "identity"),
    ("elu", "selu"),
    ("tanh", "hard_tanh", "softsign"),
    ("leaky_relu", "softplus", "maxout"),
    ("gelu", "silu", "mish"),
)
"""Activations that have one of `SERIES` each; relatives have the same colour and another dash."""

ACTIVATIONS = {
    name: Look(series, (series + place) % len(DASHES))
    for series, names in enumerate(RELATIVES)
    for place, name in enumerate(names)
}


def looks(values: Iterable[str]) -> dict[str, Look]:
    """A look for each of ``values``, such as ``relu``, ``leaky_relu slope=0.2`` or ``he``.

    An activation has its own, or if that is taken another dash of its colour. Other values get
    the colours that are free, in order.
    """
    chosen: dict[str, Look] = {}
    own = {value: ACTIVATIONS.get(value.partition(" ")[0]) for value in values}
    for value, look in sorted(own.items(), key=lambda item: item[1] is None):
        if look is not None:
            wanted = [Look(look.series, (look.dash + n) % len(DASHES)) for n in range(len(DASHES))]
        else:
            used = {look.series for look in chosen.values()}
            wanted = [Look(n, (n + m) % len(DASHES)) for m, n in product(range(6), range(6))]
            wanted.sort(key=lambda look: look.series in used)
        chosen[value] = next((look for look in wanted if look not in chosen.values()), wanted[0])
    return {value: chosen[value] for value in own}
