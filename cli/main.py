"""The `nnbasic` command: the group, its commands, and where every error ends."""

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from nnbasic.cli.groups import LazyGroup
from nnbasic.cli.terminal import open_standard_streams, warn
from nnbasic.training import machine

THREADS = machine.prepare()  # before anything loads NumPy
# Processes that a library starts, as multiprocessing does, import nothing from this folder either.
os.environ.setdefault("PYTHONSAFEPATH", "1")


COMMANDS = {
    "train": "Train a network and leave its record in ./runs.",
    "eval": "Evaluate a trained network.",
    "sweep": "Train every combination of choices with the same seeds.",
    "compare": "Compare runs, the repetitions of each in one row.",
    "study": "Test a claim: train what it takes, and read the verdict.",
    "runs": "List, show, tag, remove and export runs.",
    "predict": "Read the digits in pictures.",
    "draw": "Make a page to draw digits on.",
    "export": "Write the network of RUN for other programs.",
    "activations": "Show the activations: formula, range, derivative, options.",
    "gradcheck": "Compare a network's gradient with central differences.",
    "configs": "List, show and check configs.",
    "data": "Find, fetch, check and look at the images.",
}
"""The commands in the order of use, each in the file that has its name."""


class CommandLine(LazyGroup):
    """The group whose commands return their exit codes, and whose errors become messages."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        run: Callable[[], Any] = partial(super().main, *args, standalone_mode=False, **extra)
        if not standalone_mode:
            return run()
        open_standard_streams()
        if not THREADS:
            warn("no thread can be started here, so NumPy computes with one")
        try:
            with warnings.catch_warnings():
                warnings.showwarning = lambda message, *_: warn(str(message))
                code = run()
        except Exception as error:
            from nnbasic.cli.failures import report

            code = report(error)
        sys.exit(code or 0)


@click.group(
    cls=CommandLine,
    lazy={name: (name, text) for name, text in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
)
@click.version_option(package_name="nnbasic")
def main() -> None:
    """Train MNIST networks in NumPy and see what the activation and the initialisation did."""
