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
    """The cores' worth of time that the control groups of this process grant; None: no limit.

    Linux, cgroup v2 (``cpu.max``) and v1 (``cpu.cfs_quota_us``): the least of the process's own
    group and those above it. ``root`` is where ``proc`` and ``sys`` are.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    mounted = root / "sys/fs/cgroup"
    shares = []
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            shares += [_share(folder / "cpu.max") for folder in _upwards(mounted, path)]
        elif "cpu" in controllers.split(","):
            for folder in _upwards(mounted / controllers, path):
                shares.append(_share(folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"))
    return min((share for share in shares if share is not None), default=None)


def _upwards(mounted: Path, path: str) -> Iterator[Path]:
    """The folder of the group ``path`` and those above it; some may not be visible from here."""
    group = PurePosixPath(path.lstrip("/"))
    yield mounted / group
    yield from (mounted / above for above in group.parents)


def _share(*files: Path) -> float | None:
    """Quota over period, which stand in one file or in two; None without a limit."""
    try:
        limit, period = " ".join(file.read_text() for file in files).split()
        return int(limit) / int(period) if int(limit) > 0 else None  # -1 is v1's "no limit"
    except (OSError, ValueError, ZeroDivisionError):  # not there; "max", v2's "no limit"
        return None
