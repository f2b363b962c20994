"""What several test files use: processes that do not outlive a test, and a disk that is full."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def started(
    *command: object, hangup: signal.Handlers = signal.SIG_DFL, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """Start ``command``, with pipes for its output; it does not outlive the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A process inherits what is ignored: Ctrl-C too, where the tests run in the background.
    wanted = {signal.SIGINT: signal.SIG_DFL, signal.SIGHUP: hangup}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        process = subprocess.Popen([*map(str, command)], text=True, **(pipes | options))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes, as if the disk were full."""
    import resource  # not on Windows

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
