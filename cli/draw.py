"""`nnbasic draw`: a page on which one draws, and networks answer."""

from collections.abc import Sequence
from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.finding import find_each
from nnbasic.cli.loading import data_at_hand
from nnbasic.cli.terminal import out, warn
from nnbasic.inference import page


@click.command()
@click.argument("names", nargs=-1, metavar="[RUN]...", shell_complete=options.complete_run)
@click.option(
    "--output",
    type=options.OutputFile(".html", ".htm"),
    default=Path("page.html"),
    help="Where to write the page.",
)
@options.force
@options.runs
@options.data
@options.trust
def draw(
    names: Sequence[str],
    output: Path,
    force: bool,
    runs_dir: Path,
    data_dir: Path | None,
    trust_plugins: bool,
) -> None:
    """Make a page to draw digits on.

    It shows what each RUN answers at each stroke, and what happens in its layers. It is one HTML
    file that needs no network: open it, mail it, put it on a phone. A RUN is an id, its beginning,
    a name or a directory.  [default: the newest run]

    \b
    nnbasic draw relu sigmoid tanh --output page.html
    """
    chosen = find_each(names, runs_dir)
    dataset = data_at_hand(chosen[0].record(), data_dir)
    if isinstance(dataset, str):
        warn(f"The page has no examples: {dataset}.")
    page.write(chosen, output, dataset=dataset, trust_plugins=trust_plugins)
    size = f"{output.stat().st_size / 1e6:.1f} MB"
    out(f"The page is in {output} ({size}); open it in a browser.")
