"""What the diagnostics cost: an epoch of `relu.yaml` with and without, in turn.

python benchmarks/diagnostics.py --json diagnostics.json
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from common import ratio, report

from nnbasic import configs, data, training
from nnbasic.model import Epoch


def seconds(config: configs.Config, dataset: data.Dataset) -> float:
    """Seconds of an epoch, from the second one on."""
    with tempfile.TemporaryDirectory() as folder:
        run = training.start(config, dataset, runs=Path(folder), name="benchmark")
        ends = [time.perf_counter()]
        for result in training.train(run, dataset):
            if isinstance(result, Epoch):
                ends.append(time.perf_counter())
    return (ends[-1] - ends[1]) / (len(ends) - 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--config", default="relu")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    dataset = data.load("auto", validation=5000)
    times: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(options.rounds):
        for name, on in (("without", "false"), ("with", "true")):
            config = configs.load(options.config, ("epochs=4", f"diagnostics={on}"))
            times[name].append(seconds(config, dataset))
    rows = [[n, statistics.median(t), ratio(t, times["without"])] for n, t in times.items()]
    report(["diagnostics", "seconds an epoch", "of without"], rows, options.json)


if __name__ == "__main__":
    main()
