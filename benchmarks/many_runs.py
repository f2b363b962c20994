"""How long `nnbasic runs list` takes over 1,000 runs, and `nnbasic compare` over 100 of them.

    python benchmarks/many_runs.py --json many_runs.json

One short run is trained on the built-in digits. Its directory is copied, with all that a run of
ten epochs leaves but the checkpoints, as if sweeps over activation × init × seed had left them.
Whole processes are timed, in turn, after one round that fills the file system's cache.
"""

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from common import in_turn, report

RUNS, COMPARED = 1000, 100
ACTIVATIONS = ("sigmoid", "tanh", "relu", "elu")
INITS = ("normal", "xavier", "he")
LIMITS = {"runs list": 1.5, "runs list --where --sort": 1.5, "compare": 3.0}


def nnbasic(folder: Path, *arguments: str) -> None:
    """Run the command in ``folder`` as a process of its own."""
    command = [sys.executable, "-m", "nnbasic", *arguments]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def train(folder: Path) -> Path:
    """The directory of a run of ten epochs."""
    small = ["layers=[784, 32, 32, 10]", "epochs=10", "data.dataset=digits"]
    nnbasic(folder, "train", "--config", "relu", "--quiet", *(f"--set={each}" for each in small))
    (run,) = (folder / "runs").iterdir()
    return Path(shutil.move(run, folder / "original"))


def multiply(original: Path, runs: Path) -> None:
    """`RUNS` runs made of one: as many seeds of each cell as it takes."""
    record = json.loads((original / "run.json").read_text())
    rng = random.Random(0)
    cells = list(product(ACTIVATIONS, INITS))
    for number in range(RUNS):
        seed, cell = divmod(number, len(cells))
        activation, init = cells[cell]
        time = f"{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
        name = f"{activation}-{init}"
        run = runs / f"20260101T{time.replace(':', '')}Z-{name}-{rng.getrandbits(16):04x}"
        left_out = shutil.ignore_patterns("best.npz", "last.npz")
        shutil.copytree(original, run, ignore=left_out)
        config = record["config"] | {"activation": {"name": activation}, "seed": seed}
        config |= {"init": {"name": init}}
        accuracy = round(rng.gauss(9000 + 50 * cell, 30)) / 10_000
        changed = {
            "id": run.name,
            "config": config,
            "identity": f"{cell:064x}",
            "started": f"2026-01-01T{time}.000000+00:00",
            "best": record["best"] | {"val_accuracy": accuracy},
            "val_images": 10_000,
            "test_accuracy": accuracy,
            "test_images": 10_000,
        }
        (run / "run.json").write_text(json.dumps(record | changed, indent=2))
        tags = ["compared"] if number < COMPARED else []
        (run / "user.json").write_text(json.dumps({"name": name, "tags": tags, "notes": ""}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        multiply(train(folder), folder / "runs")

        def command(*arguments: str) -> Callable[[], Any]:
            return lambda: nnbasic(folder, *arguments)

        conditions = ["--where", "activation=relu", "--where", "val_accuracy>90"]
        times = in_turn(
            {
                "runs list": command("runs", "list"),
                "runs list --where --sort": command(
                    "runs", "list", *conditions, "--sort", "val_accuracy"
                ),
                "compare": command("compare", "compared"),
            },
            options.rounds,
        )
    counts = {name: COMPARED if name == "compare" else RUNS for name in times}
    rows = [
        [name, counts[name], statistics.median(t), max(t), LIMITS[name]]
        for name, t in times.items()
    ]
    report(["command", "runs", "seconds, median", "slowest", "at most"], rows, options.json)


if __name__ == "__main__":
    main()
