"""Where the time of a step goes: its parts, what calls and meetings alone take, the first layer.

python benchmarks/step.py
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from common import OPTIMIZERS, epochs, images, in_turn, named, ratio, table
from threadpoolctl import threadpool_limits

from nnbasic.data import Batches, Scale
from nnbasic.model import MLP, Dense, stream
from nnbasic.model.losses import CrossEntropy
from nnbasic.model.network import PixelDense
from nnbasic.model.optimizers import Optimizer
from nnbasic.training.parallel import Team

NETS = [([784, 100, 10], 100), ([784, 256, 128, 10], 128), ([784, 512, 512, 10], 128)]
TINY = [([4, 4, 10], 100), ([4, 4, 4, 10], 128)]
LAYERS = [(50, 100), (64, 256), (64, 512), (64, 1024)]
PARTS: dict[str, list[tuple[type, str]]] = {
    "layers": [(cls, name) for cls in (Dense, PixelDense) for name in ("forward", "backward")],
    "update": [(Optimizer, "update")],
    "waiting": [(Team, "barrier")],
    "loss": [(CrossEntropy, "__call__")],
}
STEPS = 100
"""Steps in one measurement."""


class Timers:
    """Seconds of the main process in methods of nnbasic, each without those called within it."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._within = 0.0
        for part, methods in PARTS.items():
            for cls, name in methods:
                setattr(cls, name, self._timed(part, getattr(cls, name)))

    def _timed(self, part: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            begun, outer, self._within = time.perf_counter(), self._within, 0.0
            try:
                return method(*arguments, **options)
            finally:
                taken = time.perf_counter() - begun
                self.seconds[part] += taken - self._within
                self._within = outer + taken

        return timed


def parts(rounds: int) -> Iterator[list[Any]]:
    """The parts of a step with momentum, in microseconds: medians over the rounds."""
    timers = Timers()
    for sizes, batch in NETS:
        epoch = epochs(MLP(sizes), *images(STEPS * batch), batch, OPTIMIZERS["momentum"])
        epoch()
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            timers.seconds.clear()
            begun = time.perf_counter()
            epoch()
            total = time.perf_counter() - begun
            rest = total - sum(timers.seconds.values())
            for part, seconds in {**timers.seconds, "rest": rest, "step": total}.items():
                found.setdefault(part, []).append(seconds / STEPS * 1e6)
        medians = [round(statistics.median(found[part])) for part in (*PARTS, "rest", "step")]
        yield [named(sizes, batch), *medians]


def tiny(rounds: int) -> Iterator[list[Any]]:
    """Microseconds of a step whose arrays are all tiny: calls, Python and meetings."""
    rng = np.random.default_rng(0)
    for sizes, batch in TINY:
        x = rng.integers(0, 255, (STEPS * batch, sizes[0]), dtype=np.uint8)
        y = rng.integers(0, sizes[-1], len(x))
        for name, optimizer in OPTIMIZERS.items():
            ways = {n: epochs(MLP(sizes), x, y, batch, optimizer, n) for n in (None, 1)}
            times = in_turn({str(n): way for n, way in ways.items()}, rounds).values()
            medians = [round(statistics.median(found) / STEPS * 1e6) for found in times]
            yield [named(sizes, batch), name, *medians]


def first_layer(rounds: int) -> Iterator[list[Any]]:
    """The first layer, forward and backward in one process, over one that multiplies all pixels."""
    x, y = images(12_800)
    for rows, units in LAYERS:
        for name in ("unit", "standard"):
            order = stream(0, "batch_order")
            batches = Batches(x, y, batch_size=rows, scale=Scale.fit(name, x), order=order)
            some = [x.copy() for (x, _), _ in zip(batches.epoch(1), range(40), strict=False)]
            candidates = {
                "gathered": passes(PixelDense(784, units), some),
                "all": passes(Dense(784, units), some),
                "others": passes(None, some),
            }
            times = in_turn(candidates, rounds)
            mine, dense = (
                [a - b for a, b in zip(times[which], times["others"], strict=True)]
                for which in ("gathered", "all")
            )
            micro = [round(statistics.median(t) / len(some) * 1e6) for t in (mine, dense)]
            yield [units, rows, name, *micro, ratio(mine, dense)]


def passes(layer: Dense | None, batches: list[np.ndarray]) -> Callable[[], None]:
    """Forward and backward over each batch, and what other layers would do to the cache."""
    rng = np.random.default_rng(0)
    other = np.ones((784, 1024), np.float32)
    if layer is not None:
        shapes = layer.shapes().items()
        layer.parameters = {key: rng.standard_normal(shape, np.float32) for key, shape in shapes}
        layer.gradients = {key: np.zeros(shape, np.float32) for key, shape in shapes}
        gradient = rng.standard_normal((len(batches[0]), layer.units), np.float32)

    def run() -> None:
        for x in batches:
            np.add(other, 1, out=other)
            if layer is not None:
                layer.forward(x)
                layer.backward(gradient)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    print(table(["net, batch", "optimizer", "µs", "one process µs"], [*tiny(rounds)]), "\n")
    with threadpool_limits(1):
        head = ["units", "rows", "scale", "gathered µs", "all µs", "ratio"]
        print(table(head, [*first_layer(rounds)]), "\n")
    print(table(["net, batch", *PARTS, "rest", "step"], [*parts(rounds)]))  # last: it adds timers


if __name__ == "__main__":
    main()
