"""How many cores this process may use: by its affinity and by a container's quota."""

from __future__ import annotations

import math
import os

from nnbasic.configs import cgroups


def cores() -> int:
    """The cores that this process may use, at least 1.

    A quota of two and a half cores counts as three: one of them is idle for half of the time.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    share = cgroups.quota()
    return allowed if share is None else max(1, min(allowed, math.ceil(share)))
