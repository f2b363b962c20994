"""What a result may depend on besides its config: versions, machine, threads."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nnbasic.runs.record import Record


def now() -> str:
    """The present time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def versions() -> dict[str, str | None]:
    """Versions of what computes: Python, NumPy, its BLAS, nnbasic, and the commit if known."""
    build: Any = np.show_config(mode="dicts")
    blas = build.get("Build Dependencies", {}).get("blas", {})
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "nnbasic": importlib.metadata.version("nnbasic"),
        "git_commit": git_commit(),
    }


def machine() -> dict[str, Any]:
    """The computer: host name, system, processor and the cores this process may use."""
    return {
        "host": socket.gethostname(),
        "system": platform.platform(terse=True),
        "processor": _processor(),
        "cores": cores(),
    }


def changes(record: Record) -> list[str]:
    """What may change the last bits and is not as in ``record``: ``numpy 2.0.1, now 2.4.6``."""
    before = record.versions | {
        "processor": record.machine.get("processor"),
        "BLAS threads": str(record.threads),
    }
    present = versions() | {"processor": _processor(), "BLAS threads": str(blas_threads())}
    return [
        f"{what} {before.get(what)}, now {value}"
        for what, value in present.items()
        if before.get(what) != value
    ]


def cores() -> int:
    """How many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def blas_threads() -> int:
    """How many threads the BLAS uses, as its environment variables set it, else one a core."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(variable, "").isdecimal():
            return min(int(os.environ[variable]), cores()) or cores()
    return cores()


@functools.cache
def git_commit() -> str | None:
    """The commit of the checkout that this code runs from; None where it is installed."""
    here = Path(__file__).resolve()

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)  # not of a checkout that merely holds it
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
