"""Whether the shipped presets reach what they are meant to reach on MNIST.

``python benchmarks/presets.py`` trains every preset from the seeds 0, 1 and 2, each run a
``nnbasic train`` of its own, one after another, and prints the test accuracies in percent. A
target counts as reached if every seed reaches it. It needs MNIST; ``nnbasic data fetch`` gets it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from statistics import mean
from typing import Any

from common import report

from nnbasic.configs import presets

TARGETS = {"relu": 98.0, "tanh": 97.5, "sigmoid": 97.5} | dict.fromkeys(
    ("elu", "leaky_relu", "prelu", "maxout", "softplus", "gelu", "silu", "selu", "mish"), 97.8
)
"""Test accuracy in percent; of the other presets it is only asked that they train."""


def train(preset: str, seed: int, runs: str) -> dict[str, Any]:
    """The summary of one run, as ``nnbasic train --json`` prints it."""
    command = [sys.executable, "-m", "nnbasic", "train", "--config", preset]
    options = ["--seed", str(seed), "--set", "data.dataset=mnist", "--runs", runs]
    done = subprocess.run([*command, *options, "--quiet", "--json"], stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"{preset}, seed {seed}: nnbasic train ended with exit code {done.returncode}")
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def row(preset: str, seeds: list[int], runs: str) -> list[Any]:
    """Train ``preset`` from each seed: its line of the table."""
    summaries = [train(preset, seed, runs) for seed in seeds]
    accuracies = [100 * summary["test_accuracy"] for summary in summaries]
    target = TARGETS.get(preset)
    verdict = "" if target is None else "reached" if min(accuracies) >= target else "missed"
    print(f"{preset}: {' '.join(f'{a:.2f}' for a in accuracies)} {verdict}", file=sys.stderr)
    seconds = mean(summary["seconds"] for summary in summaries)
    cells = [round(a, 2) for a in (*accuracies, mean(accuracies))]
    return [preset, *cells, target or "", verdict, round(seconds, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presets", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as runs:
        chosen = arguments.presets or presets()
        rows = [row(preset, arguments.seeds, runs) for preset in chosen]
    seeds = [f"seed {seed}" for seed in arguments.seeds]
    report(["preset", *seeds, "mean", "target", "verdict", "seconds"], rows, arguments.json)


if __name__ == "__main__":
    main()
