"""What ends a command early, at the edge of the program: errors, Ctrl-C, and their exit codes."""

import contextlib
import io
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import click

from nnbasic.cli.terminal import err, lines_of

FAILED, UNUSABLE, LOW, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: something broke; what the user gave cannot be used, a config, a file or a run; the
accuracy is below ``--fail-under``; and, as in a shell, 128 plus the number of SIGINT."""

PATIENCE = 1.0
"""Seconds after an interrupt in which further signals are ignored."""

Event = TypeVar("Event")


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
    from nnbasic.cli.numbers import percent  # a mistyped command does without the record

    if bound is None or (accuracy is not None and accuracy >= bound):
        return 0
    err(f"{what} {percent(accuracy)} % is below {percent(bound)} %")
    return LOW


def _while_printing(error: OSError) -> bool:
    """Whether `click.echo` raised ``error``: help and everything else is printed with it."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(frame.f_code is click.echo.__code__ for frame in frames)


class Interrupts:
    """The handler of these signals: they raise KeyboardInterrupt.

    From the start of the loop in `until_pending`, the first of them only sets ``pending``, which
    ends the loop: an exception could come in the middle of writing a file, or get lost in a
    destructor. Signals within `PATIENCE` of the first count as the same one: people press Ctrl-C
    twice. A later one raises KeyboardInterrupt all the same: the loop may be waiting for a disk.
    """

    def __init__(self) -> None:
        self.deferred = False
        self.pending = False
        self.since = float("-inf")

    def until_pending(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass ``events`` on until a signal is pending."""
        self.deferred = True
        for event in events:
            yield event
            if self.pending:
                return

    def __call__(self, number: int, frame: Any) -> None:
        if time.monotonic() - self.since < PATIENCE:
            return
        self.since = time.monotonic()
        if not self.deferred or self.pending:
            raise KeyboardInterrupt
        self.pending = True


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Handle the signals that end a program with `Interrupts` while the block runs.

    After the first one the program is about to end, and further ones are ignored from then on:
    they would cut off its last messages, or the cleanup of the interpreter.
    """
    handler = Interrupts()
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    before = {n: known for n, known in before.items() if known != signal.SIG_IGN}  # nohup
    try:
        for number in before:
            signal.signal(number, handler)
        yield handler
    finally:
        for number, known in before.items():
            signal.signal(number, known if handler.since == float("-inf") else signal.SIG_IGN)
