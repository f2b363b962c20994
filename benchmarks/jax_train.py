"""The recipe of a config in JAX, an epoch at a time compiled: a peer of `time_to_accuracy.py`.

    python benchmarks/jax_train.py config.yaml --seed 0

Reads the four files of $NNBASIC_DATA, trains, and prints the test accuracy.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import jax
import numpy as np
import optax
import recipe
from jax import numpy as jnp


def logits(parameters, x):
    *hidden, (weight, bias) = parameters
    for w, b in hidden:
        x = jax.nn.relu(x @ w + b)
    return x @ weight + bias


def main() -> None:
    config, x, y, test_x, test_y, rates = recipe.read(sys.argv[1])
    rng = np.random.default_rng(int(sys.argv[3]))
    parameters = [
        (jnp.asarray(rng.normal(0, np.sqrt(2 / n), (n, m)), jnp.float32), jnp.zeros(m))
        for n, m in pairwise(config["layers"])
    ]
    optimizer, batch = config["optimizer"], config["batch_size"]
    update = optax.sgd(
        lambda step: rates[step], momentum=optimizer["momentum"], nesterov=optimizer["nesterov"]
    )
    rates = jnp.asarray(rates)
    x, y, state = jnp.asarray(x), jnp.asarray(y.astype(np.int32)), update.init(parameters)

    def loss_of(parameters, x, y):
        found = logits(parameters, x)
        return optax.softmax_cross_entropy_with_integer_labels(found, y).mean()

    @jax.jit
    def epoch(carried, x, y, order):
        def step(carried, chosen):
            parameters, state = carried
            gradients = jax.grad(loss_of)(parameters, x[chosen], y[chosen])
            changes, state = update.update(gradients, state, parameters)
            return (optax.apply_updates(parameters, changes), state), None

        return jax.lax.scan(step, carried, order)[0]

    # Whole batches only: one shape, compiled once.
    steps, carried = len(y) // batch, (parameters, state)
    for _ in range(config["epochs"]):
        order = rng.permutation(len(y))[: steps * batch].reshape(steps, batch)
        carried = epoch(carried, x, y, order.astype(np.int32))
    print(float((jax.jit(logits)(carried[0], test_x).argmax(1) == test_y).mean()))


if __name__ == "__main__":
    main()
