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

from common import peak_memory, report

from nnbasic.configs import dump, load

TORCH = Path(__file__).with_name("torch_train.py")
GOAL = 0.98


def measured(command: list[str]) -> tuple[str, float]:
    """What a command printed, and its wall seconds."""
    begun = time.perf_counter()
    said = subprocess.check_output(command, text=True)
    return said, time.perf_counter() - begun


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
            said, seconds = measured([*own, "--seed", str(seed)])
            accuracy = 100 * json.loads(said)["test_accuracy"]
            said, peer_seconds = measured([*peer, "--seed", str(seed)])
            peer_accuracy = 100 * float(said)
            rows.append(
                [seed, seconds, accuracy, peer_seconds, peer_accuracy, seconds / peer_seconds]
            )
        memory, peer_memory = (peak_memory([*command, "--seed", "0"]) for command in (own, peer))
    head = ["seed", "nnbasic s", "test %", "torch s", "torch test %", "ratio of seconds"]
    report(head, rows, options.json, memory=memory, peer_memory=peer_memory)
    reached = sum(row[2] >= 100 * GOAL for row in rows)
    print(
        f"\nmedian ratio of seconds {statistics.median(row[-1] for row in rows):.3f};"
        f" {reached} of {len(rows)} seeds reach {100 * GOAL:g} %\n"
        f"peak memory {memory:.0f} MB, torch {peer_memory:.0f} MB,"
        f" ratio {memory / peer_memory:.3f}"
    )


if __name__ == "__main__":
    main()
