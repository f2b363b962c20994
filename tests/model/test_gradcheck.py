"""The gradients of whole networks against central differences, and that comparison itself.

Elementwise activations have no parameters; `test_activations` compares their derivatives alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nnbasic.model import (
    ACTIVATIONS,
    INITIALIZERS,
    LOSSES,
    MLP,
    Elementwise,
    GradientCheck,
    check_gradients,
)
from nnbasic.model.gradcheck import TOLERANCE, relative_error

ACTIVATION_SPECS: list[Any] = [
    "gelu",
    *(name for name in ACTIVATIONS if not issubclass(ACTIVATIONS[name], Elementwise)),
    {"name": "prelu", "slope": -0.5},
    {"name": "prelu", "shared": True},
    {"name": "maxout", "pieces": 3},
    ["sigmoid", {"name": "prelu", "shared": True}],
    [{"name": "maxout", "pieces": 3}, "mish"],
]
LOSS_SPECS: list[Any] = [*LOSSES, {"name": "mse", "output": "sigmoid"}]


def checked(network: MLP, n: int = 6, seed: int = 11) -> list[GradientCheck]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, network.sizes[0]))
    labels = rng.integers(0, network.sizes[-1], n)
    return check_gradients(network, x, labels, entries=1000)


@pytest.mark.parametrize("activation", ACTIVATION_SPECS, ids=str)
def test_every_parameter_of_every_layer(activation: Any) -> None:
    init = {"name": "xavier", "bias": 0.1}
    network = MLP([5, 6, 4, 3], activation, init, seed=3, dtype=np.float64)
    checks = checked(network)
    assert [check.name for check in checks] == list(network.parameters)
    for check in checks:
        assert check.checked == check.size == network.parameters[check.name].size
        assert check.error <= TOLERANCE, check
    assert sum(array.size for array in network.parameters.values()) == network.vector.size


@pytest.mark.parametrize("loss", LOSS_SPECS, ids=str)
@pytest.mark.parametrize("sizes", [[4, 3], [1, 2], [4, 1, 2], [3, 5, 5, 5, 5, 2]], ids=str)
@pytest.mark.parametrize("n", [1, 7])
def test_any_depth_and_width_with_every_loss(sizes: list[int], loss: Any, n: int) -> None:
    network = MLP(sizes, "tanh", "lecun", loss=loss, seed=2, dtype=np.float64)
    assert all(check.agrees for check in checked(network, n))


@pytest.mark.parametrize("init", [*INITIALIZERS])
def test_from_any_start(init: str) -> None:
    network = MLP([5, 6, 4, 3], "softplus", init, seed=1, dtype=np.float64)
    assert all(check.agrees for check in checked(network))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "selu", "step", "hard_tanh"])
def test_a_kink_next_to_an_input_is_no_false_alarm(activation: str) -> None:
    """A pre-activation 3e-6 from the kink: the usual step of 1e-5 reaches across it."""
    network = MLP([2, 1, 2], activation, "zeros", dtype=np.float64)
    network.parameters["layer1.weight"][:] = [[0.5], [0.25]]
    network.parameters["layer2.weight"][:] = [[1.0, -2.0]]
    kink = 1.0 if activation == "hard_tanh" else 0.0
    network.parameters["layer1.bias"][:] = kink - 1 + 3e-6
    for check in check_gradients(network, np.array([[1.0, 2.0]]), np.array([1])):
        assert check.agrees, check


def test_the_numeric_gradient_of_a_known_function() -> None:
    """Logits w and -w with the label 0: L = ln(1 + e^-2w), dL/dw = -2 / (1 + e^2w)."""
    network = MLP([1, 2], init="zeros", dtype=np.float64)
    network.parameters["layer1.weight"][:] = [[0.7, -0.7]]
    _, gradients = network.loss_and_gradients([[1.0]], [0])
    p = 0.19781611144141825  # 1 / (1 + e^1.4)
    np.testing.assert_allclose(gradients["layer1.weight"], [[-p, p]], rtol=1e-14)
    for check in check_gradients(network, np.ones((1, 1)), np.array([0])):
        assert check.error < 1e-9


def test_relative_error_by_hand() -> None:
    assert relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.0])) == 0
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.array([3.0, 4.0]), np.zeros(2)) == 1
    assert relative_error(np.array([3.0, 4.0]), -np.array([3.0, 4.0])) == 1
    assert relative_error(np.array([3.0, 4.0]), np.array([3.0, 0.0])) == 0.5


@pytest.mark.parametrize(("error", "agrees"), [(0.0, True), (9e-7, True), (2e-6, False)])
def test_the_tolerance_is_a_millionth(error: float, agrees: bool) -> None:
    assert GradientCheck("w", 1, 1, error).agrees is agrees


@pytest.mark.parametrize(
    "wrong",
    [
        lambda z, a: a * (1 - a) * 1.0001,
        lambda z, a: a,
        lambda z, a: -a * (1 - a),
        lambda z, a: np.zeros_like(a),
        lambda z, a: np.where(z > 1.5, 0, a * (1 - a)),
        lambda z, a: np.where(z > 0, np.nan, a * (1 - a)),
    ],
)
def test_a_wrong_derivative_is_caught(wrong: Any) -> None:
    @ACTIVATIONS.register("wrong")
    @dataclass(frozen=True)
    class Wrong(Elementwise):
        """Sigmoid with a derivative that is not its own."""

        def forward(self, z: Any, out: Any, work: Any) -> None:
            np.divide(1, 1 + np.exp(-z), out=out)

        def backward(self, gradient: Any, z: Any, a: Any, out: Any, work: Any) -> None:
            np.multiply(gradient, wrong(z, a), out=out)

    network = MLP([5, 6, 3], "wrong", seed=3, dtype=np.float64)
    agrees = {check.name: check.agrees for check in checked(network)}
    assert not agrees["layer1.weight"]
    assert not agrees["layer1.bias"]
    assert agrees["layer2.weight"]  # which lies above the activation
    assert agrees["layer2.bias"]


@pytest.mark.parametrize("name", ["layer1.weight", "layer1.slope", "layer2.bias"])
def test_one_wrong_entry_is_caught(name: str) -> None:
    class Wrong(MLP):
        def loss_and_gradients(self, x: Any, labels: Any) -> Any:
            loss, gradients = super().loss_and_gradients(x, labels)
            gradients[name].flat[2] += 1e-4
            return loss, gradients

    network = Wrong([4, 5, 3], "prelu", seed=1, dtype=np.float64)
    assert [check.name for check in checked(network) if not check.agrees] == [name]


def test_the_network_is_left_as_it_was() -> None:
    network = MLP([4, 5, 3], "prelu", seed=1, dtype=np.float64)
    before = network.vector.copy()
    checked(network)
    np.testing.assert_array_equal(network.vector, before)


def test_at_most_so_many_entries_are_checked() -> None:
    network = MLP([40, 3], seed=1, dtype=np.float64)
    x, labels = np.ones((2, 40)), np.array([0, 1])
    (weight, bias) = check_gradients(network, x, labels, entries=10)
    assert (weight.name, weight.size, weight.checked) == ("layer1.weight", 120, 10)
    assert (bias.name, bias.size, bias.checked) == ("layer1.bias", 3, 3)


def test_float32_is_refused() -> None:
    with pytest.raises(ValueError, match="in float64"):
        check_gradients(MLP([4, 3]), np.ones((1, 4)), np.array([0]))
