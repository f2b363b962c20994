"""How real the built-in digits are: train on one set, read the other.

``python benchmarks/digits_realism.py`` trains the default network (784-256-128-10, ReLU, He) on
MNIST and on the built-in digits, each from several seeds, scores every network once on the test
images of both sets, and prints the accuracies. It needs MNIST; ``nnbasic data fetch`` gets it.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import mean, stdev

from nnbasic.data import Batches, DataError, Dataset, Scale, Split, load
from nnbasic.model import MLP, evaluate, fit, stream

SEEDS = (0, 1, 2)
EPOCHS = 10
BATCH_SIZE = 128
OPTIMIZER = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
SCALE = Scale(1 / 255, 0.0)


def train(split: Split, seed: int) -> MLP:
    """The default network after `EPOCHS` epochs on ``split``."""
    network = MLP([784, 256, 128, 10], "relu", "he", seed=seed)
    batches = Batches(
        split.images,
        split.labels,
        batch_size=BATCH_SIZE,
        scale=SCALE,
        order=stream(seed, "batch_order"),
    )
    for _ in fit(network, batches, optimizer=OPTIMIZER, schedule="cosine", epochs=EPOCHS):
        pass
    return network


def accuracy(network: MLP, split: Split) -> float:
    """The share of ``split`` that the network reads right."""
    batches = Batches(split.images, split.labels, batch_size=1000, scale=SCALE)
    return evaluate(network, batches)["accuracy"]


def measure(sets: list[Dataset]) -> list[dict[str, object]]:
    """Train on each set from each seed and score on the test images of all: one row for each."""
    rows: list[dict[str, object]] = []
    for trained in sets:
        networks = [train(trained.train, seed) for seed in SEEDS]
        for read in sets:
            scores = [accuracy(network, read.test) for network in networks]
            rows.append({"trained": trained.name, "read": read.name, "accuracy": scores})
            print(
                f"{trained.name:8} {len(trained.train.labels):7,} {read.name:8}"
                f" {len(read.test.labels):7,} {mean(scores):9.2%} {stdev(scores):7.2%}",
                flush=True,
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    arguments = parser.parse_args()
    try:
        sets = [load(name, validation=0) for name in ("mnist", "digits")]
    except DataError as error:
        sys.exit(str(error))
    print("trained  examples reads      images  accuracy    s.d.")
    rows = measure(sets)
    if arguments.json:
        report = {"seeds": SEEDS, "epochs": EPOCHS, "sha256": sets[1].sha256, "rows": rows}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
