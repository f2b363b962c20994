"""One figure in a file of its own, for a slide or a paper: PDF, SVG or PNG."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnbasic.compare.runs import RunError
from nnbasic.data.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnbasic.compare.comparison import Comparison

KINDS = {
    "curves": "metrics of any epoch",
    "map": "two choices",
    "effects": "two rows that are ranked",
    "seeds": "validation accuracies",
    "layers": "diagnostics of any layer",
}
"""The figures by name, and what a comparison must have for each of them."""

DPI = 480
"""Dots per inch of a PNG: a figure of one panel is 2,016 pixels wide."""

MOST_PIXELS = 8000


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
    figure = _drawn(comparison, kind)
    if figure is None:
        raise RunError(f"--figure {kind}: these runs do not have {KINDS[kind]}")
    save(figure, file)


def save(figure: Figure, file: Path) -> None:
    """Write ``figure`` as PDF, SVG or PNG, by the suffix of ``file``; RunError if it cannot be."""
    import matplotlib

    form = file.suffix[1:].lower()
    # without a date the same figure makes the same file; fonts are embedded as such, or stay text
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(form)
    settings: Any = {"pdf.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "nnbasic"}
    dots = min(DPI, MOST_PIXELS / max(figure.get_size_inches()))
    try:
        with matplotlib.rc_context(settings), warnings.catch_warnings(), replacing(file) as content:
            warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
            figure.savefig(content, format=form, dpi=dots, metadata=undated)
    except OSError as error:
        raise RunError(f"{file}: the figure cannot be written: {error.strerror}") from error


def _drawn(comparison: Comparison, kind: str) -> Figure | None:
    from nnbasic.compare import figures, layers
    from nnbasic.compare.entries import entries

    every = entries(comparison.rows)
    panels: dict[str, Callable[[], list[figures.Panel]]] = {
        "curves": lambda: figures.curves(every, x="epoch", y="val_accuracy", together=True),
        "map": lambda: figures.heat_maps(every),
        "effects": lambda: figures.effects(comparison.found, every),
        "seeds": lambda: figures.seeds(every),
        "layers": lambda: layers.courses(every),
    }
    return figures.side_by_side(panels[kind]())
