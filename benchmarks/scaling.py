"""How the time of an epoch and the peak memory grow: images, width, depth, batch, threads.

    python benchmarks/scaling.py --json scaling.json

Every figure is a process of its own, with those that it starts. Within an axis the processes
take turns, and the median is told; the memory is that of another run.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from common import epochs, images, peak_memory, report

from nnbasic.model import MLP

BASE = {"images": 60_000, "width": 512, "depth": 2, "batch": 128, "threads": 2}
AXES = {
    "images": [15_000, 30_000, 60_000],
    "width": [64, 128, 256, 512, 1024],
    "depth": [1, 2, 4, 8],
    "batch": [32, 64, 128, 256, 512],
    "threads": [1, 2],
}


def one(setting: dict[str, int]) -> None:
    """Train one epoch and print its seconds."""
    x, y = images(setting["images"])
    network = MLP([784, *[setting["width"]] * setting["depth"], 10])
    epoch = epochs(network, x, y, setting["batch"], {"name": "sgd", "lr": 0.01})
    begun = time.perf_counter()
    epoch()
    print(time.perf_counter() - begun)


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
        settings = {value: BASE | {axis: value} for value in values}
        commands = {
            value: [sys.executable, __file__, "--one", json.dumps(setting)]
            for value, setting in settings.items()
        }
        threads = {
            value: os.environ | {"OPENBLAS_NUM_THREADS": str(setting["threads"])}
            for value, setting in settings.items()
        }
        taken: dict[int, list[float]] = {value: [] for value in values}
        for _ in range(options.rounds):
            for value, command in commands.items():
                said = subprocess.check_output(command, env=threads[value])
                taken[value].append(float(said))
        for value, command in commands.items():
            memory = peak_memory(command, threads[value])
            rows.append([axis, value, statistics.median(taken[value]), memory])
            print(*rows[-1], flush=True)
    print()
    report(["axis", "value", "seconds an epoch", "peak MiB"], rows, options.json, base=BASE)


if __name__ == "__main__":
    main()
