"""`nnbasic activations`: what there is to choose from, in figures and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import ends_in


def complete_activation(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of activations that begin with ``incomplete``."""
    from nnbasic.model import ACTIVATIONS

    return [CompletionItem(name) for name in ACTIVATIONS if name.startswith(incomplete)]


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_activation)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=ends_in(".png", ".svg"),
    help="Draw each function and its derivative into a .png or .svg file.",
)
def activations(**options: Any) -> None:
    """Show the activations: formula, range, derivative, options.

    All of them, or those that are named.
    """
    from nnbasic.cli import activation_table

    activation_table.activations(**options)
