"""`nnbasic train`: build the network that a config describes, train it, leave a record."""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import (
    ConfigCommand,
    complete_run,
    config_option,
    curve_option,
    data_option,
    fail_under_option,
    json_option,
    no_sync_option,
    runs_option,
    set_option,
    trust_option,
)


@click.command(cls=ConfigCommand)
@config_option
@set_option
@click.option("--seed", type=int, metavar="N", help="Short for --set seed=N.")
@click.option("--epochs", type=int, metavar="N", help="Short for --set epochs=N.")
@click.option("--name", metavar="NAME", help="What to call the run.  [default: the config's name]")
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=complete_run,
    help="Go on exactly where RUN stopped: an id, its beginning, a name or a directory.",
)
@runs_option
@data_option
@fail_under_option
@curve_option
@trust_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@no_sync_option
@json_option
def train(**options: Any) -> int:
    """Train a network and leave its record in ./runs.

    \b
    nnbasic train --config relu
    nnbasic train --config my.yaml --set optimizer.lr=0.05 --seed 3 --name slower
    nnbasic train --resume slower
    """
    from nnbasic.cli import training

    return training.train(**options)
