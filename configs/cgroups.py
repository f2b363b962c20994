"""What the control groups of this process, such as a container's, allow it: Linux's limits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def quota(root: Path = Path("/")) -> float | None:
    """The cores' worth of time; None: no limit. ``root`` is where ``proc`` and ``sys`` are."""
    files = ["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
    limits = [limit for limit in _limits("cpu", *files, root) if min(limit) > 0]  # v1: -1 is none
    return min((time / period for time, period in limits), default=None)


def memory(root: Path = Path("/")) -> int | None:
    """The bytes of memory; None: no limit."""
    limits = _limits("memory", ["memory.max"], ["memory.limit_in_bytes"], root)
    return min((size for (size,) in limits), default=None)


def _limits(controller: str, v2: list[str], v1: list[str], root: Path) -> Iterator[list[int]]:
    """The numbers in the files ``v2`` or ``v1`` of the process's own group and those above it.

    The names are those of cgroup v2 and v1. A group without a limit has no number there, and some
    groups may not be visible from here.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    mounted = root / "sys/fs/cgroup"
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        group = PurePosixPath(path.lstrip("/"))
        for folder in (group, *group.parents):
            files = [mounted / controllers / folder / name for name in (v1 if controllers else v2)]
            try:
                yield [int(word) for file in files for word in file.read_text().split()]
            except (OSError, ValueError):  # not there; "max", v2's "no limit"
                continue
