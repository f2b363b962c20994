"""The machine: its processor, the cores that this process may use, and what its BLAS is asked for.

OpenBLAS reads its environment variables when NumPy is imported, so this module does not import it.
"""

import math
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

AVX512 = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
"""What OpenBLAS's SkylakeX kernels need, as Linux names it."""

ZEN_5 = 26
"""The first family of AMD's processors that OpenBLAS 0.3.34 does not know."""


def prepare() -> bool:
    """Set the `variables` for this process, before it loads NumPy; False if it can have no threads.

    OpenBLAS would end the program then, and so it starts none.
    """
    os.environ.update(variables())
    thread = threading.Thread(target=bool)
    try:
        thread.start()
    except RuntimeError:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        return False
    thread.join()
    return True


def variables(
    environment: Mapping[str, str] = os.environ, cpuinfo: Path = Path("/proc/cpuinfo")
) -> dict[str, str]:
    """What a process that computes should have beside ``environment``, in which a user's own stay.

    ``OPENBLAS_THREAD_TIMEOUT``: 2^20 cycles, after which idle threads sleep; else they spin for
    25 ms after each product, on the cores of the processes that train. ``OPENBLAS_CORETYPE``: for a
    processor of AMD that it does not know, OpenBLAS takes AVX2 kernels even if it has AVX-512. They
    are slower there (docs/performance.md), and those of OpenBLAS 0.3.34 crash in products of double
    precision (OpenBLAS's issues 6013 and 6026).
    """
    found = processor(cpuinfo)
    family = found.get("cpu family", "")
    amd = found.get("vendor_id") == "AuthenticAMD" and family.isdecimal()
    wanted = {"OPENBLAS_THREAD_TIMEOUT": "20"}
    if amd and int(family) >= ZEN_5 and set(found.get("flags", "").split()) >= AVX512:
        wanted["OPENBLAS_CORETYPE"] = "SkylakeX"
    return {name: value for name, value in wanted.items() if name not in environment}


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """What Linux says of the first processor; nothing on other systems."""
    try:
        first = cpuinfo.read_text(errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cores() -> int:
    """The cores that this process may use, at least 1: by its affinity and a container's quota.

    A quota of two and a half cores counts as three: one of them is idle for half of the time.
    """
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([allowed, *map(math.ceil, quotas())]))


def quotas(root: Path = Path("/")) -> Iterator[float]:
    """The quota, in cores, of each control group of this process, its own and those above, if any.

    ``root`` is where ``proc`` and ``sys`` are. Groups of version 1 are not looked at: systemd has
    dropped them.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    paths = (line[4:] for line in groups if line.startswith("0::/"))
    group = PurePosixPath(next(paths, ""))
    for folder in (group, *group.parents):
        file = root / "sys/fs/cgroup" / folder / "cpu.max"
        try:
            quota, period = map(int, file.read_text().split())
            yield quota / period
        except (OSError, ValueError, ZeroDivisionError):  # not visible from here; "max": no limit
            continue
