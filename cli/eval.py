"""`nnbasic eval`: score a trained network."""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import (
    complete_run,
    data_option,
    fail_under_option,
    json_option,
    runs_option,
    trust_option,
)


@click.command("eval")
@click.argument("run", required=False, shell_complete=complete_run)
@click.option(
    "--checkpoint",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="Best by validation accuracy, or the last epoch's.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train"]),
    default="test",
    show_default=True,
    help="Which images to score.",
)
@fail_under_option
@runs_option
@data_option
@trust_option
@json_option
def evaluate(**options: Any) -> int:
    """Score RUN: an id, its beginning, a name or a directory.  [default: the newest run]"""
    from nnbasic.cli import scoring

    return scoring.evaluate(**options)
