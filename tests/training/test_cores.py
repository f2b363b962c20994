"""The number of cores."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.cores import cores, quota

V1 = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/docker/abc\n"


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


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {}, None),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5),
        ("0::/a/b\n", {"a/b/cpu.max": "100000 100000\n", "a/cpu.max": "300000 100000\n"}, 1),
        # seen from within a container the path may be the host's, and only the top is mounted
        ("0::/system.slice/x\n", {"cpu.max": "200000 100000\n"}, 2),
        (V1, {}, None),
        (
            V1,
            {
                "cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "-1\n",
                "cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        (
            V1,
            {
                "cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
                "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            2.5,
        ),
        ("0::/\n", {"cpu.max": "nonsense\n"}, None),
        ("0::/\n", {"cpu.max": "1 0\n"}, None),
    ],
)
def test_quota(tmp_path: Path, groups: str, files: dict[str, str], expected: float | None) -> None:
    written = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, content in {"proc/self/cgroup": groups, **written}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    assert quota(tmp_path) == expected


def test_no_limit_where_there_is_no_proc(tmp_path: Path) -> None:
    assert quota(tmp_path) is None
