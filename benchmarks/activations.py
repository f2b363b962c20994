"""What each activation costs: an epoch relative to ReLU's, and its passes alone.

    python benchmarks/activations.py --json activations.json

Trains 784-512-512-10 at batch 128 with every activation in turn, so that each is measured beside
ReLU. Forward and backward are the seconds of those passes over one hidden layer's batch.
"""

import argparse
import statistics
from collections.abc import Callable

import numpy as np
from common import epochs, images, in_turn, ratio, report

from nnbasic.model import ACTIVATIONS, MLP

SIZES, BATCH, CALLS = [784, 512, 512, 10], 128, 200


def trainer(activation: str, x: np.ndarray, y: np.ndarray) -> Callable[[], None]:
    return epochs(MLP(SIZES, activation, "xavier"), x, y, BATCH, {"name": "sgd", "lr": 0.001})


def passes(activation: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """One forward pass and one backward pass of a hidden layer, many times over."""
    layer = MLP(SIZES, activation).layers[1]
    rng = np.random.default_rng(0)
    z = rng.standard_normal((BATCH, layer.inputs(SIZES[1])), np.float32)
    gradient = rng.standard_normal((BATCH, SIZES[1]), np.float32)

    def forward() -> None:
        for _ in range(CALLS):
            layer.forward(z)

    def backward() -> None:
        for _ in range(CALLS):
            layer.backward(gradient)

    return forward, backward


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=12_800, help="per round")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    x, y = images(options.images)
    relu = trainer("relu", x, y)
    rows = []
    for name in ACTIVATIONS:
        times = in_turn({"this": trainer(name, x, y), "relu": relu}, options.rounds)
        forward, backward = passes(name)
        alone = in_turn({"forward": forward, "backward": backward}, options.rounds)
        micro = {k: 1e6 * statistics.median(t) / CALLS for k, t in alone.items()}
        rows.append(
            [name, ratio(times["this"], times["relu"]), micro["forward"], micro["backward"]]
        )
        print(*rows[-1], flush=True)
    print()
    report(["activation", "epoch / ReLU's", "forward µs", "backward µs"], rows, options.json)


if __name__ == "__main__":
    main()
