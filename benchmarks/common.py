"""What the benchmarks share: measuring in turn, ratios pair by pair, a table, a JSON file."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np


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
        "blas": f"{blas['name']} {blas['version']}",
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
    from nnbasic.data import load

    train = load("auto", validation=0).train
    repeats = -(-count // len(train.labels))
    return (
        np.tile(train.images, (repeats, 1))[:count],
        np.tile(train.labels, repeats)[:count],
    )
