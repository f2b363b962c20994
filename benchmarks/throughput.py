"""Seconds an epoch of training takes, against PyTorch, scikit-learn and the bare products.

    pip install ".[bench]"
    python benchmarks/throughput.py --json throughput.json

Each net is trained by every candidate in turn, with the data in memory: uint8 for nnbasic, which
scales each batch as it goes, and ready-made float32 for the others. The roofline is the matrix
products of the same shapes and nothing else.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from common import images, in_turn, ratio, report

from nnbasic.data import Batches, Scale
from nnbasic.model import MLP, OPTIMIZERS, steps, stream

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
SPECS = {
    "sgd": {"name": "sgd", "lr": 0.01},
    "momentum": {"name": "sgd", "lr": 0.01, "momentum": 0.9},
    "adam": {"name": "adam"},
}
Candidate = Callable[[], object]


def roofline(sizes: list[int], batch: int, count: int) -> Candidate:
    """The products for ``count`` images: forward, and the gradients of weights and inputs."""
    rng = np.random.default_rng(0)
    shapes = list(pairwise(sizes))
    a = [rng.random((batch, n), np.float32) for n in sizes]
    d = [rng.random((batch, n), np.float32) for n in sizes]
    w = [rng.random(shape, np.float32) for shape in shapes]
    dw = [np.empty_like(one) for one in w]

    def run() -> None:
        for _ in range(-(-count // batch)):
            for i in range(len(shapes)):
                np.matmul(a[i], w[i], out=a[i + 1])
            for i in reversed(range(len(shapes))):
                np.matmul(a[i].T, d[i + 1], out=dw[i])
                if i:
                    np.matmul(d[i + 1], w[i].T, out=d[i])

    def reset_and_run() -> None:
        for one in w:
            one.fill(1e-3)  # so that the activations stay finite, as any run's do
        run()

    return reset_and_run


def nnbasic(
    sizes: list[int], batch: int, x: np.ndarray, y: np.ndarray, optimizer: str
) -> Candidate:
    network = MLP(sizes, "relu", "he")
    batches = Batches(
        x, y, batch_size=batch, scale=Scale.fit("unit", x), order=stream(0, "batch_order")
    )
    chosen = OPTIMIZERS.build(SPECS[optimizer])
    state = chosen.init(network.vector)

    def run() -> None:
        for _ in steps(network, batches, optimizer=chosen, epochs=1, state=state):
            pass

    return run


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


PEERS = {
    "torch": functools.partial(pytorch, compiled=False),
    "compiled": functools.partial(pytorch, compiled=True),
    "sklearn": sklearn,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=EPOCH, help="per round; scaled to an epoch")
    parser.add_argument("--optimizers", default="sgd,momentum,adam")
    parser.add_argument("--nets", default="", help="such as 784-100-10; default: all")
    parser.add_argument("--without", default="", help="candidates to leave out, comma-separated")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    x, y = images(options.images)
    scale = EPOCH / options.images
    rows, left_out = [], set(filter(None, options.without.split(",")))
    for sizes, batch in NETS:
        net = "-".join(map(str, sizes))
        if options.nets and net not in options.nets.split(","):
            continue
        for optimizer in options.optimizers.split(","):
            candidates = {
                "nnbasic": nnbasic(sizes, batch, x, y, optimizer),
                "products": roofline(sizes, batch, len(y)),
            }
            for name, make in PEERS.items():
                peer = None if name in left_out else make(sizes, batch, x, y, optimizer)
                if peer is None:
                    left_out.add(name)
                else:
                    candidates[name] = peer
            times = in_turn(candidates, options.rounds)
            own = times["nnbasic"]
            medians = {name: scale * statistics.median(t) for name, t in times.items()}
            row = [f"{net}, {batch}", optimizer, medians["nnbasic"], EPOCH / medians["nnbasic"]]
            for name in ("products", "torch", "compiled", "sklearn"):
                there = name in times
                row += [medians[name] if there else "-", ratio(own, times[name]) if there else "-"]
            rows.append(row)
            print(*(f"{c:.4g}" if isinstance(c, float) else c for c in row), flush=True)
    head = ["net, batch", "optimizer", "nnbasic s", "images/s"]
    for name in ("products", "torch", "compiled", "sklearn"):
        head += [f"{name} s", f"nnbasic/{name}"]
    print()
    report(head, rows, options.json, left_out=sorted(left_out), rounds=options.rounds)
    if left_out:
        print(f"\nleft out: {', '.join(sorted(left_out))}")


if __name__ == "__main__":
    main()
