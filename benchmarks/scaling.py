"""How the time of an epoch and the peak memory grow: images, width, depth, batch, threads.

    python benchmarks/scaling.py --json scaling.json

Every figure is a process of its own, since memory and BLAS threads are a process's. Within an
axis the processes take turns, and the median is told.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from common import report

BASE = {"images": 60_000, "width": 512, "depth": 2, "batch": 128, "threads": 2}
AXES = {
    "images": [15_000, 30_000, 60_000],
    "width": [64, 128, 256, 512, 1024],
    "depth": [1, 2, 4, 8],
    "batch": [32, 64, 128, 256, 512],
    "threads": [1, 2],
}


def one(setting: dict[str, int]) -> None:
    """Train one epoch and print its seconds and this process's peak memory."""
    import resource
    import time

    from common import images

    from nnbasic.data import Batches, Scale
    from nnbasic.model import MLP, steps, stream

    x, y = images(setting["images"])
    network = MLP([784, *[setting["width"]] * setting["depth"], 10])
    batches = Batches(
        x,
        y,
        batch_size=setting["batch"],
        scale=Scale.fit("unit", x),
        order=stream(0, "batch_order"),
    )
    begun = time.perf_counter()
    for _ in steps(network, batches, optimizer={"name": "sgd", "lr": 0.01}, epochs=1):
        pass
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, memory]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(json.loads(options.one))
        return
    rows = []
    for axis, values in AXES.items():
        taken: dict[int, list[list[float]]] = {value: [] for value in values}
        for _ in range(options.rounds):
            for value in values:
                setting = BASE | {axis: value}
                threads = {"OPENBLAS_NUM_THREADS": str(setting["threads"])}
                said = subprocess.run(
                    [sys.executable, __file__, "--one", json.dumps(setting)],
                    env=os.environ | threads,
                    stdout=subprocess.PIPE,
                    check=True,
                ).stdout
                taken[value].append(json.loads(said))
        for value, figures in taken.items():
            seconds, memory = (statistics.median(f) for f in zip(*figures, strict=True))
            rows.append([axis, value, seconds, memory])
            print(*rows[-1], flush=True)
    print()
    report(["axis", "value", "seconds an epoch", "peak MB"], rows, options.json, base=BASE)


if __name__ == "__main__":
    main()
