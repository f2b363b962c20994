"""`nnbasic gradcheck`: is the gradient that training uses the gradient of the loss?"""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import ConfigCommand, config_option, set_option


@click.command(cls=ConfigCommand)
@config_option
@set_option
def gradcheck(**options: Any) -> int:
    """Compare a network's gradient with central differences.

    The network is the config's before its first step, in float64, with random inputs; up to 100
    entries of each parameter are compared. The exit code is 1 if any parameter's relative error
    is above the tolerance.
    """
    from nnbasic.cli import gradients

    return gradients.check(**options)
