"""The network and its affine layers: names, shapes, values by hand, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, MLP, Dense
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
    network.backward(np.array([[2.0, 0], [0, 1]]))
    assert network.gradients["layer2.weight"].tolist() == [[10, 0], [4, 0]]
    assert network.gradients["layer2.bias"].tolist() == [2, 1]  # summed over the batch
    # ReLU's gradient is 0 for the second example: (2, 6) for the first
    assert network.gradients["layer1.weight"].tolist() == [[2, 6], [4, 12]]
    assert network.gradients["layer1.bias"].tolist() == [2, 6]


def test_the_first_entries_of_the_vector_are_those_of_two_dimensions() -> None:
    network = MLP(SIZES, "prelu")
    network.vector[: network.weight_count] = 1
    network.vector[network.weight_count :] = 0
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, float(name.endswith(".weight")))


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


@pytest.mark.parametrize(
    "layers", [[], [784], [4, 0, 2], [4, -1, 2], [4, 2.0], [4, 2.5], [4, True], ["4", 2], [4, None]]
)
def test_sizes_that_make_no_network(layers: Any) -> None:
    with pytest.raises(ValueError, match="two or more whole numbers above 0"):
        MLP(layers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": ["relu"]}, "lists 1, but there are 2 hidden layers"),
        ({"activation": []}, "lists 0, but there are 2 hidden layers"),
        ({"activation": SGD()}, "the activation must be a name, such as"),
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


@pytest.mark.parametrize("units", [WIDE - 1, WIDE])
def test_a_wide_product_is_the_product(units: int, rng: np.random.Generator) -> None:
    x, weight = rng.normal(size=(64, 30)), rng.normal(size=(30, units))
    found = product(x, weight)
    assert found.flags.f_contiguous == (units >= WIDE)
    np.testing.assert_allclose(found, x @ weight, rtol=1e-12)
