"""`nnbasic draw`: a page on which one draws, and networks answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnbasic.cli.options import complete_run, data_option, ends_in, runs_option, trust_option


@click.command()
@click.argument("names", nargs=-1, metavar="[RUN]...", shell_complete=complete_run)
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("page.html"),
    show_default=True,
    callback=ends_in(".html", ".htm"),
    help="Where to write the page.",
)
@runs_option
@data_option
@trust_option
def draw(**options: Any) -> None:
    """Make a page to draw digits on.

    It shows what each RUN answers at each stroke, and what happens in its layers. It is one HTML
    file that needs no network: open it, mail it, put it on a phone. A RUN is an id, its beginning,
    a name or a directory.  [default: the newest run]

    \b
    nnbasic draw relu sigmoid tanh --output page.html
    """
    from nnbasic.cli import drawing_page

    drawing_page.draw(**options)
