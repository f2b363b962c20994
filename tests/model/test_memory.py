"""Training gains no memory over its steps, and a step allocates no large array."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import ACTIVATIONS, MLP, steps


def test_no_memory_is_gained_over_the_steps() -> None:
    network = MLP([50, 60, 10])
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(640, 50)).astype(np.float32), rng.integers(0, 10, 640)
    data = Batches(x, labels, batch_size=64)
    told = steps(network, data, optimizer="adam", epochs=100, validation=data)

    def advance(count: int) -> int:
        for _ in range(count):
            next(told)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        advance(22)  # two epochs: all buffers are there
        before = advance(11)
        after = advance(220)
    finally:
        tracemalloc.stop()
    assert after - before < 10_000  # the activations of one batch alone are 15,000 bytes


@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_a_step_allocates_less_than_one_activation(activation: str) -> None:
    """Whatever could be a buffer is one: in a step nothing as large as a layer's output is made."""
    network = MLP([300, 400, 10], activation)
    x = np.ones((256, 300), np.float32)
    labels = np.zeros(256, np.intp)
    network.backpropagate(x, labels, len(labels))
    tracemalloc.start()
    try:
        network.backpropagate(x, labels, len(labels))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 256 * 400 * 4 / 4
