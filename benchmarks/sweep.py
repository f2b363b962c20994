"""Eight runs two at a time with one BLAS thread each, against one after the other with two.

python benchmarks/sweep.py --json sweep.json
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from common import in_turn, ratio, report

SEEDS = 8
COMMAND = [sys.executable, "-m", "nnbasic"]
RECIPE = ["--config", "relu", "--set", "epochs=3"]


def at_a_time(runs: str) -> None:
    command = [*COMMAND, "sweep", *RECIPE, "--seeds", str(SEEDS), "--jobs", "2", "--runs", runs]
    subprocess.run(command, check=True, capture_output=True)


def one_after_the_other(runs: str) -> None:
    for seed in range(SEEDS):
        command = [*COMMAND, "train", *RECIPE, "--quiet", "--seed", str(seed), "--runs", runs]
        threads = {"OPENBLAS_NUM_THREADS": "2"}
        subprocess.run(command, check=True, capture_output=True, env=os.environ | threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()

    def afresh(how):
        def run() -> None:
            with tempfile.TemporaryDirectory() as runs:
                how(runs)

        return run

    times = in_turn(
        {"in turn": afresh(one_after_the_other), "two at a time": afresh(at_a_time)},
        options.rounds,
    )
    sooner = ratio(times["in turn"], times["two at a time"])
    rows = [[name, *sorted(seconds)] for name, seconds in times.items()]
    head = ["eight runs", *(f"s, {i + 1}" for i in range(options.rounds))]
    report(head, rows, options.json, sooner=sooner)
    print(f"\ntwo at a time finish {sooner:.2f} times sooner (median of the rounds)")


if __name__ == "__main__":
    main()
