"""Pictures that commands draw with matplotlib, which is an extra, and write into a file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def check_matplotlib() -> None:
    """UsageError without matplotlib, before anything is done."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise click.UsageError(
            'Drawing needs matplotlib: pip install "nnbasic[report]", or in a checkout'
            ' pip install ".[report]".'
        ) from None


def write(figure: Figure, file: Path) -> None:
    """Write ``figure`` as PNG, SVG or PDF, by the suffix of ``file``."""
    content = BytesIO()
    figure.savefig(content, format=file.suffix[1:].lower(), dpi=150)
    try:
        file.write_bytes(content.getvalue())
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from error
