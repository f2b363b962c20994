"""The network and its affine layers: names, shapes, values by hand, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, MLP, Dense, Initializer, Layer
from nnbasic.model.arrays import Array
from nnbasic.model.network import NARROW, WIDE, PixelDense, parameter_shapes, product, stack
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
    assert parameter_shapes(stack(SIZES, activation)) == shapes
    assert network.vector.size == sum(int(np.prod(shape)) for shape in shapes.values())


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
    network.vector[: network.weight_count] = 1
    network.vector[network.weight_count :] = 0
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


def test_an_activation_and_an_initialiser_of_the_user() -> None:
    """The activation learns a parameter; instances need no name."""

    class Scaled(Layer):
        def forward(self, x: Array, rng: Any = None) -> Array:
            self.x = x
            return x * self.parameters["factor"]

        def backward(self, gradient: Array) -> Array:
            self.gradients["factor"][:] = (gradient * self.x).sum(axis=0)
            return gradient * self.parameters["factor"]

        def shapes(self) -> dict[str, tuple[int, ...]]:
            return {"factor": (self.units,)}

        def start(self) -> None:
            self.parameters["factor"].fill(3)

    class Sparse(Initializer):
        def weight(self, shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
            return rng.normal(size=shape) * (np.arange(shape[0])[:, None] % 2)

    network = MLP(SIZES, Scaled(), Sparse(bias=0.3))
    assert not network.parameters["layer1.weight"][::2].any()
    assert network.parameters["layer1.weight"][1::2].all()
    np.testing.assert_array_equal(network.parameters["layer2.bias"], np.float32(0.3))
    np.testing.assert_array_equal(network.parameters["layer2.factor"], [3] * 4)


@pytest.mark.parametrize(
    "layers", [[], [784], [4, 0, 2], [4, -1, 2], [4, 2.0], [4, 2.5], [4, True], ["4", 2], [4, None]]
)
def test_sizes_that_make_no_network(layers: Any) -> None:
    with pytest.raises(ValueError, match="two or more whole numbers above 0"):
        MLP(layers)


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


def ready(layer: Dense, weight: Any, bias: Any) -> Dense:
    """The layer with these parameters, and gradients that must be overwritten."""
    layer.parameters = {"weight": np.array(weight), "bias": np.array(bias)}
    layer.gradients = {k: np.full_like(a, np.nan) for k, a in layer.parameters.items()}
    return layer


def test_dense_by_hand() -> None:
    layer = ready(Dense(2, 3), [[1.0, 2, 3], [4, 5, 6]], [10.0, 20, 30])
    assert layer.forward(np.array([[1.0, 0], [2, -1]])).tolist() == [[11, 22, 33], [8, 19, 30]]
    below = layer.backward(np.array([[1.0, 0, 2], [0, 3, 1]]))
    assert below is not None
    assert below.tolist() == [[7, 16], [9, 21]]
    assert layer.gradients["weight"].tolist() == [[1, 6, 4], [0, -3, -1]]
    assert layer.gradients["bias"].tolist() == [1, 3, 3]  # of each unit, summed over the batch


PIXELS = 40


def images(blank: float, background: float, rng: np.random.Generator, dtype: Any) -> np.ndarray:
    """Three images with this share of pixels, the corner among them, that are background."""
    x = rng.normal(size=(3, PIXELS)).astype(dtype)
    x[:, : round(blank * PIXELS)] = background
    return x


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float32, 1e-4), (np.float64, 1e-12)], ids=["single", "double"]
)
@pytest.mark.parametrize("background", [0.0, -0.4])
@pytest.mark.parametrize("units", [2, NARROW])
@pytest.mark.parametrize("blank", [0.0, 1 / PIXELS, 0.3, 0.9, 1.0])
def test_pixel_dense_is_dense(
    blank: float, units: int, background: float, dtype: Any, tolerance: float
) -> None:
    rng = np.random.default_rng(1)
    gradient = rng.normal(size=(3, units)).astype(dtype)
    weight = rng.normal(size=(PIXELS, units)).astype(dtype)
    bias = rng.normal(size=units).astype(dtype)
    fast, plain = (ready(cls(PIXELS, units), weight, bias) for cls in (PixelDense, Dense))
    # what a batch before left, with other pixels blank, is overwritten
    for share in (0.5, blank):
        x = images(share, background, rng, dtype)
        z, expected = fast.forward(x), plain.forward(x)
        plain.backward(gradient)
        for _ in range(2):
            assert fast.backward(gradient) is None
    assert fast.gathers == (units == NARROW and blank >= 0.3)  # type: ignore[attr-defined]
    assert z.dtype == dtype
    np.testing.assert_allclose(z, expected, rtol=tolerance, atol=tolerance)
    for key, array in plain.gradients.items():
        np.testing.assert_allclose(fast.gradients[key], array, rtol=tolerance, atol=tolerance)


def test_pixels_are_blank_only_if_they_are_so_in_all_images() -> None:
    layer = ready(PixelDense(4, NARROW), np.ones((4, NARROW)), np.zeros(NARROW))
    z = layer.forward(np.array([[0.0, 0, 0, 5], [0, 7, 0, 0]]))
    assert z[:, 0].tolist() == [5, 7]
    layer.backward(np.ones((2, NARROW)))
    assert layer.gradients["weight"][:, 0].tolist() == [0, 7, 0, 5]


def test_the_first_layer_alone_is_that_of_the_pixels() -> None:
    kinds = [type(la) for la in MLP([6, 5, 4, 3]).layers if isinstance(la, Dense)]
    assert kinds == [PixelDense, Dense, Dense]


@pytest.mark.parametrize("layer", [Dense(6, 5), PixelDense(6, NARROW)])
def test_no_array_that_was_given_is_changed(layer: Dense, rng: np.random.Generator) -> None:
    units = layer.units
    ready(layer, rng.normal(size=(6, units)), rng.normal(size=units))
    x, gradient = images(0.5, 0.0, rng, np.float64)[:, :6], rng.normal(size=(3, units))
    for array in (x, gradient, *layer.parameters.values()):
        array.flags.writeable = False
    layer.forward(x)
    layer.backward(gradient)


@pytest.mark.parametrize("units", [WIDE - 1, WIDE])
def test_a_wide_product_is_the_product(units: int, rng: np.random.Generator) -> None:
    x, weight = rng.normal(size=(64, 30)), rng.normal(size=(30, units))
    found = product(x, weight)
    assert found.flags.f_contiguous == (units >= WIDE)
    np.testing.assert_allclose(found, x @ weight, rtol=1e-12)
