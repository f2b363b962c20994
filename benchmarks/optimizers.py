"""What each optimiser costs: an epoch relative to that of plain SGD.

    python benchmarks/optimizers.py --json optimizers.json

Trains one net with every optimiser in turn, so that each is measured beside SGD.
"""

import argparse
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
from common import epochs, images, in_turn, ratio, report

from nnbasic.model import MLP, OPTIMIZERS

SGD = {"name": "sgd", "lr": 0.001}
BATCH = 128


def trainer(
    sizes: list[int], optimizer: dict[str, Any], x: np.ndarray, y: np.ndarray
) -> Callable[[], None]:
    return epochs(MLP(sizes), x, y, BATCH, optimizer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", default="784-1024-1024-10")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=12_800, help="per round")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    x, y = images(options.images)
    sizes = [int(units) for units in options.net.split("-")]
    specs = {name: {"name": name, "lr": 0.001} for name in OPTIMIZERS if name != "sgd"}
    specs = {"sgd with momentum": SGD | {"momentum": 0.9}} | specs
    plain = trainer(sizes, SGD, x, y)
    rows = []
    for name, spec in specs.items():
        times = in_turn({"this": trainer(sizes, spec, x, y), "sgd": plain}, options.rounds)
        seconds = {k: 60_000 / options.images * statistics.median(t) for k, t in times.items()}
        rows.append([name, seconds["this"], seconds["sgd"], ratio(times["this"], times["sgd"])])
        print(*rows[-1], flush=True)
    print()
    report(["optimiser", "seconds an epoch", "SGD's", "ratio"], rows, options.json, net=options.net)


if __name__ == "__main__":
    main()
