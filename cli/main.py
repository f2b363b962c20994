"""The `nnbasic` command: the group, its commands, and the exit codes of what goes wrong."""

from __future__ import annotations

import os
from typing import Any

import click

from nnbasic.cli.activations import activations
from nnbasic.cli.compare import compare
from nnbasic.cli.configs import configs
from nnbasic.cli.data import data
from nnbasic.cli.eval import evaluate
from nnbasic.cli.gradcheck import gradcheck
from nnbasic.cli.interrupts import INTERRUPTED
from nnbasic.cli.runs import runs
from nnbasic.cli.sweep import sweep
from nnbasic.cli.train import train

# Read when NumPy is loaded: 2^20 cycles. Else, for 25 ms after a product, the threads of the BLAS
# spin on the cores of the processes that train.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")


class InputError(click.ClickException):
    """What the user gave cannot be used: a config, a file, a run."""

    exit_code = 2


class CommandLine(click.Group):
    """The group in which the errors of the rooms become messages without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            # Imported on failure alone, so that `--help` stays free of NumPy and pydantic.
            from nnbasic.cli.loading import advice
            from nnbasic.configs import ConfigError
            from nnbasic.data import DataError
            from nnbasic.runs import RunError

            if isinstance(error, (ConfigError, DataError, RunError)):
                raise InputError(f"{error}{advice(error)}") from error
            raise


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nnbasic")
def main() -> None:
    """Train MNIST networks in NumPy and see what the activation and the initialisation did."""


for command in (train, evaluate, sweep, runs, configs, data, gradcheck, compare, activations):
    main.add_command(command)
