"""Scoring 10,000 images against its matrix products, and the time until MNIST is ready.

python benchmarks/evaluation.py --json evaluation.json
"""

import argparse
import statistics
from itertools import pairwise

import numpy as np
from common import images, in_turn, ratio, report

from nnbasic.data import Batches, Scale, load
from nnbasic.model import MLP, evaluate
from nnbasic.model.blas import one_blas_thread
from nnbasic.training.trained import SCORING_BATCH

NETS = [[784, 100, 10], [784, 256, 128, 10], [784, 512, 512, 10], [784, 1024, 1024, 10]]
IMAGES = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    x, y = images(IMAGES)
    rng = np.random.default_rng(0)
    rows = []
    for sizes in NETS:
        network = MLP(sizes)
        batches = Batches(x, y, batch_size=SCORING_BATCH, scale=Scale.fit("unit", x))
        a = [rng.random((SCORING_BATCH, n), np.float32) for n in sizes]
        w = [rng.random(shape, np.float32) for shape in pairwise(sizes)]

        def products(a: list[np.ndarray] = a, w: list[np.ndarray] = w) -> None:
            with one_blas_thread():  # as scoring has
                for _ in range(IMAGES // SCORING_BATCH):
                    for i, weight in enumerate(w):
                        np.matmul(a[i], weight, out=a[i + 1])

        def scoring(network: MLP = network, batches: Batches = batches) -> None:
            evaluate(network, batches)

        times = in_turn({"scoring": scoring, "products": products}, options.rounds)
        medians = [statistics.median(times[name]) for name in ("scoring", "products")]
        rows.append(
            ["-".join(map(str, sizes)), *medians, ratio(times["scoring"], times["products"])]
        )
    ready = in_turn({"ready": lambda: load("auto", validation=5000)}, options.rounds)["ready"]
    report(
        ["net", "scoring s", "products s", "ratio"],
        rows,
        options.json,
        data_ready_seconds=statistics.median(ready),
    )
    print(f"\ndata ready in {statistics.median(ready):.3f} s (median of {options.rounds})")


if __name__ == "__main__":
    main()
