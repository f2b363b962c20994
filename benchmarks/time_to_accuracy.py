"""Seconds and memory of a whole process, from its start to the test accuracy, against its peers.

    pip install ".[bench]"
    python benchmarks/time_to_accuracy.py --json time_to_accuracy.json
    python benchmarks/time_to_accuracy.py --config relu --seeds 1

nnbasic, PyTorch and JAX train the same recipe, `fast.yaml` unless told otherwise, on the MNIST of
$NNBASIC_DATA.
"""

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

GOAL = 0.98
PEERS = ("torch", "jax")


def measured(command: list[str]) -> tuple[float, float]:
    """The test accuracy in percent that a command printed, and its wall seconds."""
    begun = time.perf_counter()
    said = json.loads(subprocess.check_output(command, text=True))
    seconds = time.perf_counter() - begun
    return 100 * (said["test_accuracy"] if isinstance(said, dict) else said), seconds


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
        own = [sys.executable, "-m", "nnbasic", "train", "--quiet", "--json"]
        own += ["--config", str(config), "--runs", str(Path(folder) / "runs")]
        commands = {"nnbasic": own} | {
            peer: [sys.executable, str(Path(__file__).with_name(f"{peer}_train.py")), str(config)]
            for peer in PEERS
        }
        for command in commands.values():
            measured([*command, "--seed", "0"])  # a warm-up of the file cache
        for seed in range(options.seeds):
            found = [measured([*each, "--seed", str(seed)]) for each in commands.values()]
            rows.append([seed, *(figure for pair in found for figure in pair[::-1])])
        memory = {k: peak_memory([*each, "--seed", "0"]) for k, each in commands.items()}
    head = ["seed", *(text for name in commands for text in (f"{name} s", f"{name} test %"))]
    report(head, rows, options.json, memory=memory)
    reached = sum(row[2] >= 100 * GOAL for row in rows)
    print(f"\n{reached} of {len(rows)} seeds reach {100 * GOAL:g} %")
    for place, name in enumerate(commands):
        seconds = statistics.median(row[1] / row[1 + 2 * place] for row in rows)
        size = memory[name]
        share = memory["nnbasic"] / size
        print(f"against {name}: {seconds:.3f} of the seconds, {share:.3f} of {size:.0f} MiB")


if __name__ == "__main__":
    main()
