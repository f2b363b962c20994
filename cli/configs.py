"""`nnbasic configs`."""

from __future__ import annotations

import click


@click.group()
def configs() -> None:
    """."""
