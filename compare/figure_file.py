"""One figure in a file of its own, for a slide or a paper: PDF, SVG or PNG."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nnbasic.compare.runs import RunError
from nnbasic.compare.style import SETTINGS
from nnbasic.data.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnbasic.compare.comparison import Comparison

KINDS = {
    "curves": "metrics of any epoch",
    "map": "rows that differ",
    "effects": "two rows that are ranked",
    "seeds": "validation accuracies",
    "layers": "diagnostics of any layer",
    "histograms": "diagnostics of any layer",
    "rates": "a learning rate that was searched",
    "confusion": "predictions of the test images",
}
"""The figures by name, and what a comparison must have for each of them."""

DPI = 480
"""Dots per inch of a PNG."""

MOST_PIXELS = 4000


def check() -> None:
    """RunError if the extra that figures need is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise missing("a figure", error) from None


def missing(what: str, error: ImportError) -> RunError:
    """What to say where the extra is missing that ``what`` needs."""
    return RunError(
        f"{what} needs {error.name}, which is not installed: pip install"
        ' "nnbasic[report]", or in a checkout pip install ".[report]"'
    )


def write(comparison: Comparison, kind: str, file: Path) -> None:
    """Write the figure ``kind``, one of `KINDS`, to ``file``.

    RunError if ``comparison`` has nothing to draw, or ``file`` cannot be written.
    """
    check()
    from nnbasic.compare.figures import FIGURES

    figure = FIGURES[kind](comparison)
    if figure is None:
        raise RunError(f"--figure {kind}: these runs do not have {KINDS[kind]}")
    save(figure, file)


def save(figure: Figure, file: Path) -> None:
    """Write ``figure`` as PDF, SVG or PNG, by the suffix of ``file``; RunError if it cannot be."""
    content = encoded(figure, file.suffix[1:].lower())
    try:
        with replacing(file) as stream:
            stream.write(content)
    except OSError as error:
        raise RunError(f"{file}: the figure cannot be written: {error.strerror}") from error


def encoded(figure: Figure, form: str) -> bytes:
    """``figure`` as ``form``, pdf, svg or png: the same figure gives the same bytes."""
    import matplotlib

    content = io.BytesIO()
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form)
    dots = min(DPI, MOST_PIXELS / max(figure.get_size_inches()))
    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        figure.savefig(content, format=form, dpi=dots, metadata=undated)
    return content.getvalue()
