"""What the benchmarks share: epochs, measuring in turn, memory, ratios, a table, a JSON file."""

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nnbasic.data import Batches, Scale, load
from nnbasic.data.batches import Transform
from nnbasic.model import MLP, SCHEDULES, Epoch, Trainer, stream
from nnbasic.model.optimizers import OPTIMIZERS as REGISTERED
from nnbasic.training import environment as surroundings
from nnbasic.training import machine
from nnbasic.training.parallel import processes, shared_by

if missing := machine.variables():  # NumPy is loaded: begin again with those that the command has
    os.execve(sys.executable, sys.orig_argv, os.environ | missing)


OPTIMIZERS = {
    "sgd": {"name": "sgd", "lr": 0.01},
    "momentum": {"name": "sgd", "lr": 0.01, "momentum": 0.9},
    "adam": {"name": "adam"},
}
"""Those that are compared, by the names that they have in tables."""


def named(sizes: Sequence[int], rows: int) -> str:
    """A net and a number of rows, as tables have them."""
    return f"{'-'.join(map(str, sizes))}, {rows}"


def products(sizes: Sequence[int], rows: int) -> Callable[[], None]:
    """The products of a step and nothing else: forward, and the gradients of weights and inputs."""
    rng = np.random.default_rng(0)
    a, d = ([rng.random((rows, n), np.float32) for n in sizes] for _ in range(2))
    # Small weights, so that the activations stay finite, as any run's do.
    w = [np.full(shape, 1e-3, np.float32) for shape in pairwise(sizes)]
    dw = [np.empty_like(one) for one in w]

    def step() -> None:
        for i in range(len(w)):
            np.matmul(a[i], w[i], out=a[i + 1])
        for i in reversed(range(len(w))):
            np.matmul(a[i].T, d[i + 1], out=dw[i])
            if i:
                np.matmul(d[i + 1], w[i].T, out=d[i])

    return step


def in_turn(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each candidate, called A B C, A B C, …: ``rounds`` times after a warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(rounds + 1):
        for name, candidate in candidates.items():
            begun = time.perf_counter()
            candidate()
            if turn:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


def epochs(
    network: MLP,
    x: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    optimizer: Any,
    number: int | None = None,
    transform: Transform | None = None,
) -> Callable[[], None]:
    """A function that trains one epoch at each call, of images changed by ``transform``.

    In ``number`` processes; without it, in as many as `nnbasic train`.
    """
    order = stream(0, "batch_order")
    scale = Scale.fit("unit", x)
    batches = Batches(x, y, batch_size=batch_size, scale=scale, order=order, transform=transform)
    trainer = Trainer(
        network,
        batches,
        REGISTERED.build(optimizer),
        SCHEDULES.build("constant"),
        epochs=sys.maxsize,
    )
    results = shared_by(trainer, number or processes(batch_size)).results()

    def epoch() -> None:
        while not isinstance(next(results), Epoch):
            pass

    return epoch


def peak_memory(command: Sequence[str], env: Mapping[str, str] = os.environ) -> float:
    """The most that ``command`` and its child processes occupy at one time, in MiB.

    What they share is counted once (Linux's "proportional set size"). To look takes time: measure
    the seconds of another run.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(map(occupied, family(process.pid))))
        time.sleep(0.005)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return most


def family(pid: int) -> list[int]:
    """The process, its children, their children, and so on."""
    with contextlib.suppress(OSError):  # it has ended
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *(one for child in children for one in family(int(child)))]
    return []


def occupied(pid: int) -> float:
    """The memory of a process in MiB; of pages that several have, its share."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return 0.0


def ratio(times: Sequence[float], to: Sequence[float]) -> float:
    """The median over the rounds of one candidate's time over another's in the same round."""
    return statistics.median(a / b for a, b in zip(times, to, strict=True))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; numbers are written with four digits."""
    text = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in r] for r in rows]
    lines = [head, ["---"] * len(head), *text]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def environment() -> dict[str, Any]:
    """What the figures were taken on."""
    blas: Any = np.show_config(mode="dicts")
    blas = blas["Build Dependencies"]["blas"]
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']} {surroundings.versions()['kernels']}",
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "blas_threads": os.environ.get("OPENBLAS_NUM_THREADS", "one a core"),
        "taken": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def report(head: Sequence[str], rows: Sequence[Sequence[Any]], to: str | None, **more: Any) -> None:
    """Print the table, and write it with the environment to the file ``to`` if one is named."""
    print(table(head, rows))
    if to:
        content = {
            "environment": environment(),
            "command": " ".join(["python", *sys.argv]),
            "rows": [dict(zip(head, row, strict=True)) for row in rows],
            **more,
        }
        Path(to).write_text(json.dumps(content, indent=2) + "\n")


def images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` training images and labels: MNIST if it is at hand, else the built-in digits."""
    train = load("auto", validation=0).train
    if count <= len(train.labels):
        return train.images[:count], train.labels[:count]  # no second copy in memory
    repeats = -(-count // len(train.labels))
    return (
        np.tile(train.images, (repeats, 1))[:count],
        np.tile(train.labels, repeats)[:count],
    )
