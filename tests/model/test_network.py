"""The network: names, shapes, views, what it returns and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, INITIALIZERS, MLP, Initializer, Layer
from nnbasic.model.arrays import Array
from nnbasic.model.network import parameter_count
from nnbasic.model.optimizers import SGD

PLAIN = {
    "layer1.weight": (6, 5),
    "layer1.bias": (5,),
    "layer2.weight": (5, 4),
    "layer2.bias": (4,),
    "layer3.weight": (4, 3),
    "layer3.bias": (3,),
}
SHAPES: list[tuple[Any, dict[str, tuple[int, ...]]]] = [
    ("relu", PLAIN),
    (
        [{"name": "maxout", "pieces": 3}, "prelu"],
        PLAIN | {"layer1.weight": (6, 15), "layer1.bias": (15,), "layer2.slope": (4,)},
    ),
    ([{"name": "prelu", "shared": True}, "tanh"], PLAIN | {"layer1.slope": (1,)}),
]
SIZES = [6, 5, 4, 3]


@pytest.fixture
def network() -> MLP:
    return MLP(SIZES, "prelu", seed=4, dtype=np.float64)


@pytest.fixture
def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(7, 6)), rng.integers(0, 3, 7)


@pytest.mark.parametrize(("activation", "shapes"), SHAPES, ids=["relu", "maxout", "shared"])
def test_names_and_shapes(activation: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    network = MLP(SIZES, activation)
    assert {name: array.shape for name, array in network.parameters.items()} == shapes
    _, gradients = network.loss_and_gradients(np.ones((2, 6)), [0, 1])
    assert {name: array.shape for name, array in gradients.items()} == shapes
    size = sum(int(np.prod(shape)) for shape in shapes.values())
    assert parameter_count(SIZES, activation) == network.vector.size == size


def test_by_hand() -> None:
    """Two units, ReLU, by numbers that anyone can follow."""
    network = MLP([2, 2, 2], "relu", dtype=np.float64)
    network.parameters["layer1.weight"][:] = [[1, -1], [2, 1]]
    network.parameters["layer1.bias"][:] = [0, 1]
    network.parameters["layer2.weight"][:] = [[1, 0], [3, -1]]
    network.parameters["layer2.bias"][:] = [0.5, -0.5]
    # pre-activations (5, 2) and (-3, -2), and so hidden units (5, 2) and (0, 0)
    logits = network.logits([[1, 2], [1, -2]])
    assert logits.tolist() == [[5 + 6 + 0.5, -2 - 0.5], [0.5, -0.5]]


def test_the_first_entries_of_the_vector_are_those_of_two_dimensions() -> None:
    network = MLP(SIZES, "prelu")
    network.vector[: network.weights] = 1
    network.vector[network.weights :] = 0
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, float(name.endswith(".weight")))


def test_logits_and_gradients_are_arrays_of_their_own(network: MLP, batch: Any) -> None:
    x, labels = batch
    logits, probabilities = network.logits(x), network.probabilities(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    _, gradients = network.loss_and_gradients(x, labels)
    arrays = [logits, probabilities, *gradients.values()]
    kept = [array.copy() for array in arrays]
    network.loss_and_gradients(x + 1, labels)
    network.probabilities(x + 1)
    for array, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(array, before)


@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_batches_of_any_size_in_turn(activation: str, rng: np.random.Generator) -> None:
    """The mean over a batch is the mean over its examples, whatever was computed before."""
    network = MLP(SIZES, activation, "lecun", seed=4, dtype=np.float64)
    x, labels = rng.normal(size=(9, 6)), rng.integers(0, 3, 9)
    singles = [network.loss_and_gradients(x[i : i + 1], labels[i : i + 1]) for i in range(9)]
    for n in (9, 1, 4, 9, 2):
        loss, gradients = network.loss_and_gradients(x[:n], labels[:n])
        assert loss == pytest.approx(np.mean([one for one, _ in singles[:n]]), rel=1e-12)
        for name, array in gradients.items():
            mean = np.mean([one[name] for _, one in singles[:n]], axis=0)
            np.testing.assert_allclose(array, mean, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "maxout"])
def test_every_activation_starts_from_the_same_weights(activation: str) -> None:
    relu, other = MLP(SIZES, "relu", seed=9), MLP(SIZES, activation, seed=9)
    for name, array in relu.parameters.items():
        np.testing.assert_array_equal(other.parameters[name], array)


def test_a_layers_draws_do_not_depend_on_the_layers_before() -> None:
    """Layers of the same shape at the same place are paired, whatever the others are."""
    plain, maxout = MLP([6, 5, 4, 3], seed=9), MLP([6, 5, 4, 3], ["maxout", "relu"], seed=9)
    np.testing.assert_array_equal(
        plain.parameters["layer3.weight"], maxout.parameters["layer3.weight"]
    )


def test_components_of_the_user_are_as_good_as_the_built_in() -> None:
    @ACTIVATIONS.register("scaled")
    class Scaled(Layer):
        """f(x) = factor · x, with a factor that is learned."""

        factor: float = 2.0

        def forward(self, x: Array, rng: Any = None) -> Array:
            self.x = x
            return x * self.parameters["factor"]

        def backward(self, gradient: Array) -> Array:
            self.gradients["factor"][:] = (gradient * self.x).sum(axis=0)
            return gradient * self.parameters["factor"]

        def shapes(self) -> dict[str, tuple[int, ...]]:
            return {"factor": (self.units,)}

        def start(self) -> None:
            self.parameters["factor"].fill(self.factor)

    @INITIALIZERS.register("sparse")
    class Sparse(Initializer):
        """Every second weight."""

        def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
            return rng.normal(size=shape) * (np.arange(shape[0])[:, None] % 2)

    network = MLP(SIZES, {"name": "scaled", "factor": 3}, {"name": "sparse", "bias": 0.3})
    assert not network.parameters["layer1.weight"][::2].any()
    assert network.parameters["layer1.weight"][1::2].all()
    np.testing.assert_array_equal(network.parameters["layer2.bias"], np.float32(0.3))
    np.testing.assert_array_equal(network.parameters["layer2.factor"], [3] * 4)
    # an instance needs no name
    instance = Scaled(factor=3)  # type: ignore[call-arg]
    other = MLP(SIZES, instance, Sparse(bias=0.3))  # type: ignore[call-arg]
    np.testing.assert_array_equal(other.vector, network.vector)


@pytest.mark.parametrize(
    "layers", [[], [784], [4, 0, 2], [4, -1, 2], [4, 2.0], [4, 2.5], [4, True], ["4", 2], [4, None]]
)
def test_sizes_that_make_no_network(layers: Any) -> None:
    for build in (MLP, lambda sizes: parameter_count(sizes, "relu")):
        with pytest.raises(ValueError, match="two or more whole numbers above 0"):
            build(layers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "rleu"}, "did you mean 'relu'"),
        ({"activation": ["relu"]}, "lists 1, but there are 2 hidden layers"),
        ({"activation": []}, "lists 0, but there are 2 hidden layers"),
        ({"activation": ["relu", "tnah"]}, "did you mean 'tanh'"),
        ({"activation": SGD()}, "the activation must be a name, such as"),
        ({"init": "hee"}, "did you mean 'he'"),
        ({"loss": "hinge"}, "unknown loss 'hinge'"),
        ({"dtype": np.float16}, "must be float32 or float64"),
        ({"seed": -1}, "non-negative"),
    ],
    ids=str,
)
def test_arguments_that_make_no_network(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLP(SIZES, **arguments)


@pytest.mark.parametrize("shape", [(6,), (0, 6), (2, 5), (2, 7), (2, 2, 6), ()])
def test_inputs_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    network = MLP(SIZES)
    for method in (network.probabilities, lambda x: network.loss_and_gradients(x, [0, 1])):
        with pytest.raises(ValueError, match=r"it must be \(n, 6\), n > 0"):
            method(np.ones(shape))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0], "must be 2 integers"),
        ([0.0, 1.0], "must be 2 integers"),
        ([True, False], "must be 2 integers"),
        ([0, 3], "labels go from 0 to 3; the network has classes 0 to 2"),
        ([-1, 0], "labels go from -1 to 0"),
    ],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLP(SIZES).loss_and_gradients(np.ones((2, 6)), labels)
