"""What went wrong, at the edge of the program: one message on stderr, and an exit code."""

import contextlib
import io
import os
import sys
import traceback

import click

from nnbasic.cli.interrupts import INTERRUPTED
from nnbasic.cli.numbers import percent
from nnbasic.cli.terminal import err, lines_of

FAILED, UNUSABLE, LOW = 1, 2, 3
"""Exit codes: something broke; what the user gave cannot be used, a config, a file or a run; and
the accuracy is below ``--fail-under``."""


def report(error: Exception) -> int:
    """Print ``error``; the exit code that goes with it."""
    if isinstance(error, click.ClickException):
        message = io.StringIO()
        error.show(message)
        err(*lines_of(message.getvalue()))
        return error.exit_code
    if isinstance(error, click.Abort) and isinstance(error.__cause__, EOFError):
        err(*traced(error.__cause__))  # nothing here asks for input, but a plugin may
        return FAILED
    if isinstance(error, click.Abort):  # click's word for Ctrl-C; it has ended the line of ^C
        err("Interrupted.")
        return INTERRUPTED
    if isinstance(error, OSError) and _while_printing(error):
        err(f"Error: stdout: {error.strerror}")
        with contextlib.suppress(OSError):  # Python must not try again when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, MemoryError):
        err(*lines_of(f"Error: there is not enough memory: {error or 'for anything'}"))
        return FAILED
    # These load NumPy, which the errors above can do without.
    from nnbasic.cli.loading import advice
    from nnbasic.configs import ConfigError
    from nnbasic.data import DataError
    from nnbasic.model import LayerError
    from nnbasic.training import RunError

    if isinstance(error, (LayerError, ConfigError, DataError, RunError)):
        err(*lines_of(f"Error: {error}{advice(error)}"))
        return UNUSABLE
    err(*traced(error))
    return FAILED


def traced(error: BaseException) -> list[str]:
    """The lines of the traceback of ``error``; if a plugin is in it, the plugin's lines alone."""
    from nnbasic.configs.plugins import is_plugin

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_plugin(frame.filename)]
    if not own:
        return lines_of("".join(traceback.format_exception(error)))
    shown = [*traceback.format_list(own), *traceback.format_exception_only(error)]
    return ["Error in a plugin:", *lines_of("".join(shown))]


def low(accuracy: float | None, bound: float | None, what: str) -> int:
    """The exit code of ``--fail-under``; that ``accuracy`` is below ``bound`` is said."""
    if bound is None or (accuracy is not None and accuracy >= bound):
        return 0
    err(f"{what} {percent(accuracy)} % is below {percent(bound)} %")
    return LOW


def _while_printing(error: OSError) -> bool:
    """Whether `click.echo` raised ``error``: help and everything else is printed with it."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_code is click.echo.__code__ for frame in frames)
