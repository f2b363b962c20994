"""The network: names, shapes, views, what it returns and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from nnbasic.model import (
    ACTIVATIONS,
    INITIALIZERS,
    MLP,
    Elementwise,
    Initializer,
    check_gradients,
    first_non_finite,
    hidden_activations,
    parameter_count,
)

SHAPES: list[tuple[Any, dict[str, tuple[int, ...]]]] = [
    (
        "relu",
        {
            "layer1.weight": (6, 5),
            "layer1.bias": (5,),
            "layer2.weight": (5, 4),
            "layer2.bias": (4,),
            "layer3.weight": (4, 3),
            "layer3.bias": (3,),
        },
    ),
    (
        [{"name": "maxout", "pieces": 3}, "prelu"],
        {
            "layer1.weight": (6, 15),
            "layer1.bias": (15,),
            "layer2.weight": (5, 4),
            "layer2.bias": (4,),
            "layer2.slope": (4,),
            "layer3.weight": (4, 3),
            "layer3.bias": (3,),
        },
    ),
    (
        [{"name": "prelu", "shared": True}, "tanh"],
        {
            "layer1.weight": (6, 5),
            "layer1.bias": (5,),
            "layer1.slope": (1,),
            "layer2.weight": (5, 4),
            "layer2.bias": (4,),
            "layer3.weight": (4, 3),
            "layer3.bias": (3,),
        },
    ),
]
SIZES = [6, 5, 4, 3]


@pytest.fixture
def network() -> MLP:
    return MLP([6, 5, 4, 3], "prelu", seed=4, dtype=np.float64)


@pytest.fixture
def batch(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(7, 6)), rng.integers(0, 3, 7)


@pytest.mark.parametrize(("activation", "shapes"), SHAPES, ids=["relu", "maxout", "shared"])
def test_names_and_shapes(activation: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    network = MLP(SIZES, activation)
    assert {name: array.shape for name, array in network.parameters.items()} == shapes
    assert list(network.parameters) == list(shapes) == list(network.gradients)
    _, gradients = network.loss_and_gradients(np.ones((2, 6)), [0, 1])
    assert {name: array.shape for name, array in gradients.items()} == shapes
    size = sum(int(np.prod(shape)) for shape in shapes.values())
    assert parameter_count(SIZES, activation) == network.vector.size == size


def test_the_default_network_of_the_presets_has_235146_parameters() -> None:
    assert parameter_count([784, 256, 128, 10], "relu") == 235_146


def test_counting_allocates_nothing() -> None:
    assert parameter_count([10**6, 10**6, 10], "relu") == 10**12 + 10**6 + 10**7 + 10


def test_by_hand() -> None:
    """Two units, ReLU, by numbers that anyone can follow."""
    network = MLP([2, 2, 2], "relu", dtype=np.float64)
    network.parameters["layer1.weight"][:] = [[1, -1], [2, 1]]
    network.parameters["layer1.bias"][:] = [0, 1]
    network.parameters["layer2.weight"][:] = [[1, 0], [3, -1]]
    network.parameters["layer2.bias"][:] = [0.5, -0.5]
    # pre-activations (5, 2) and (-3, -2), and so hidden units (5, 2) and (0, 0)
    logits = network.forward([[1, 2], [1, -2]])
    assert logits.tolist() == [[5 + 6 + 0.5, -2 - 0.5], [0.5, -0.5]]


def test_parameters_are_views_of_one_vector(network: MLP, batch: Any) -> None:
    x, _ = batch
    assert network.vector.flags.c_contiguous
    for arrays, vector in (
        (network.parameters, network.vector),
        (network.gradients, network.gradient),
    ):
        joined = np.concatenate([array.ravel() for array in arrays.values()])
        np.testing.assert_array_equal(joined, vector)
        assert all(np.shares_memory(array, vector) for array in arrays.values())
    before = network.forward(x)
    for name in network.parameters:
        network.parameters[name][...] += 0.1
        after = network.forward(x)
        assert not np.array_equal(after, before), name
        before = after
    network.vector[:] = 0
    assert not network.forward(x).any()


def test_weights_are_what_has_two_dimensions() -> None:
    network = MLP(SIZES, "prelu")
    network.vector[:] = 0
    for part in network.weights:
        network.vector[part] = 1
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, float(name.endswith(".weight")))


def test_forward_returns_an_array_of_its_own(network: MLP, batch: Any) -> None:
    x, _ = batch
    first = network.forward(x)
    kept = first.copy()
    network.forward(x + 1)
    np.testing.assert_array_equal(first, kept)
    first[:] = np.nan
    np.testing.assert_array_equal(network.forward(x), kept)


def test_probabilities_return_an_array_of_their_own(network: MLP, batch: Any) -> None:
    x, _ = batch
    first = network.probabilities(x)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    kept = first.copy()
    network.probabilities(x + 1)
    np.testing.assert_array_equal(first, kept)


def test_without_hidden_layers_the_logits_are_affine(batch: Any) -> None:
    x, _ = batch
    network = MLP([6, 3], activation=[], dtype=np.float64)
    weight, bias = network.parameters["layer1.weight"], network.parameters["layer1.bias"]
    bias[:] = [1, 2, 3]
    expected = [[sum(x[i, k] * weight[k, j] for k in range(6)) + bias[j] for j in range(3)]
                for i in range(7)]  # fmt: skip
    np.testing.assert_allclose(network.forward(x), expected, rtol=1e-12)


def test_gradients_are_copies(network: MLP, batch: Any) -> None:
    _, first = network.loss_and_gradients(*batch)
    kept = {name: array.copy() for name, array in first.items()}
    x, labels = batch
    network.loss_and_gradients(x + 1, labels)
    for name, array in first.items():
        np.testing.assert_array_equal(array, kept[name])
        assert not np.shares_memory(array, network.gradient)
    _, again = network.loss_and_gradients(x, labels)
    for name, array in again.items():
        np.testing.assert_array_equal(array, kept[name])


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", [*ACTIVATIONS])
def test_the_precision_stays(activation: str, dtype: Any, batch: Any) -> None:
    network = MLP(SIZES, activation, dtype=dtype)
    _, gradients = network.loss_and_gradients(*batch)
    arrays = [
        network.vector,
        network.gradient,
        network.forward(batch[0]),
        network.probabilities(batch[0]),
        *network.parameters.values(),
        *gradients.values(),
        *(layer.output for block in network.blocks for layer in block.layers),
        *(layer.gradient for block in network.blocks for layer in block.layers),
    ]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_any_memory_layout_of_the_input_gives_the_same(network: MLP, batch: Any) -> None:
    x, labels = batch
    expected, gradients = network.loss_and_gradients(x, labels)
    wide = np.zeros((14, 12))
    wide[::2, ::2] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    for other in (np.asfortranarray(x), wide[::2, ::2], x[::-1][::-1], read_only, x.tolist()):
        before = np.array(other)
        loss, again = network.loss_and_gradients(other, labels.tolist())
        assert loss == expected
        for name, array in gradients.items():
            np.testing.assert_array_equal(again[name], array)
        np.testing.assert_array_equal(other, before)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
def test_labels_of_any_integer_type(network: MLP, batch: Any, dtype: Any) -> None:
    x, labels = batch
    loss, _ = network.loss_and_gradients(x, labels)
    assert network.loss_and_gradients(x, labels.astype(dtype))[0] == loss


def test_score_counts_what_is_right(batch: Any) -> None:
    network = MLP([6, 3], init="zeros", dtype=np.float64)
    network.parameters["layer1.bias"][:] = [0, 1, 0]
    x, _ = batch
    _, correct = network.score(x, np.array([1, 1, 0, 1, 2, 0, 0], np.intp))
    assert correct == 3


def test_the_same_seed_gives_the_same_network() -> None:
    for init in INITIALIZERS:
        first, second = MLP(SIZES, "prelu", init, seed=9), MLP(SIZES, "prelu", init, seed=9)
        np.testing.assert_array_equal(first.vector, second.vector)
    assert not np.array_equal(MLP(SIZES, seed=9).vector, MLP(SIZES, seed=10).vector)


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


def test_no_layer_repeats_the_draws_of_another() -> None:
    network = MLP([5, 5, 5, 5], seed=9)
    weights = [network.parameters[f"layer{number}.weight"] for number in (1, 2, 3)]
    assert len({float(weight[0, 0]) for weight in weights}) == 3


def test_first_non_finite_names_the_lowest_place(network: MLP, batch: Any) -> None:
    x, labels = batch
    network.score(x, labels)
    assert first_non_finite(network) is None
    network.parameters["layer2.slope"][1] = np.inf
    network.parameters["layer3.bias"][0] = np.nan
    assert first_non_finite(network) == "layer2.slope"
    network.parameters["layer2.slope"][1] = 0
    assert first_non_finite(network) == "layer3.bias"
    network.parameters["layer3.bias"][0] = 0
    network.parameters["layer1.weight"][:] = 1e300
    network.parameters["layer2.weight"][:] = 1e300
    network.score(np.abs(x), labels)
    assert first_non_finite(network) == "layer2 (pre-activation)"
    network.parameters["layer1.slope"][:] = 1e300
    network.score(-np.abs(x), labels)
    assert first_non_finite(network) == "layer1 (activation)"


def test_hidden_activations_repeat_one_or_take_each() -> None:
    assert hidden_activations([6, 5, 4, 3], "tanh") == [ACTIVATIONS.build("tanh")] * 2
    mixed = hidden_activations([6, 5, 4, 3], ["tanh", {"name": "elu", "alpha": 2.0}])
    assert mixed == [
        ACTIVATIONS.build("tanh"),
        ACTIVATIONS.build({"name": "elu", "alpha": 2.0}),
    ]
    assert hidden_activations([6, 3], "tanh") == []


def test_components_of_the_user_are_as_good_as_the_built_in() -> None:
    @ACTIVATIONS.register("cube")
    @dataclass(frozen=True)
    class Cube(Elementwise):
        """f(z) = scale · z³."""

        scale: float = 1.0

        def forward(self, z: Any, out: Any, work: Any) -> None:
            np.multiply(z, self.scale * z * z, out=out)

        def backward(self, gradient: Any, z: Any, a: Any, out: Any, work: Any) -> None:
            np.multiply(gradient, 3 * self.scale * z * z, out=out)

    @INITIALIZERS.register("sparse")
    @dataclass(frozen=True, kw_only=True)
    class Sparse(Initializer):
        """Every second weight."""

        def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Any:
            return rng.normal(size=shape) * (np.arange(shape[0])[:, None] % 2)

    network = MLP(
        SIZES, {"name": "cube", "scale": 0.5}, {"name": "sparse", "bias": 0.3}, dtype=np.float64
    )
    assert not network.parameters["layer1.weight"][::2].any()
    assert network.parameters["layer1.weight"][1::2].all()
    np.testing.assert_array_equal(network.parameters["layer2.bias"], 0.3)
    x = np.random.default_rng(0).normal(size=(4, 6))
    assert all(check.agrees for check in check_gradients(network, x, np.array([0, 1, 2, 0])))
    # an instance needs no registration
    assert MLP(SIZES, Cube(2.0), Sparse()).activations == [Cube(2.0), Cube(2.0)]
