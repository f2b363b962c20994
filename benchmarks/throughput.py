"""Seconds an epoch of training takes, against PyTorch, JAX, scikit-learn and the bare products.

    pip install ".[bench]"
    python benchmarks/throughput.py --json throughput.json

Each net is trained by every candidate in turn, each in a process of its own, with the data in
memory: uint8 for nnbasic, which scales each batch as it goes, and ready-made float32 for the
others. The products are the matrix products of the same shapes and nothing else: the roofline.
"""

import argparse
import functools
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from multiprocessing.connection import Connection

import numpy as np
from common import OPTIMIZERS, epochs, images, named, products, ratio, report

from nnbasic.model import MLP

NETS = [
    ([784, 50, 10], 100),
    ([784, 100, 10], 100),
    ([784, 256, 128, 10], 128),
    ([784, 512, 512, 10], 128),
    ([784, 800, 10], 100),
    ([784, 1024, 1024, 10], 128),
    ([784, 1024, 1024, 1024, 10], 256),
]
EPOCH = 60_000
Candidate = Callable[[], object]
PAUSE = 0.3
"""Seconds of rest before each measurement, in which the threads of the last one go to sleep."""


def bare_products(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str
) -> Candidate:
    step = products(sizes, batch)

    def run() -> None:
        for _ in range(-(-len(y) // batch)):
            step()

    return run


def nnbasic(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str
) -> Candidate:
    return epochs(MLP(sizes, "relu", "he"), x, y, batch, OPTIMIZERS[optimizer])


def pytorch(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str, compiled: bool
) -> Candidate | None:
    try:
        import torch
    except ImportError:
        return None
    layers: list[torch.nn.Module] = []
    for inputs, units in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
    module = torch.nn.Sequential(*layers[:-1])
    model = torch.compile(module) if compiled else module
    loss_of = torch.nn.CrossEntropyLoss()
    momentum = 0.9 if optimizer == "momentum" else 0.0
    update = (
        torch.optim.Adam(module.parameters())
        if optimizer == "adam"
        else torch.optim.SGD(module.parameters(), lr=0.01, momentum=momentum)
    )
    inputs_, labels = torch.from_numpy(x / np.float32(255)), torch.from_numpy(y.astype(np.int64))
    whole = len(y) // batch * batch  # no odd last batch, which would be compiled anew

    def run() -> None:
        order = torch.randperm(len(y))[:whole]
        for chosen in order.split(batch):
            update.zero_grad(set_to_none=True)
            loss_of(model(inputs_[chosen]), labels[chosen]).backward()
            update.step()

    return run


def jax(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str, scan: bool
) -> Candidate | None:
    """Compiled by XLA: a step at a time, or with ``scan`` a whole epoch."""
    try:
        import jax
        import optax
        from jax import numpy as jnp
    except ImportError:
        return None
    momentum = 0.9 if optimizer == "momentum" else None
    update = optax.adam(1e-3) if optimizer == "adam" else optax.sgd(0.01, momentum)
    rng = np.random.default_rng(0)
    parameters = [
        (jnp.asarray(rng.normal(0, np.sqrt(2 / n), (n, m)), jnp.float32), jnp.zeros(m))
        for n, m in pairwise(sizes)
    ]
    state = update.init(parameters)
    inputs, labels = jnp.asarray(x / np.float32(255)), jnp.asarray(y.astype(np.int32))
    steps = len(y) // batch  # no odd last batch, which would be compiled anew

    def loss_of(parameters, x, y):
        *hidden, (weight, bias) = parameters
        for w, b in hidden:
            x = jax.nn.relu(x @ w + b)
        return optax.softmax_cross_entropy_with_integer_labels(x @ weight + bias, y).mean()

    def step(carried, x, y):
        parameters, state = carried
        gradients = jax.grad(loss_of)(parameters, x, y)
        changes, state = update.update(gradients, state, parameters)
        return optax.apply_updates(parameters, changes), state

    def scanned(carried, x, y, order):
        body = lambda carried, chosen: (step(carried, x[chosen], y[chosen]), None)  # noqa: E731
        return jax.lax.scan(body, carried, order)[0]

    one = jax.jit(lambda carried, x, y, i: step(carried, x[i], y[i]), donate_argnums=0)
    whole = jax.jit(scanned, donate_argnums=0)
    carried = parameters, state

    def run() -> None:
        nonlocal carried
        order = rng.permutation(len(y))[: steps * batch].reshape(steps, batch).astype(np.int32)
        if scan:
            carried = whole(carried, inputs, labels, order)
        else:
            for chosen in order:
                carried = one(carried, inputs, labels, chosen)
        jax.block_until_ready(carried)

    return run


def sklearn(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str
) -> Candidate | None:
    try:
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        return None
    model = MLPClassifier(
        sizes[1:-1],
        solver="adam" if optimizer == "adam" else "sgd",
        momentum=0.9 if optimizer == "momentum" else 0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=batch,
        learning_rate_init=0.001 if optimizer == "adam" else 0.01,
        max_iter=1,
        random_state=0,
    )
    scaled = x / np.float32(255)

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch does not converge, and it says so
            model.fit(scaled, y)

    return run


CANDIDATES: dict[str, Callable[..., Candidate | None]] = {
    "nnbasic": nnbasic,
    "products": bare_products,
    "torch": functools.partial(pytorch, compiled=False),
    "compiled": functools.partial(pytorch, compiled=True),
    "jax_scan": functools.partial(jax, scan=True),
    "jax_step": functools.partial(jax, scan=False),
    "sklearn": sklearn,
}


class Worker:
    """A candidate in a process of its own: libraries' idle threads must not slow the others."""

    def __init__(self, name: str, sizes: list[int], batch: int, count: int, optimizer: str) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, end = context.Pipe()
        arguments = (end, name, sizes, batch, count, optimizer)
        # not a daemon: those may have no child processes, such as a shared training's
        self.process = context.Process(target=serve, args=arguments)
        self.process.start()
        self.there: bool = self.pipe.recv()

    def __call__(self) -> float:
        """Let the candidate run once; the seconds that it took."""
        time.sleep(PAUSE)
        self.pipe.send("run")
        return float(self.pipe.recv())

    def close(self) -> None:
        self.process.terminate()
        self.process.join()


def serve(
    end: Connection, name: str, sizes: list[int], batch: int, count: int, optimizer: str
) -> None:
    candidate = CANDIDATES[name](sizes, batch, *images(count), optimizer)
    end.send(candidate is not None)
    while candidate is not None and end.recv():
        begun = time.perf_counter()
        candidate()
        end.send(time.perf_counter() - begun)


def measure(
    sizes: list[int], batch: int, count: int, optimizer: str, names: list[str], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each candidate that is there, in turn, after a warm-up of each."""
    workers = {name: Worker(name, sizes, batch, count, optimizer) for name in names}
    there = {name: worker for name, worker in workers.items() if worker.there}
    for worker in there.values():
        worker()
    times: dict[str, list[float]] = {name: [] for name in there}
    for _ in range(rounds):
        for name, worker in there.items():
            times[name].append(worker())
    for worker in workers.values():
        worker.close()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=EPOCH, help="per round; scaled to an epoch")
    parser.add_argument("--optimizers", default="sgd,momentum,adam")
    parser.add_argument("--nets", default="", help="such as 784-100-10; default: all")
    parser.add_argument("--without", default="", help="candidates to leave out, comma-separated")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    names = [name for name in CANDIDATES if name not in options.without.split(",")]
    scale = EPOCH / options.images
    rows = []
    for sizes, batch in NETS:
        net = "-".join(map(str, sizes))
        if options.nets and net not in options.nets.split(","):
            continue
        for optimizer in options.optimizers.split(","):
            times = measure(sizes, batch, options.images, optimizer, names, options.rounds)
            names = list(times)
            own = scale * statistics.median(times["nnbasic"])
            row = [named(sizes, batch), optimizer, own, EPOCH / own]
            for name in names[1:]:
                row += [
                    scale * statistics.median(times[name]),
                    ratio(times["nnbasic"], times[name]),
                ]
            rows.append(row)
            print(*(f"{c:.4g}" if isinstance(c, float) else c for c in row), flush=True)
    head = ["net, batch", "optimizer", "nnbasic s", "images/s"]
    for name in names[1:]:
        head += [f"{name} s", f"nnbasic/{name}"]
    left_out = sorted(set(CANDIDATES) - set(names))
    print()
    report(head, rows, options.json, left_out=left_out, rounds=options.rounds)
    if left_out:
        print(f"\nleft out: {', '.join(left_out)}")


if __name__ == "__main__":
    main()
