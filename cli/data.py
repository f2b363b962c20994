"""`nnbasic data`."""

from __future__ import annotations

import click


@click.group()
def data() -> None:
    """."""
