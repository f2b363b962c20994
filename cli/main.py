"""The `nnbasic` command: the group, its commands, and where every error ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from nnbasic.cli.activations import activations
from nnbasic.cli.compare import compare
from nnbasic.cli.configs import configs
from nnbasic.cli.data import data
from nnbasic.cli.draw import draw
from nnbasic.cli.eval import evaluate
from nnbasic.cli.export import export
from nnbasic.cli.gradcheck import gradcheck
from nnbasic.cli.predict import predict
from nnbasic.cli.runs import runs
from nnbasic.cli.sweep import sweep
from nnbasic.cli.terminal import open_standard_streams, warn
from nnbasic.cli.train import train
from nnbasic.training import kernels

kernels.prepare()  # before anything loads NumPy
# Processes that a library starts, as multiprocessing does, import nothing from this folder either.
os.environ.setdefault("PYTHONSAFEPATH", "1")


class CommandLine(click.Group):
    """The group whose commands return their exit codes, and whose errors become messages."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        run: Callable[[], Any] = partial(
            super().main, args, prog_name, complete_var, standalone_mode=False, **extra
        )
        if not standalone_mode:
            return run()
        open_standard_streams()
        if kernels.spare_threads():
            warn("no thread can be started here, so NumPy computes with one")
        try:
            code = run()
        except Exception as error:
            from nnbasic.cli.failures import report

            code = report(error)
        sys.exit(code or 0)


@click.group(cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nnbasic")
def main() -> None:
    """Train MNIST networks in NumPy and see what the activation and the initialisation did."""


for command in (
    *(train, evaluate, predict, draw, export, sweep, compare, runs),
    *(configs, data, activations, gradcheck),
):
    main.add_command(command)
