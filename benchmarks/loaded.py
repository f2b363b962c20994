"""What busy neighbours cost: an epoch in each way to use two cores, beside 0, 1 and 2 of them.

python benchmarks/loaded.py --json loaded.json
"""

import argparse
import contextlib
import itertools
import multiprocessing
import statistics
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from common import epochs, images, in_turn, ratio, report
from threadpoolctl import threadpool_limits

from nnbasic.model import MLP

SIZES, BATCH = [784, 256, 128, 10], 128
WAYS = {"two processes": (2, 1), "one, two BLAS threads": (1, 2), "one, one thread": (1, 1)}


def candidate(count: int, processes: int, threads: int) -> Callable[[], None]:
    """A function that trains one epoch at each call, in a process that stays for all calls."""
    mine, other = multiprocessing.Pipe()
    multiprocessing.Process(target=_serve, args=(other, count, processes, threads)).start()
    mine.recv()

    def epoch() -> None:
        mine.send(True)
        mine.recv()

    return epoch


def _serve(connection: Connection, count: int, processes: int, threads: int) -> None:
    x, y = images(count)
    momentum = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
    with threadpool_limits(threads), contextlib.suppress(EOFError):
        epoch = epochs(MLP(SIZES), x, y, BATCH, momentum, processes)
        connection.send(True)
        while connection.recv():
            epoch()
            connection.send(True)


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """``count`` other processes that compute without end."""
    others = [multiprocessing.Process(target=_busy) for _ in range(count)]
    for other in others:
        other.start()
    yield
    for other in others:
        other.kill()


def _busy() -> None:
    for _ in itertools.count():
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=12_800)
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    candidates = {name: candidate(options.images, *way) for name, way in WAYS.items()}
    quiet: list[float] = []
    rows = []
    for count in range(3):
        with neighbours(count):
            times = in_turn(candidates, options.rounds)
        first = next(iter(times.values()))
        quiet = quiet or first
        for name, seconds in times.items():
            scaled = statistics.median(seconds) * 60_000 / options.images
            rows.append([count, name, scaled, ratio(seconds, first), ratio(seconds, quiet)])
    headings = ["busy", "epoch in", "seconds", "of two processes", "of two, alone"]
    report(headings, rows, options.json)
    for process in multiprocessing.active_children():
        process.kill()


if __name__ == "__main__":
    main()
