"""The BLAS kernels that a computing process uses, chosen before NumPy is loaded.

OpenBLAS reads its environment variables when NumPy is imported, so this module does not import it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
"""What OpenBLAS's SkylakeX kernels need, as Linux names it."""

ZEN_5 = 26
"""The first family of AMD's processors that OpenBLAS 0.3.34 does not know."""


def prepare() -> None:
    """Set the variables of `variables` for this process, before it loads NumPy."""
    os.environ.update(variables())


def spare_threads() -> bool:
    """Where no thread can be started, have OpenBLAS start none, and return True.

    It would end the program otherwise. Call it before NumPy is loaded.
    """
    thread = threading.Thread(target=bool)
    try:
        thread.start()
    except RuntimeError:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        return True
    thread.join()
    return False


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a process that computes should have beside ``environment``, in which a user's own stay.

    ``OPENBLAS_CORETYPE``: the fastest kernels that the processor can run, where OpenBLAS would
    take others. ``OPENBLAS_THREAD_TIMEOUT``: 2^20 cycles, after which idle threads sleep; else
    they spin for 25 ms after each product, on the cores of the processes that train.
    """
    wanted = {"OPENBLAS_THREAD_TIMEOUT": "20", "OPENBLAS_CORETYPE": choice(processor())}
    return {name: value for name, value in wanted.items() if value and name not in environment}


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """What Linux says of the first processor; nothing on other systems."""
    try:
        first = cpuinfo.read_text(errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def choice(processor: Mapping[str, str]) -> str | None:
    """OpenBLAS's name of the kernels to ask for; None where it chooses well by itself.

    For a processor of AMD that it does not know it takes AVX2 kernels even if it has AVX-512:
    they are slower there (docs/performance.md), and those of OpenBLAS 0.3.34 crash in products of
    double precision where a processor of AMD's has AVX-512 (OpenBLAS's issues 6013 and 6026).
    """
    family = processor.get("cpu family", "")
    amd = processor.get("vendor_id") == "AuthenticAMD" and family.isdecimal()
    capable = set(processor.get("flags", "").split()) >= AVX512
    return "SkylakeX" if amd and int(family) >= ZEN_5 and capable else None


def in_use() -> str | None:
    """The kernels that NumPy's BLAS uses now, such as ``SkylakeX``; None if it does not say.

    This loads NumPy.
    """
    from nnbasic.model.blas import loaded

    library = numpys(loaded().select(user_api="blas").lib_controllers)
    return library and library.info().get("architecture")


def numpys(libraries: Sequence[Any]) -> Any | None:
    """NumPy's own of the BLAS ``libraries``: SciPy has another, perhaps with other kernels."""
    return min(libraries, key=lambda library: "numpy" not in library.filepath, default=None)
