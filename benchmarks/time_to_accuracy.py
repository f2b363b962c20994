"""Seconds and memory of a whole process, from its start to the test accuracy, against PyTorch.

    pip install ".[bench]"
    python benchmarks/time_to_accuracy.py --json time_to_accuracy.json
    python benchmarks/time_to_accuracy.py --config relu --seeds 1

Both train the same recipe, `fast.yaml` unless told otherwise, on the MNIST of $NNBASIC_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import report

from nnbasic.configs import dump, load

TORCH = Path(__file__).with_name("torch_train.py")
GOAL = 0.98


def measured(command: list[str]) -> tuple[str, float, float]:
    """What a command printed, its wall seconds, and its peak memory in MB."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with status {status}")
    return said, time.perf_counter() - begun, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="fast")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if "NNBASIC_DATA" not in os.environ:
        raise SystemExit("set NNBASIC_DATA to the folder that holds MNIST's four files")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(dump(load(options.config)))
        own = [sys.executable, "-m", "nnbasic.cli", "train", "--quiet", "--json"]
        own += ["--config", str(config), "--runs", str(Path(folder) / "runs")]
        peer = [sys.executable, str(TORCH), str(config)]
        measured([*peer, "--seed", "0"])  # a warm-up of the file cache for both
        for seed in range(options.seeds):
            said, seconds, memory = measured([*own, "--seed", str(seed)])
            accuracy = json.loads(said)["test_accuracy"]
            said, peer_seconds, peer_memory = measured([*peer, "--seed", str(seed)])
            rows.append(
                [
                    seed,
                    seconds,
                    100 * accuracy,
                    memory,
                    peer_seconds,
                    100 * float(said),
                    peer_memory,
                    seconds / peer_seconds,
                    memory / peer_memory,
                ]
            )
    head = ["seed", "nnbasic s", "test %", "MB", "torch s", "torch test %", "torch MB"]
    head += ["seconds ratio", "memory ratio"]
    report(head, rows, options.json)
    reached = sum(row[2] >= 100 * GOAL for row in rows)
    print(
        f"\nmedian ratio of seconds {statistics.median(row[7] for row in rows):.3f},"
        f" of memory {statistics.median(row[8] for row in rows):.3f};"
        f" {reached} of {len(rows)} seeds reach {100 * GOAL:g} %"
    )


if __name__ == "__main__":
    main()
