"""The system calls of a command, as strace saw them, and a command in which one of them fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnbasic.training import kernels
from support import run

NAMES = ["openat", "write", "lseek", "fsync", "rename", "linkat", "link", "unlink", "unlinkat"]
NAMES += ["mkdir", "rmdir", "flock", "close"]
"""What the commands do to files."""

NAMING = {"openat", "rename", "linkat", "link", "unlink", "unlinkat", "mkdir", "rmdir"}

LINE = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<given>.*)\) += (?P<result>-?\d+).*")


def strace() -> str:
    """The program; the test is skipped without it, or where the system forbids it."""
    found = shutil.which("strace")
    if found is None or subprocess.run([found, "-o", os.devnull, "true"], check=False).returncode:
        pytest.skip("needs strace, and to be allowed to trace: apt-get install strace")
    return found


@dataclass(frozen=True)
class Call:
    """A system call: the ``number``-th of this name in its process."""

    name: str
    number: int
    given: str
    result: int
    injected: bool

    def texts(self) -> list[bytes]:
        """The strings among what it was given."""
        found = re.findall(r'"((?:\\x[0-9a-f]{2})*)"', self.given)
        return [bytes.fromhex(text.replace("\\x", "")) for text in found]

    def numbers(self) -> list[int]:
        return [int(word) for word in re.findall(r"(?<![\w\"])-?\d+(?![\w\"])", self.given)]


def traced(words: Sequence[str], log: Path, *options: str) -> tuple[int, str, list[Call]]:
    """Run `nnbasic` with ``words`` under strace: exit code, stderr and calls of its process.

    A process that was killed has the exit code of a shell, 128 more than the signal.
    """
    before = [strace(), "-f", "-qq", "-xx", "-s", "10000000", "-o", str(log), *options]
    before += [f"--trace={','.join(NAMES)}"]
    if not any("signal" in option for option in options):
        before += ["--seccomp-bpf"]  # much faster, but it injects no signals
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_CORETYPE": kernels.in_use() or "",  # or its bits may be others than here
    }
    said = run(*words, before=before, env=environment)
    code = said.code if said.code >= 0 else 128 - said.code
    return code, said.err, list(parsed(log.read_text()))


def parsed(log: str) -> Iterator[Call]:
    """The calls of the first process in ``log`` that strace has seen the end of."""
    counts: Counter[str] = Counter()
    first = log.partition(" ")[0]
    for line in log.splitlines():
        match = LINE.fullmatch(line)
        if match and match["pid"] == first:
            name = match["name"]
            counts[name] += 1
            result, injected = int(match["result"]), "INJECTED" in line
            yield Call(name, counts[name], match["given"], result, injected)


def touching(calls: list[Call], folder: Path) -> list[Call]:
    """Those of ``calls`` that name something in ``folder``, or use a file that is open there."""
    inside = os.fsencode(folder)
    found, ours = [], set()
    for call in calls:
        named = any(text.startswith(inside) for text in call.texts())
        opened = call.numbers()[:1] and call.numbers()[0] in ours
        if call.name == "openat" and call.result >= 0:
            (ours.add if named else ours.discard)(call.result)
        if named if call.name in NAMING - {"unlinkat"} else named or opened:
            found.append(call)
    return found
