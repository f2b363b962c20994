"""Layers that know training from scoring, and keep arrays that are no parameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import ACTIVATIONS, MLP, Activation, check_gradients, evaluate, steps
from nnbasic.model.arrays import Array, Order
from nnbasic.model.diagnostics import diagnose
from nnbasic.model.layers import Layer
from nnbasic.training.checkpoint import Progress, restore, save
from support import examples


class CentredLayer(Layer):
    """z minus a running mean of z, which training updates."""

    def __init__(self, units: int) -> None:
        super().__init__({})
        self.state = {"mean": np.zeros(units)}

    def resize(self, n: int, dtype: np.dtype[Any], order: Order) -> None:
        shape = n, len(self.state["mean"])
        self.output, self.gradient = (np.empty(shape, dtype, order) for _ in range(2))

    def forward(self, x: Array, training: bool) -> Array:
        if training:
            self.state["mean"] += 0.1 * (x.mean(axis=0) - self.state["mean"])
        np.subtract(x, self.state["mean"], out=self.output)
        return self.output

    def backward(self, gradient: Array) -> Array:
        np.copyto(self.gradient, gradient)
        return self.gradient


@dataclass(frozen=True)
class Centred(Activation):
    def layer(self, units: int) -> Layer:
        return CentredLayer(units)


@pytest.fixture
def network() -> MLP:
    ACTIVATIONS.register("centred")(Centred)
    return MLP([6, 5, 4, 3], ["centred", "tanh"], dtype=np.float64)


@pytest.fixture
def batches() -> Batches:
    return Batches(*examples(40, seed=1), batch_size=10, dtype=np.float64)


def test_training_changes_the_state_and_nothing_else_does(network: MLP, batches: Batches) -> None:
    assert list(network.state) == ["layer1.mean"]
    x, labels = examples(8, seed=2)
    network.forward(x)
    network.probabilities(x)
    network.loss_and_gradients(x, labels)
    evaluate(network, batches)
    diagnose(network, x, labels)
    assert all(check.agrees for check in check_gradients(network, x, labels))
    assert not network.state["layer1.mean"].any()
    network.backpropagate(x, labels, len(labels))
    mean = (x @ network.parameters["layer1.weight"]).mean(axis=0)
    np.testing.assert_allclose(network.state["layer1.mean"], 0.1 * mean)


def test_a_checkpoint_holds_the_state(network: MLP, batches: Batches, tmp_path: Path) -> None:
    list(steps(network, batches, epochs=1))
    file = tmp_path / "last.npz"
    save(file, network, {}, Progress(1, 4))
    other = MLP([6, 5, 4, 3], ["centred", "tanh"], seed=1, dtype=np.float64)
    restore(file, other)
    np.testing.assert_array_equal(other.state["layer1.mean"], network.state["layer1.mean"])
    assert evaluate(other, batches) == evaluate(network, batches)
    assert network.state["layer1.mean"].any()


def test_a_network_with_a_state_trains_in_one_process(network: MLP, batches: Batches) -> None:
    with pytest.raises(ValueError, match=r"layer1\.mean need a training in one process"):
        next(steps(network, batches, epochs=1, processes=2))
