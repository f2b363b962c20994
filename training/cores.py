"""How many cores this process may use: by its affinity and by a container's quota."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def cores() -> int:
    """The cores that this process may use, at least 1.

    A quota of two and a half cores counts as three: one of them is idle for half of the time.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    share = quota()
    return allowed if share is None else max(1, min(allowed, math.ceil(share)))


def quota(root: Path = Path("/")) -> float | None:
    """The cores' worth of time that the control groups of this process, such as a container's,
    allow it; None: no limit. ``root`` is where ``proc`` and ``sys`` are.
    """
    limits = [limit for limit in _limits(root) if min(limit) > 0]  # v1: -1 is none
    return min((time / period for time, period in limits), default=None)


def _limits(root: Path) -> Iterator[list[int]]:
    """Microseconds and the period in the files of the process's own group and those above it.

    The files of cgroup v1 and v2 have different names. A group without a limit has no number
    there, and some groups may not be visible from here.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        names = ["cpu.cfs_quota_us", "cpu.cfs_period_us"] if controllers else ["cpu.max"]
        group = PurePosixPath(path.lstrip("/"))
        for folder in (group, *group.parents):
            files = [root / "sys/fs/cgroup" / controllers / folder / name for name in names]
            try:
                yield [int(word) for file in files for word in file.read_text().split()]
            except (OSError, ValueError):  # not there; "max", v2's "no limit"
                continue
