"""matplotlib's SVG, made part of a page: in the page's font and in its colours, light or dark.

A figure is drawn in stand-in colours, which here become the page's CSS variables. Figures are
`WIDTH` inches wide and their text is small but stays so: on a phone a figure has the whole width
of the page, on a wide screen several stand side by side.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.figure import Figure

WIDTH = 3.7

INK, MUTED, LINE, PANEL = "#010101", "#020202", "#030303", "#040404"
SERIES = tuple(f"#0500{number:02x}" for number in range(6))
DASHES = ("-", (0, (4, 1.2)), (0, (1.2, 1)), (0, (6, 1.2, 1.2, 1.2)), (0, (2.5, 1)), (0, (9, 1.5)))
"""A second sign for each of `SERIES`, for who cannot tell their colours apart."""

_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", PANEL: "panel"} | {
    colour: f"series-{number + 1}" for number, colour in enumerate(SERIES)
}
_STYLE = {
    "svg.fonttype": "none",  # text stays text, in the page's font
    "svg.hashsalt": "nnbasic",
    "text.parse_math": False,  # a name may hold dollars
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "ytick.minor.size": 0,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    "legend.borderaxespad": 0.2,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
}


def depth(number: int, count: int) -> str:
    """The stand-in for layer ``number`` of ``count``, on a ramp from the first to the last."""
    return f"#0600{round(100 * number / max(count - 1, 1)):02x}"


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw and write figures within this."""
    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]
        yield


def panels(
    height: float, rows: int = 1, columns: int = 1, *, left: float, bottom: float, **options: Any
) -> tuple[Figure, Any]:
    """A figure of ``height`` inches with a grid of axes, shape (rows, columns).

    ``left`` and ``bottom`` are margins in inches: set, not sought, which takes a tenth of the
    time and makes figures that stand side by side alike.
    """
    figure = Figure(figsize=(WIDTH, height))
    figure.subplots_adjust(
        left=left / WIDTH, right=1 - 0.2 / WIDTH, bottom=bottom / height, top=1 - 0.28 / height
    )
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def svg(figure: Figure, description: str) -> Markup:
    """The figure as an element of an HTML page; ``description`` is for who cannot see it."""
    file = StringIO()
    figure.savefig(file, format="svg", transparent=False)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # equal in all figures, and used by nothing
    text = re.sub(r" transform=\"rotate\(-0 [^\"]*\"", "", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r'(?<= )(d|x|y|points|transform)="[^"]*"', _rounded, text)
    text = re.sub(r"(?:(?<=fill: )|(?<=stroke: ))#[0-9a-f]{6}", _of_page, text)
    text = re.sub(r">\s+<", "><", text)
    width, height = 72 * figure.get_size_inches()
    head = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(description)}"'
    return Markup(re.sub(r"<svg[^>]*", lambda _: head, text, count=1))


def _rounded(match: re.Match[str]) -> str:
    attribute = re.sub(r"\s+", " ", match[0])
    return re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.1f}", attribute)


def _of_page(match: re.Match[str]) -> str:
    colour = match[0]
    if colour.startswith("#0600"):
        return f"color-mix(in oklab, var(--last) {int(colour[5:], 16)}%, var(--first))"
    return f"var(--{_VARIABLES[colour]})" if colour in _VARIABLES else colour
