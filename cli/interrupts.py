"""What Ctrl-C, SIGTERM and a closed terminal do to a command that is running."""

import contextlib
import signal
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Event = TypeVar("Event")

INTERRUPTED = 130
"""The exit code of an interrupted command: 128 plus the number of SIGINT, as in a shell."""

PATIENCE = 1.0
"""Seconds after an interrupt in which further signals are ignored."""


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
