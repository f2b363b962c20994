"""`nnbasic activations`: what there is to choose from, in figures and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import FIGURES, ends_in


def complete_activation(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of activations that begin with ``incomplete``."""
    from nnbasic.model import ACTIVATIONS

    return [CompletionItem(name) for name in ACTIVATIONS if name.startswith(incomplete)]


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete_activation)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Python file that registers activations; it is run. May be repeated.",
)
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    callback=ends_in(*FIGURES),
    help="Draw each function and its derivative into a .png, .svg or .pdf file.",
)
def activations(**options: Any) -> None:
    """Show the activations: formula, range, derivative, options.

    All of them, or those that are named: elu, 'elu(alpha=2)', or any form that --set takes.

    \b
    nnbasic activations relu 'leaky_relu(slope=0.2)' --plot two.pdf
    nnbasic activations my_own --plugin my_activation.py --plot own.png
    """
    from nnbasic.cli import activation_table

    activation_table.activations(**options)
