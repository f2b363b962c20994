"""Which BLAS kernels are asked for: the decision, and what a process then really uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nnbasic.training.kernels import choice, in_use, variables

FLAGS = "fpu sse2 avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl avx512_bf16"


def cpuinfo(vendor: str, family: int, flags: str) -> str:
    processor = f"vendor_id\t: {vendor}\ncpu family\t: {family}\nflags\t\t: {flags}\nbugs\t\t:\n"
    return f"processor\t: 0\n{processor}\nprocessor\t: 1\n{processor}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cpuinfo("AuthenticAMD", 26, FLAGS), "SkylakeX"),
        (cpuinfo("AuthenticAMD", 27, FLAGS), "SkylakeX"),
        (cpuinfo("AuthenticAMD", 26, "fpu sse2 avx avx2 fma"), None),  # AVX-512 turned off
        (cpuinfo("AuthenticAMD", 26, FLAGS.replace("avx512vl", "")), None),
        (cpuinfo("AuthenticAMD", 25, FLAGS), None),  # Zen 4, which OpenBLAS knows
        (cpuinfo("AuthenticAMD", 25, "fpu sse2 avx avx2 fma"), None),  # Zen 3
        (cpuinfo("AuthenticAMD", 23, "fpu sse2 avx avx2 fma"), None),
        (cpuinfo("GenuineIntel", 6, FLAGS), None),  # which has better ones for some
        ("processor : 0\nBogoMIPS : 100\nFeatures : fp asimd\n\n", None),
        ("cpu family : many\n", None),
        ("", None),
    ],
)
def test_flags_in_choice_out(text: str, expected: str | None) -> None:
    assert choice(text) == expected


def test_the_users_own_choice_stands() -> None:
    own = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_THREAD_TIMEOUT": "4"}
    assert variables(own) == {}
    assert variables({})["OPENBLAS_THREAD_TIMEOUT"] == "20"


def kernels(**environment: str) -> str:
    """The kernels that a process of its own uses, which asks for them as the command does."""
    code = (
        "from nnbasic.training import kernels; import sys; assert 'numpy' not in sys.modules;"
        " kernels.prepare(); print(kernels.in_use())"
    )
    clean = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, text=True, env=clean | environment).strip()


@pytest.mark.skipif(
    "avx512vl" not in Path("/proc/cpuinfo").read_text() or in_use() is None,
    reason="needs a processor with AVX-512, and OpenBLAS",
)
def test_a_process_uses_the_kernels_that_were_asked_for() -> None:
    wanted = choice(Path("/proc/cpuinfo").read_text())
    assert kernels() == wanted or wanted is None
    for own in ("Haswell", "SkylakeX"):
        assert kernels(OPENBLAS_CORETYPE=own) == own
