"""The number of cores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.cores import cores, quota

V1 = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/docker/abc\n"
CPU, QUOTA, PERIOD = "cpu,cpuacct", "cpu.cfs_quota_us", "cpu.cfs_period_us"


def test_cores_follow_the_affinity() -> None:
    one = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
    code = f"{one} from nnbasic.training.cores import cores; print(cores())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "1\n"


@pytest.mark.parametrize(("share", "expected"), [(None, 8), (2.5, 3), (0.1, 1), (99.0, 8)])
def test_cores_follow_the_quota(
    monkeypatch: pytest.MonkeyPatch, share: float | None, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("nnbasic.training.cores.quota", lambda: share)
    assert cores() == expected


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
        (V1, {f"{CPU}/docker/abc/{QUOTA}": "-1\n", f"{CPU}/docker/abc/{PERIOD}": "100000\n"}, None),
        (V1, {f"{CPU}/{QUOTA}": "250000\n", f"{CPU}/{PERIOD}": "100000\n"}, 2.5),
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
