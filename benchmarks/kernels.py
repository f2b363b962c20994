"""The products of a step, as one of two processes has them, with each of OpenBLAS's kernels.

python benchmarks/kernels.py
python benchmarks/kernels.py --kernels SkylakeX,Haswell
"""

import argparse
import multiprocessing
import os
import statistics
import time
from multiprocessing.connection import Connection

from common import named, products, ratio, table

from nnbasic.training.environment import versions

NETS = [
    ([784, 50, 10], 50),
    ([784, 100, 10], 50),
    ([784, 100, 10], 10),
    ([784, 256, 128, 10], 64),
    ([784, 512, 512, 10], 64),
    ([784, 800, 10], 50),
    ([784, 900, 900, 10], 128),
    ([784, 1024, 1024, 10], 64),
    ([784, 1024, 1024, 1024, 10], 128),
]
REPEATS = 5
"""How often the products are computed in one measurement."""


def serve(end: Connection) -> None:
    """Compute the products of the net whose number comes; send the microseconds."""
    steps = [products(sizes, rows) for sizes, rows in NETS]
    end.send(versions()["kernels"])
    while True:
        step = steps[end.recv()]
        step()
        begun = time.perf_counter()
        for _ in range(REPEATS):
            step()
        end.send((time.perf_counter() - begun) / REPEATS * 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--kernels", default="SkylakeX,Haswell", help="as OpenBLAS calls them")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    pipes, names, processes = [], [], []
    for kernels in options.kernels.split(","):
        pipe, end = context.Pipe()
        # A new process reads these as it loads NumPy.
        os.environ |= {"OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": "1"}
        processes.append(context.Process(target=serve, args=(end,), daemon=True))
        processes[-1].start()
        pipes.append(pipe)
        names.append(pipe.recv())
    rows = []
    for number, (sizes, batch) in enumerate(NETS):
        times: list[list[float]] = [[] for _ in names]
        for _ in range(options.rounds):
            for pipe, found in zip(pipes, times, strict=True):
                pipe.send(number)
                found.append(pipe.recv())
        medians = [round(statistics.median(found)) for found in times]
        rows.append(
            [named(sizes, batch), *medians, *(ratio(found, times[0]) for found in times[1:])]
        )
    head = ["net, rows", *(f"{name} µs" for name in names), *(f"{n}/{names[0]}" for n in names[1:])]
    print(table(head, rows))
    for process in processes:
        process.terminate()


if __name__ == "__main__":
    main()
