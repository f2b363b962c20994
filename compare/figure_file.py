"""One figure in a file of its own, for a slide or a paper: PDF, SVG or PNG."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnbasic.compare.style import SETTINGS
from nnbasic.training.storage import RunError, needs_extra, run_error, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnbasic.compare.comparison import Comparison

KINDS = {
    "curves": ("figures.curves", "metrics of two epochs"),
    "map": ("figures.accuracy_map", "rows that differ"),
    "effects": ("figures.effects", "two rows that are ranked"),
    "seeds": ("figures.seeds", "validation accuracies"),
    "layers": ("network_figures.gradients", "diagnostics of any layer"),
    "histograms": ("network_figures.histograms", "diagnostics of any layer"),
    "rates": ("figures.rates", "a learning rate that was searched"),
    "confusion": ("network_figures.confusion", "predictions of the test images"),
}
"""The figures by name, the function that draws each, and what a comparison must have for it."""

DPI = 480
"""Dots per inch of a PNG."""

MOST_PIXELS = 4000


def check(what: str = "figures", packages: Sequence[str] = ("matplotlib",)) -> None:
    """RunError if one of ``packages`` is missing, which ``what`` needs."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError:
            raise RunError(needs_extra(what, "report")) from None


def write(comparison: Comparison, kind: str, file: Path) -> None:
    """Write the figure ``kind``, one of `KINDS`, to ``file``.

    RunError if ``comparison`` has nothing to draw, or ``file`` cannot be written.
    """
    figure = drawn(comparison, kind)
    if figure is None:
        raise RunError(f"--figure {kind}: these runs do not have {KINDS[kind][1]}")
    save(figure, file)


def drawn(comparison: Comparison, kind: str) -> Figure | None:
    """The figure ``kind``, or None if ``comparison`` has nothing to draw."""
    from nnbasic.compare.plotting import draw

    module, _, function = KINDS[kind][0].partition(".")
    figures = importlib.import_module(f"nnbasic.compare.{module}")
    return draw(getattr(figures, function), comparison)


def save(figure: Figure, file: Path) -> None:
    """Write ``figure`` as PDF, SVG or PNG, by the suffix of ``file``; RunError if it cannot be."""
    content = encoded(figure, file.suffix[1:].lower())
    with run_error(file, "the figure cannot be written"):
        write_bytes(file, content)


def encoded(figure: Figure, form: str) -> bytes:
    """``figure`` as ``form``, pdf, svg or png: the same figure gives the same bytes."""
    import matplotlib

    from nnbasic.compare import fonts

    content = io.BytesIO()
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form)
    dots = min(DPI, MOST_PIXELS / max(figure.get_size_inches()))
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        fonts.arrange(figure)
        figure.savefig(content, format=form, dpi=dots, metadata=undated)
    return content.getvalue()
