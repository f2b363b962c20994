"""What Ctrl-C, SIGTERM and a closed terminal do to a command that is at work."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from typing import Any

INTERRUPTED = 130
"""The exit code of what was interrupted: 128 and the number of the signal, as in a shell."""

PATIENCE = 1.0
"""Seconds in which a further signal is not a further interrupt."""


class Interrupts:
    """The handler of these signals: they raise KeyboardInterrupt.

    While ``deferred``, the first of them only sets ``pending``, for a loop to look at: an exception
    could come in the middle of writing a file, or get lost in a destructor. Signals within
    `PATIENCE` of the first are taken for the same one: people press Ctrl-C twice.
    """

    def __init__(self) -> None:
        self.deferred = False
        self.pending = False
        self.since = float("-inf")

    def __call__(self, number: int, frame: Any) -> None:
        if time.monotonic() - self.since < PATIENCE:
            return
        self.since = time.monotonic()
        if not self.deferred or self.pending:
            raise KeyboardInterrupt
        self.pending = True


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Handle the signals that end a program, as `Interrupts` says, for the length of the block.

    Once one has come the program is on its way out, and further ones are ignored to its end: they
    would break off the last words, or the interpreter's own clearing up.
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
