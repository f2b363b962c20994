"""Which BLAS kernels are asked for: the decision, and what a process then really uses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import ThreadpoolController

from nnbasic.training.kernels import choice, in_use, numpys, processor, variables

FLAGS = "fpu sse2 avx avx2 fma avx512f avx512dq avx512cd avx512bw avx512vl avx512_bf16"


def cpuinfo(vendor: str, family: int, flags: str) -> str:
    text = f"vendor_id\t: {vendor}\ncpu family\t: {family}\nflags\t\t: {flags}\nbugs\t\t:\n"
    return f"processor\t: 0\n{text}\nprocessor\t: 1\n{text}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (cpuinfo("AuthenticAMD", 26, FLAGS), "SkylakeX"),
        (cpuinfo("AuthenticAMD", 26, "fpu sse2 avx avx2 fma"), None),  # AVX-512 turned off
        (cpuinfo("AuthenticAMD", 26, FLAGS.replace("avx512vl", "")), None),
        (cpuinfo("AuthenticAMD", 25, FLAGS), None),  # Zen 4, which OpenBLAS knows
        (cpuinfo("GenuineIntel", 6, FLAGS), None),  # which has better ones for some
        ("processor : 0\nBogoMIPS : 100\nFeatures : fp asimd\n\n", None),
        ("cpu family : many\n", None),
        (None, None),
    ],
)
def test_the_choice_for_a_processor(tmp_path: Path, text: str | None, expected: str | None) -> None:
    if text is not None:
        (tmp_path / "cpuinfo").write_text(text)
    assert choice(processor(tmp_path / "cpuinfo")) == expected


def test_the_users_own_choice_stands() -> None:
    own = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_THREAD_TIMEOUT": "4"}
    assert variables(own) == {}
    assert variables({})["OPENBLAS_THREAD_TIMEOUT"] == "20"


@pytest.mark.skipif(
    "avx512vl" not in Path("/proc/cpuinfo").read_text() or in_use() is None,
    reason="needs a processor with AVX-512, and OpenBLAS",
)
@pytest.mark.parametrize("own", [None, "Haswell", "SkylakeX"])
def test_a_process_uses_the_kernels_that_were_asked_for(own: str | None) -> None:
    code = (
        "from nnbasic.training import kernels; import sys; assert 'numpy' not in sys.modules;"
        " kernels.prepare(); print(kernels.in_use())"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    environment |= {} if own is None else {"OPENBLAS_CORETYPE": own}
    used = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment).strip()
    wanted = own or choice(processor())
    assert wanted is None or used == wanted


def test_numpys_own_is_taken_beside_scipys() -> None:
    import scipy.linalg  # noqa: F401 - brings a BLAS of its own

    found = ThreadpoolController().select(user_api="blas").lib_controllers
    if len(found) < 2:
        pytest.skip("needs a NumPy and a SciPy that each bring their BLAS, as the wheels do")
    for order in (found, found[::-1]):
        chosen = numpys(order)
        assert chosen is not None
        assert "numpy" in Path(chosen.filepath).parent.name
    assert numpys([]) is None
