"""Gradients against difference quotients, and the faults that a check must find."""

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, LOSSES, MLP, Layer, StepRandom
from nnbasic.model.arrays import Array
from nnbasic.model.gradcheck import (
    TOLERANCE,
    GradientCheck,
    check_activation,
    check_gradients,
    curve,
    pieces,
)

LOSS_SPECS: list[Any] = [
    *LOSSES,
    {"name": "mse", "output": "sigmoid"},
    {"name": "cross_entropy", "label_smoothing": 0.2},
]
NETWORKS: list[dict[str, Any]] = [
    {"activation": "gelu"},
    {"activation": "prelu"},
    {"activation": {"name": "prelu", "slope": -0.5}, "dropout": 0.5},
    {"activation": ["sigmoid", {"name": "prelu", "shared": True}]},
    {"activation": [{"name": "maxout", "pieces": 3}, "mish"], "input_dropout": 0.2},
    {"activation": "tanh", "input_noise": 0.3},
    {"activation": "tanh", "batch_norm": True},
    {"activation": {"name": "maxout", "pieces": 3}, "batch_norm": True, "loss": LOSS_SPECS[-1]},
    {"activation": "prelu", "dropout": 0.5, "input_noise": 0.3, "batch_norm": True},
]


def checked(network: MLP, n: int = 6, seed: int = 11) -> list[GradientCheck]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, network.sizes[0]))
    labels = rng.integers(0, network.sizes[-1], n)
    return check_gradients(network, x, labels, entries=1000)


@pytest.mark.parametrize("arguments", NETWORKS, ids=str)
def test_every_parameter_of_every_layer(arguments: dict[str, Any]) -> None:
    init = {"name": "xavier", "bias": 0.1}
    network = MLP([5, 6, 4, 3], init=init, seed=3, dtype=np.float64, **arguments)
    before = network.vector.copy()
    checks = checked(network, 12)
    assert [check.name for check in checks] == list(network.parameters)
    for check in checks:
        assert check.checked == check.size == network.parameters[check.name].size
        assert check.error <= TOLERANCE, check
    np.testing.assert_array_equal(network.vector, before)  # the moving averages too


@pytest.mark.parametrize("loss", LOSS_SPECS, ids=str)
@pytest.mark.parametrize("sizes", [[4, 3], [1, 2], [4, 1, 2], [3, 5, 5, 5, 5, 2]], ids=str)
@pytest.mark.parametrize("n", [1, 7])
def test_any_depth_and_width_with_every_loss(sizes: list[int], loss: Any, n: int) -> None:
    network = MLP(sizes, "tanh", "lecun", loss=loss, seed=2, dtype=np.float64)
    assert all(check.agrees for check in checked(network, n))


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


KINKED = ["step", "relu", "leaky_relu", "prelu", "selu"]
KINKS = {"hard_tanh": [-1.0, 1.0], "maxout": [0.0]} | {name: [0.0] for name in KINKED}
VARIANTS: list[tuple[dict[str, Any], list[float]]] = [
    *(({"name": name}, KINKS.get(name, [])) for name in ACTIVATIONS),
    ({"name": "leaky_relu", "slope": 1.0}, []),
    ({"name": "prelu", "slope": -0.5}, [0.0]),
    ({"name": "elu", "alpha": 0.0}, [0.0]),
    ({"name": "elu", "alpha": 2.0}, [0.0]),
    ({"name": "maxout", "pieces": 1}, []),
]


@pytest.mark.parametrize(("spec", "kinks"), VARIANTS, ids=str)
def test_every_activation_agrees_but_at_its_kinks(spec: Any, kinks: list[float]) -> None:
    assert check_activation(ACTIVATIONS.build(spec)) == (kinks, None)


def derivative(x: Any, a: Any) -> Any:
    return a * (1 - a)


@pytest.mark.parametrize(
    ("wrong", "where", "given", "quotient"),
    [
        (lambda dout, x, a: dout * derivative(x, a) * 1.01, "z = 0", "0.505", "0.5"),
        (lambda dout, x, a: derivative(x, a), "z = 0", "0.25", "0.5"),  # dout is forgotten
        (
            lambda dout, x, a: dout * np.where(x == -0.7, 0.31, derivative(x, a)),
            "z = -0.7",
            "0.62",
            "0.443426",
        ),
        # 2 e^6.1 / (1 + e^6.1)²
        (
            lambda dout, x, a: dout * np.where(x > 6, 0, derivative(x, a)),
            "z = 6.1",
            "0",
            "0.00446568",
        ),
        (
            lambda dout, x, a: dout * np.where(x > 500, np.nan, derivative(x, a)),
            "z = 1000",
            "nan",
            "0",
        ),
    ],
)
def test_a_wrong_derivative_is_found_with_its_point(
    wrong: Any, where: str, given: str, quotient: str
) -> None:
    @ACTIVATIONS.register("wrong")
    class Wrong:
        """Sigmoid, but for its derivative."""

        def forward(self, x: Any) -> Any:
            self.x = x
            self.a = 1 / (1 + np.exp(-np.clip(x, -700, 700)))
            return self.a

        def backward(self, dout: Any) -> Any:
            return wrong(dout, self.x, self.a)

    assert check_activation(ACTIVATIONS.build("wrong")) == (
        [],
        f"at {where} and dout = 2 backward gives {given}, the difference quotient times dout is"
        f" {quotient}",
    )


def test_what_overflows_forward_is_found() -> None:
    @ACTIVATIONS.register("naive")
    class Naive:
        """Softplus without care: e^x overflows at 710."""

        def forward(self, x: Any) -> Any:
            self.x = x
            return np.log(1 + np.exp(x))

        def backward(self, dout: Any) -> Any:
            return dout / (1 + np.exp(-self.x))

    _, found = check_activation(ACTIVATIONS.build("naive"))
    assert found == "forward is inf at z = 1000"


class Dropping(Layer):
    """Dropout, whose gradient in training mode is multiplied by ``factor``."""

    factor: float = 1.0

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.mask = 1.0 if rng is None else 2.0 * (rng.random(x.shape) < 0.5)
        self.scale = 1.0 if rng is None else self.factor
        return x * self.mask

    def backward(self, gradient: Array) -> Array:
        return gradient * self.mask * self.scale


@pytest.mark.parametrize(("factor", "wrong"), [(1, []), (-7, ["layer1.weight", "layer1.bias"])])
def test_a_gradient_that_is_wrong_in_training_only_is_found(
    factor: float, wrong: list[str]
) -> None:
    ACTIVATIONS.register("dropping")(Dropping)
    spec = {"name": "dropping", "factor": factor}
    assert check_activation(ACTIVATIONS.build(spec)) == ([], None)
    network = MLP([5, 6, 3], spec, seed=3, dtype=np.float64)
    assert [check.name for check in checked(network) if not check.agrees] == wrong


@pytest.mark.parametrize("name", ["layer1.weight", "layer1.slope", "layer2.bias"])
def test_one_wrong_entry_is_caught_and_named(name: str) -> None:
    class Wrong(MLP):
        def loss_and_gradients(self, *arguments: Any) -> Any:
            loss, gradients = super().loss_and_gradients(*arguments)
            gradients[name].flat[2] += 1e-4
            return loss, gradients

    network = Wrong([4, 5, 3], "prelu", seed=1, dtype=np.float64)
    (wrong,) = (check for check in checked(network) if not check.agrees)
    place = "0, 2" if name.endswith("weight") else "2"
    assert wrong.name == name
    assert wrong.worst.startswith(f"at {name}[{place}] backward gives ")


def test_float32_is_refused() -> None:
    with pytest.raises(ValueError, match="in float64"):
        check_gradients(MLP([4, 3]), np.ones((1, 4)), np.array([0]))


def test_a_curve_has_the_first_value_of_what_is_learned() -> None:
    prelu = ACTIVATIONS.build({"name": "prelu", "slope": 0.5, "shared": True})
    a, derivative = curve(prelu, [-2, 0, 2])
    assert (a.tolist(), derivative.tolist()) == ([-1, 0, 2], [0.5, 0.5, 1])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_every_piece_of_maxout_is_the_largest_somewhere(count: int) -> None:
    maxout = ACTIVATIONS.build({"name": "maxout", "pieces": count})
    slopes, offsets = pieces(maxout)
    z = np.linspace(-4, 4, 801)
    a, derivative = curve(maxout, z)
    lines = z[:, np.newaxis] * slopes + offsets
    assert np.array_equal(a, lines.max(axis=1))
    assert np.allclose(np.unique(derivative.round(12)), np.linspace(-0.5, 1, count))
