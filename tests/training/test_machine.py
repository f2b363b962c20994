"""The cores that a process may use, and which BLAS kernels it asks for and then really uses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.environment import versions
from nnbasic.training.machine import cores, quotas, variables

FLAGS = "fpu sse2 avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl avx512_bf16"


def cpuinfo(vendor: str, family: int, flags: str) -> str:
    text = f"vendor_id\t: {vendor}\ncpu family\t: {family}\nflags\t\t: {flags}\nbugs\t\t:\n"
    return f"processor\t: 0\n{text}\nprocessor\t: 1\n{text}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cpuinfo("AuthenticAMD", 26, FLAGS), "SkylakeX"),
        (cpuinfo("AuthenticAMD", 26, FLAGS.replace("avx512vl", "")), None),
        (cpuinfo("AuthenticAMD", 25, FLAGS), None),  # Zen 4, which OpenBLAS knows
        (cpuinfo("GenuineIntel", 6, FLAGS), None),  # which has better ones for some
        ("processor : 0\nBogoMIPS : 100\nFeatures : fp asimd\n\n", None),
        ("cpu family : many\n", None),
        (None, None),
    ],
)
def test_the_kernels_for_a_processor(
    tmp_path: Path, text: str | None, expected: str | None
) -> None:
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert variables({}, tmp_path / "cpuinfo").get("OPENBLAS_CORETYPE") == expected


@pytest.mark.skipif(
    "avx512vl" not in Path("/proc/cpuinfo").read_text() or versions()["kernels"] is None,
    reason="needs a processor with AVX-512, and OpenBLAS",
)
@pytest.mark.parametrize("own", [None, "Haswell"])
def test_a_process_uses_the_kernels_that_were_asked_for(own: str | None) -> None:
    code = (
        "from nnbasic.training import machine; import sys; assert 'numpy' not in sys.modules;"
        " machine.prepare(); from nnbasic.training import environment;"
        " print(environment.versions()['kernels'])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    environment |= {} if own is None else {"OPENBLAS_CORETYPE": own}
    used = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment).strip()
    wanted = own or variables({}).get("OPENBLAS_CORETYPE")
    assert wanted is None or used == wanted


def test_cores_follow_the_affinity() -> None:
    one = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]);"
    code = f"{one} from nnbasic.training.machine import cores; print(cores())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "1\n"


@pytest.mark.parametrize(
    ("shares", "expected"), [([], 8), ([4.0, 2.5], 3), ([0.1], 1), ([99.0], 8)]
)
def test_cores_follow_the_quotas(
    monkeypatch: pytest.MonkeyPatch, shares: list[float], expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("nnbasic.training.machine.quotas", lambda: shares)
    assert cores() == expected


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("0::/\n", {}, []),
        ("0::/\n", {"cpu.max": "max 100000\n"}, []),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, [1.5]),
        ("0::/a/b\n", {"a/b/cpu.max": "100000 100000\n", "a/cpu.max": "50000 100000\n"}, [1, 0.5]),
        # seen from within a container the path may be the host's, and only the top is mounted
        ("0::/system.slice/x\n", {"cpu.max": "200000 100000\n"}, [2]),
        ("3:cpu,cpuacct:/docker/abc\n0::/a\n", {"a/cpu.max": "200000 100000\n"}, [2]),
        ("0::/\n", {"cpu.max": "nonsense\n"}, []),
        ("0::/\n", {"cpu.max": "1 0\n"}, []),
    ],
)
def test_quotas(tmp_path: Path, groups: str, files: dict[str, str], expected: list[float]) -> None:
    written = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    for name, content in {"proc/self/cgroup": groups, **written}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    assert [*quotas(tmp_path)] == expected
