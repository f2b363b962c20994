"""What regularisation costs: an epoch with each kind relative to one without.

    python benchmarks/regularisation.py --json regularisation.json

Trains one net with each kind in turn, beside the plain one, each in as many processes as
`nnbasic train` takes: with batch normalisation in one.
"""

import argparse
import statistics
from collections.abc import Callable
from typing import Any

from common import epochs, images, in_turn, ratio, report

from nnbasic.data.augmentation import Distortion
from nnbasic.model import MLP, stream

SGD = {"name": "sgd", "lr": 0.001, "momentum": 0.9}
AFFINE = {"rotation": 15.0, "scale": 0.15, "shift": 2.0}
KINDS: dict[str, dict[str, Any]] = {
    "dropout 0.5, inputs 0.2": {"dropout": 0.5, "input_dropout": 0.2},
    "input noise": {"input_noise": 0.1},
    "batch norm": {"batch_norm": True},
    "label smoothing": {"loss": {"name": "cross_entropy", "label_smoothing": 0.1}},
    "max-norm": {"optimizer": {**SGD, "max_norm": 2.0}},
    "averaging": {"optimizer": {**SGD, "averaging": 0.999}},
    "affine": {"augmentation": AFFINE},
    "affine and elastic": {"augmentation": {**AFFINE, "elastic": 34.0}},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--net", default="784-1000-500-10")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    x, y = images(options.images)
    sizes = [int(units) for units in options.net.split("-")]

    def trained(
        optimizer: Any = SGD, augmentation: dict[str, float] | None = None, **more: Any
    ) -> Callable[[], None]:
        transform = None
        if augmentation:
            transform = Distortion(len(y), stream(0, "augmentation"), **augmentation)
        return epochs(MLP(sizes, **more), x, y, 128, optimizer, transform=transform)

    rows, plain = [], trained()
    for name, kind in KINDS.items():
        times = in_turn({"this": trained(**kind), "plain": plain}, options.rounds)
        seconds = [statistics.median(each) for each in times.values()]
        rows.append([name, *seconds, ratio(times["this"], times["plain"])])
        print(*rows[-1], flush=True)
    print()
    head = ["regularisation", "seconds an epoch", "without", "ratio"]
    report(head, rows, options.json, net=options.net, images=options.images)


if __name__ == "__main__":
    main()
