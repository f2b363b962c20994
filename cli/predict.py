"""`nnbasic predict`: which digits are in these pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.options import json_option, run_ids, runs_option, trust_option


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The ids of runs that begin with ``incomplete``, and files."""
    runs = run_ids(ctx.params.get("runs_dir") or Path("runs"), incomplete) if incomplete else []
    return [*runs, CompletionItem(incomplete, type="file")]


@click.command()
@click.argument(
    "arguments", nargs=-1, required=True, metavar="[RUN]... FILE...", shell_complete=complete
)
@click.option("--split", is_flag=True, help="Read several digits from one picture, line by line.")
@click.option("--show", is_flag=True, help="Print the pixels that the network is given.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
@runs_option
@trust_option
def predict(**options: Any) -> int:
    """Read the digits in pictures.

    With the network of the newest run, or of each RUN: an id, its beginning, a name or a
    directory. A FILE is a PNG, JPEG, WebP, BMP, TIFF or GIF, an array (.npy or IDX), a folder of
    them, or - for stdin. Digits may be dark on light or light on dark, of any size, and
    photographed.

    \b
    nnbasic predict photo.jpg
    nnbasic predict relu tanh digits/ --show
    nnbasic predict --split sum.png --json
    """
    from nnbasic.cli import predicting

    return predicting.predict(**options)
