"""`nnbasic sweep`: every combination of choices, with the same seeds in each."""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import (
    ConfigCommand,
    config_option,
    data_option,
    json_option,
    no_sync_option,
    runs_option,
    set_option,
)


@click.command(cls=ConfigCommand)
@config_option
@set_option
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=VALUE,...",
    help="A config key and its values; several --vary are combined each with each.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Runs of each combination, from the config's seed upwards.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Runs at a time, each with one BLAS thread.  [default: one per core]",
)
@click.option(
    "--dask", metavar="ADDRESS", help="Train on this Dask cluster, as in tcp://host:8786."
)
@click.option(
    "--lr-search",
    is_flag=True,
    help="First choose each combination's learning rate, on validation data with other seeds.",
)
@runs_option
@data_option
@json_option
@no_sync_option
def sweep(**options: Any) -> int:
    """Train every combination of choices with the same seeds.

    The same command again goes on where it stopped: finished runs are kept, interrupted ones
    resumed, failed ones repeated. It ends with what `nnbasic compare` says of these runs.

    \b
    nnbasic sweep --config relu --vary activation=tanh,relu --vary init=xavier,he
    """
    from nnbasic.cli import sweeping

    return sweeping.sweep(**options)
