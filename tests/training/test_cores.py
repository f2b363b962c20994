"""The number of cores."""

from __future__ import annotations

import subprocess
import sys


def test_a_process_on_one_core_has_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
        " from nnbasic.training.cores import cores; print(cores())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "1\n"
