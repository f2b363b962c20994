"""Sweeps beside peers: wall time, processor time and peak memory of whole processes, in turn.

    pip install ".[bench]"
    python benchmarks/sweep.py --json sweep.json

The narrow sweep is 4 activations × 3 initialisations × 3 seeds of 784-32-10, three epochs; the wide
one 2 × 2 × 3 of 784-256-128-10, two epochs. nnbasic is the command, with its records, checkpoints
and diagnostics; JAX trains the runs of an activation at once, by vmap over initialisation and seed,
each epoch one compiled scan; PyTorch trains one run after the other in each of two processes with
one thread; scikit-learn fits under joblib with two jobs (it has no ELU and no choice of
initialisation).
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from itertools import pairwise, product
from typing import Any

import numpy as np
from common import family, occupied, ratio, report

from nnbasic.data import load

SWEEPS: dict[str, dict[str, Any]] = {
    "narrow": {
        "layers": [784, 32, 10],
        "epochs": 3,
        "activations": ["sigmoid", "tanh", "relu", "elu"],
        "inits": ["normal", "xavier", "he"],
    },
    "wide": {
        "layers": [784, 256, 128, 10],
        "epochs": 2,
        "activations": ["tanh", "relu"],
        "inits": ["xavier", "he"],
    },
}
SEEDS, BATCH, RATE, MOMENTUM = range(3), 128, 0.1, 0.9


def nnbasic(sweep: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "nnbasic", "sweep", "--config", "relu", "--runs", runs]
        command += ["--set", f"layers={sweep['layers']}", "--set", f"epochs={sweep['epochs']}"]
        command += ["--vary", f"activation={','.join(sweep['activations'])}"]
        command += ["--vary", f"init={','.join(sweep['inits'])}", "--seeds", str(len(SEEDS))]
        subprocess.run(command, check=True, capture_output=True)


def images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    data = load("auto", validation=5000)
    x, held = (part.images / np.float32(255) for part in (data.train, data.validation))
    y, truth = (part.labels.astype(np.int32) for part in (data.train, data.validation))
    return x, y, held, truth


def spread(init: str, n: int, m: int) -> float:
    """The standard deviation of the weights of a layer of ``n`` inputs and ``m`` units."""
    return {"normal": 0.02, "xavier": (2 / (n + m)) ** 0.5, "he": (2 / n) ** 0.5}[init]


def jax(sweep: dict[str, Any]) -> None:
    import jax
    import optax
    from jax import numpy as jnp

    x, y, held, truth = map(jnp.asarray, images())
    update = optax.sgd(RATE, MOMENTUM)
    steps = len(y) // BATCH

    def logits_of(f, parameters, x):
        *hidden, (weight, bias) = parameters
        for w, b in hidden:
            x = f(x @ w + b)
        return x @ weight + bias

    def loss_of(f, parameters, x, y):
        logits = logits_of(f, parameters, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

    for name in sweep["activations"]:
        f = jnp.tanh if name == "tanh" else getattr(jax.nn, name)

        def epoch(carried, order, f=f):
            def step(carried, chosen):
                parameters, state = carried
                gradients = jax.grad(lambda p: loss_of(f, p, x[chosen], y[chosen]))(parameters)
                changes, state = update.update(gradients, state, parameters)
                return (optax.apply_updates(parameters, changes), state), None

            carried, _ = jax.lax.scan(step, carried, order)
            right = (logits_of(f, carried[0], held).argmax(axis=1) == truth).mean()
            return carried, right

        rngs = [np.random.default_rng(seed) for _, seed in product(sweep["inits"], SEEDS)]
        each = [
            [
                (rng.normal(0, spread(init, n, m), (n, m)), np.zeros(m))
                for n, m in pairwise(sweep["layers"])
            ]
            for (init, _), rng in zip(product(sweep["inits"], SEEDS), rngs, strict=True)
        ]
        parameters = jax.tree.map(lambda *a: jnp.asarray(np.stack(a), jnp.float32), *each)
        carried = parameters, jax.vmap(update.init)(parameters)
        together = jax.jit(jax.vmap(epoch), donate_argnums=0)
        for _ in range(sweep["epochs"]):
            orders = [rng.permutation(len(y))[: steps * BATCH] for rng in rngs]
            order = np.stack(orders).reshape(len(rngs), steps, BATCH).astype(np.int32)
            carried, right = together(carried, order)
        jax.block_until_ready(right)


def pytorch(sweep: dict[str, Any]) -> None:
    import torch.multiprocessing

    cells = list(product(sweep["activations"], sweep["inits"], SEEDS))
    torch.multiprocessing.spawn(_pytorch, (sweep, [cells[::2], cells[1::2]]), nprocs=2)


def _pytorch(rank: int, sweep: dict[str, Any], parts: list[Any]) -> None:
    import torch

    torch.set_num_threads(1)
    x, y, held, truth = (torch.from_numpy(a) for a in images())
    y, truth = y.long(), truth.long()
    kinds = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU", "elu": "ELU"}
    for activation, init, seed in parts[rank]:
        torch.manual_seed(seed)
        layers: list[torch.nn.Module] = []
        for n, m in pairwise(sweep["layers"]):
            linear = torch.nn.Linear(n, m)
            torch.nn.init.normal_(linear.weight, 0, spread(init, n, m))
            torch.nn.init.zeros_(linear.bias)
            layers += [linear, getattr(torch.nn, kinds[activation])()]
        net = torch.nn.Sequential(*layers[:-1])
        update = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
        loss_of = torch.nn.CrossEntropyLoss()
        for _ in range(sweep["epochs"]):
            for chosen in torch.randperm(len(y)).split(BATCH):
                update.zero_grad(set_to_none=True)
                loss_of(net(x[chosen]), y[chosen]).backward()
                update.step()
            with torch.no_grad():
                (net(held).argmax(dim=1) == truth).float().mean().item()


def sklearn(sweep: dict[str, Any]) -> None:
    import joblib

    x, y, held, truth = images()
    kinds = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu", "elu": "relu"}
    cells = product(sweep["activations"], sweep["inits"], SEEDS)
    joblib.Parallel(n_jobs=2)(
        joblib.delayed(_sklearn)(sweep, kinds[name], seed, x, y, held, truth)
        for name, _, seed in cells
    )


def _sklearn(sweep: dict[str, Any], kind: str, seed: int, x, y, held, truth) -> float:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        sweep["layers"][1:-1],
        activation=kind,
        solver="sgd",
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        max_iter=sweep["epochs"],
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # so few epochs do not converge, and it says so
        model.fit(x, y)
    return float(model.score(held, truth))


CANDIDATES = {"nnbasic": nnbasic, "jax": jax, "torch": pytorch, "sklearn": sklearn}


def measured(name: str, sweep: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak MiB of a process of its own, with its children."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, "--run", name, "--sweeps", sweep])
    most = 0.0
    while process.poll() is None:
        most = max(most, sum(map(occupied, family(process.pid))))
        time.sleep(0.1)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{name} ended with status {process.returncode}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used, most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sweeps", default="narrow,wide")
    parser.add_argument("--without", default="", help="candidates to leave out, comma-separated")
    parser.add_argument("--run", help="run this candidate once, unmeasured")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    if options.run:
        CANDIDATES[options.run](SWEEPS[options.sweeps])
        return
    names = [name for name in CANDIDATES if name not in options.without.split(",")]
    rows = []
    for sweep in options.sweeps.split(","):
        taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                taken[name].append(measured(name, sweep))
        own = [wall for wall, _, _ in taken["nnbasic"]]
        for name in names:
            wall, used, most = (statistics.median(each) for each in zip(*taken[name], strict=True))
            share = ratio(own, [seconds for seconds, _, _ in taken[name]])
            rows.append([sweep, name, wall, used, most, share])
    head = ["sweep", "by", "wall s", "processor s", "peak MiB", "nnbasic's wall time over it"]
    report(head, rows, options.json, rounds=options.rounds)


if __name__ == "__main__":
    main()
