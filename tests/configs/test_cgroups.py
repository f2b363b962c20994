"""The limits of control groups of both versions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.configs.cgroups import memory, quota

V1 = "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/docker/abc\n"


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Path]:
    """Lay out a system's files: what /proc/self/cgroup says, and files under /sys/fs/cgroup."""

    def lay_out(groups: str, **files: str) -> Path:
        for name, content in {"proc/self/cgroup": groups, **files}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        return tmp_path

    return lay_out


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
def test_quota(
    machine: Callable[..., Path], groups: str, files: dict[str, str], expected: float | None
) -> None:
    root = machine(groups, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert quota(root) == expected


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {}, None),
        ("0::/\n", {"memory.max": "max\n"}, None),
        ("0::/a/b\n", {"a/b/memory.max": "300\n", "a/memory.max": "200\n"}, 200),
        ("0::/kubepods/x\n", {"memory.max": "268435456\n"}, 268435456),
        (V1, {"memory/docker/abc/memory.limit_in_bytes": "300\n"}, 300),
        (V1, {"memory/memory.limit_in_bytes": "400\n"}, 400),
        ("0::/\n", {"memory.max": "nonsense\n"}, None),
    ],
)
def test_memory(
    machine: Callable[..., Path], groups: str, files: dict[str, str], expected: int | None
) -> None:
    root = machine(groups, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert memory(root) == expected


def test_no_limit_where_there_is_no_proc(tmp_path: Path) -> None:
    assert quota(tmp_path) is None
    assert memory(tmp_path) is None
