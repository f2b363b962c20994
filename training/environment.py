"""What a result may depend on besides its config: code, versions, machine, threads."""

import contextlib
import functools
import hashlib
import importlib.metadata
import platform
import socket
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from nnbasic.configs.plugins import PluginError, file_sha256
from nnbasic.model.blas import loaded
from nnbasic.training.machine import cores, processor
from nnbasic.training.record import Record

HERE = Path(__file__)

COMPUTING = ("python", "numpy", "blas", "kernels")
"""The `versions` that may change the last bits."""


def now() -> str:
    """The present time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@functools.cache
def code_sha256() -> str:
    """Hash of the code that computes: runs with equal hashes, configs, plugins and data are alike.

    It is over the files of `nnbasic.model` and `nnbasic.data`, whole rooms so that a new file
    cannot be forgotten, and the three files of this room that train. What reads configs is left
    out, because the complete config is compared itself; so is all that shows, finds, compares or
    documents runs.
    """
    rooms = HERE.parent.with_name("model"), HERE.parent.with_name("data")
    files = [file for room in rooms for file in sorted(room.glob("*.py"))]
    files += [HERE.with_name(name) for name in ("parallel.py", "session.py", "trained.py")]
    hashes = [
        f"{file.parent.name}/{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}"
        for file in files
    ]
    return hashlib.sha256("\n".join(hashes).encode(errors="replace")).hexdigest()


def plugins_sha256(plugins: Iterable[str]) -> dict[str, str]:
    """The hash of each plugin's file; of one that is not there any more, its name."""
    hashes = {plugin: plugin for plugin in plugins}
    for plugin in hashes:
        with contextlib.suppress(PluginError, ValueError):  # ValueError: it cannot be a path
            hashes[plugin] = file_sha256(Path(plugin))
    return hashes


def versions() -> dict[str, str | None]:
    """Versions of Python, NumPy, its BLAS with its kernels, and nnbasic; a checkout's commit."""
    build: Any = np.show_config(mode="dicts")
    built_with = build.get("Build Dependencies", {}).get("blas", {})
    # NumPy's own is loaded before SciPy's
    library = next(iter(loaded().select(user_api="blas").lib_controllers), None)
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{built_with.get('name', 'unknown')} {built_with.get('version', '')}".strip(),
        "kernels": library and library.info().get("architecture"),
        "nnbasic": importlib.metadata.version("nnbasic"),
        "git_commit": _git_commit(),
    }


@functools.cache
def _git_commit() -> str | None:
    """The commit of the checkout that this code runs from; None where it is installed."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(HERE.resolve().parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", HERE.name)  # not of a checkout that merely holds it
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.CalledProcessError):
        return None


def machine() -> dict[str, Any]:
    """The computer: host name, system, processor and the cores this process may use."""
    return {
        "host": socket.gethostname(),
        "system": platform.platform(terse=True),
        "processor": processor().get("model name") or platform.processor() or platform.machine(),
        "cores": cores(),
    }


def blas_threads() -> int:
    """How many threads the BLAS of NumPy has now, at most one per core.

    Where threadpoolctl does not know the BLAS, as with Apple's Accelerate, one per core.
    """
    pools = ThreadpoolController().info()
    threads = [pool["num_threads"] for pool in pools if pool["user_api"] == "blas"]
    return min(cores(), max(threads, default=cores()))


def changes(record: Record) -> list[str]:
    """What may change the last bits and is not as in ``record``: ``numpy 2.0.1, now 2.4.6``."""
    present = versions()
    pairs = {
        "code": (record.code_sha256[:8], code_sha256()[:8]),
        **{
            Path(plugin).name: (record.plugins[plugin][:8], sha256[:8])
            for plugin, sha256 in plugins_sha256(record.plugins).items()
        },
        **{name: (record.versions.get(name), present[name]) for name in COMPUTING},
        "processor": (record.machine.get("processor"), machine()["processor"]),
        "BLAS threads": (record.threads, blas_threads()),
    }
    return [f"{what} {before}, now {now}" for what, (before, now) in pairs.items() if before != now]
