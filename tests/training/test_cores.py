"""The number of cores, by affinity and by a quota."""

from __future__ import annotations

import math
import os
import subprocess
import sys

from nnbasic.configs.cgroups import quota
from nnbasic.training.cores import cores


def test_cores_follow_the_affinity_and_the_quota() -> None:
    share = quota()
    allowed = len(os.sched_getaffinity(0))
    assert cores() == (allowed if share is None else max(1, min(allowed, math.ceil(share))))
    one = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
    command = [
        sys.executable,
        "-c",
        f"{one} from nnbasic.training.cores import cores; print(cores())",
    ]
    assert subprocess.check_output(command, text=True) == "1\n"
