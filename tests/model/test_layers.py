"""The layers, by numbers worked out by hand, and what they do to the arrays they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, MLP, Elementwise
from nnbasic.model.layers import Affine, FirstAffine, Layer
from nnbasic.model.rectifiers import MaxoutLayer, PReLULayer

F8 = np.dtype(np.float64)
VARIANTS: list[Any] = [
    *ACTIVATIONS,
    {"name": "relu", "grad_at_zero": 1},
    {"name": "elu", "alpha": 0.3},
    {"name": "prelu", "shared": True},
    {"name": "maxout", "pieces": 3},
]
ELEMENTWISE = [spec for spec in VARIANTS if isinstance(ACTIVATIONS.build(spec), Elementwise)]


def ready(layer: Layer, n: int, **parameters: Any) -> Layer:
    """The layer with these parameters, ready for batches of ``n``."""
    layer.bind(
        {name: np.array(value, F8) for name, value in parameters.items()},
        {name: np.full(shape, np.nan) for name, shape in layer.shapes.items()},
    )
    layer.resize(n, F8, "C")
    return layer


def test_affine_by_hand() -> None:
    layer = ready(Affine(2, 3), 2, weight=[[1, 2, 3], [4, 5, 6]], bias=[10, 20, 30])
    z = layer.forward(np.array([[1.0, 0.0], [2.0, -1.0]]), training=True)
    assert z.tolist() == [[11, 22, 33], [8, 19, 30]]
    below = layer.backward(np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]]))
    assert below is not None
    assert below.tolist() == [[7, 16], [9, 21]]
    assert layer.gradients["weight"].tolist() == [[1, 6, 4], [0, -3, -1]]
    assert layer.gradients["bias"].tolist() == [1, 3, 3]  # of each unit, summed over the batch


def test_the_first_layer_computes_no_gradient_of_the_images() -> None:
    layer = ready(FirstAffine(2, 1), 1, weight=[[1], [2]], bias=[0])
    layer.forward(np.array([[3.0, 4.0]]), training=True)
    assert layer.backward(np.array([[2.0]])) is None
    assert layer.gradients["weight"].tolist() == [[6], [8]]
    assert layer.gradient.size == 0


@pytest.mark.parametrize("background", [0.0, -0.4])
@pytest.mark.parametrize("units", [2, 100])
@pytest.mark.parametrize("inked", [range(20), [1, 2, 3, 7, 19], [0], range(1, 20), []], ids=str)
def test_pixels_that_are_the_same_in_the_whole_batch(
    inked: Sequence[int], units: int, background: float, rng: np.random.Generator
) -> None:
    images = np.full((3, 20), background)
    images[:, inked] = rng.normal(size=(3, len(inked)))
    gradient = rng.normal(size=(3, units))
    weight, bias = rng.normal(size=(20, units)), rng.normal(size=units)
    layer = FirstAffine(20, units)
    ready(layer, 3, weight=weight, bias=bias)
    for x in (rng.normal(size=(3, 20)), images):  # what a batch before left is overwritten
        z = layer.forward(x, training=True)
        for _ in range(2):
            assert layer.backward(gradient) is None
    assert layer.gathers == (units == 100 and 0 not in inked and len(inked) < 18)
    np.testing.assert_allclose(z, np.einsum("ni,iu->nu", images, weight) + bias, atol=1e-12)
    expected = np.einsum("ni,nu->iu", images, gradient)
    np.testing.assert_allclose(layer.gradients["weight"], expected, atol=1e-12)
    np.testing.assert_allclose(layer.gradients["bias"], gradient.sum(axis=0), atol=1e-12)


def test_prelu_per_unit_by_hand() -> None:
    layer = ready(PReLULayer(2, slope=0.25, shared=False), 3, slope=[0.5, -2.0])
    a = layer.forward(np.array([[-4.0, 3.0], [1.0, -1.0], [0.0, -5.0]]), training=True)
    assert a.tolist() == [[-2, 3], [1, 2], [0, 10]]
    below = layer.backward(np.array([[1.0, 10.0], [2.0, 1.0], [3.0, -1.0]]))
    assert below is not None
    assert below.tolist() == [[0.5, 10], [2, -2], [1.5, 2]]
    assert layer.gradients["slope"].tolist() == [-4, -1 + 5]  # Σ dL/da · z over z < 0


def test_prelu_shared_by_hand() -> None:
    layer = ready(PReLULayer(2, slope=0.25, shared=True), 2, slope=[0.5])
    a = layer.forward(np.array([[-4.0, 3.0], [1.0, -2.0]]), training=True)
    assert a.tolist() == [[-2, 3], [1, -1]]
    below = layer.backward(np.array([[1.0, 10.0], [2.0, 3.0]]))
    assert below is not None
    assert below.tolist() == [[0.5, 10], [2, 1.5]]
    assert layer.gradients["slope"].tolist() == [-4 + 3 * -2]


@pytest.mark.parametrize(("shared", "shape"), [(True, (1,)), (False, (3,))])
def test_prelu_starts_at_the_slope_that_is_asked_for(shared: bool, shape: tuple[int]) -> None:
    layer = ACTIVATIONS.build({"name": "prelu", "slope": 0.1, "shared": shared}).layer(3)
    assert layer.shapes == {"slope": shape}
    ready(layer, 1, slope=np.zeros(shape))
    layer.start()
    assert layer.parameters["slope"].tolist() == [0.1] * shape[0]


def test_maxout_takes_the_largest_piece_and_gives_it_the_gradient() -> None:
    layer = ready(MaxoutLayer(2, pieces=3), 2)
    # piece after piece: units 0 and 1 of piece 0, then of piece 1, then of piece 2
    z = np.array([[1.0, 5.0, 2.0, 4.0, 0.0, -1.0], [-3.0, -2.0, -4.0, -9.0, -5.0, -1.0]])
    assert layer.forward(z, training=True).tolist() == [[2, 5], [-3, -1]]
    below = layer.backward(np.array([[10.0, 20.0], [30.0, 40.0]]))
    assert below is not None
    assert below.tolist() == [[0, 20, 10, 0, 0, 0], [30, 0, 0, 0, 0, 40]]


@pytest.mark.parametrize("gradient", [7.0, -0.1])
def test_maxout_ties_go_to_the_first_piece_alone(gradient: float) -> None:
    layer = ready(MaxoutLayer(1, pieces=4), 3)
    z = np.array([[2.0, 2.0, 2.0, 2.0], [0.0, 3.0, 1.0, 3.0], [-0.0, 0.0, -1.0, 0.0]])
    assert layer.forward(z, training=True).tolist() == [[2], [3], [0]]
    below = layer.backward(np.full((3, 1), gradient))
    assert below is not None
    assert np.abs(below).tolist() == [
        [abs(gradient), 0, 0, 0],
        [0, abs(gradient), 0, 0],
        [abs(gradient), 0, 0, 0],
    ]
    np.testing.assert_array_equal(below.sum(axis=1), gradient)


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_maxout_asks_for_pieces_times_units(pieces: int) -> None:
    activation = ACTIVATIONS.build({"name": "maxout", "pieces": pieces})
    assert activation.affine_units(30) == 30 * pieces


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "maxout"])
def test_all_others_ask_for_one_affine_output_a_unit(name: str) -> None:
    assert ACTIVATIONS.build(name).affine_units(30) == 30


@pytest.mark.parametrize("name", [*ACTIVATIONS])
def test_a_step_allocates_nothing_that_a_buffer_could_serve(name: str) -> None:
    """Forward and backward return the same two buffers, batch after batch."""
    activation = ACTIVATIONS.build(name)
    layer = activation.layer(4)
    ready(layer, 5, **{key: np.ones(shape) for key, shape in layer.shapes.items()})
    buffers = set()
    for value in (1.0, 2.0, 3.0):
        a = layer.forward(np.full((5, activation.affine_units(4)), value), training=True)
        d = layer.backward(np.ones((5, 4)))
        assert d is not None
        buffers.add((a.ctypes.data, d.ctypes.data))
    assert len(buffers) == 1


@pytest.mark.parametrize("spec", VARIANTS, ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_backward_may_be_repeated_and_changes_no_input(
    spec: Any, dtype: Any, rng: np.random.Generator
) -> None:
    affine, layer = MLP([2, 5, 3], spec, dtype=dtype).blocks[0].layers
    layer.resize(7, np.dtype(dtype), "C")
    z = rng.normal(size=(7, affine.shapes["weight"][1])).astype(dtype)
    gradient = rng.normal(size=(7, 5)).astype(dtype)
    a = layer.forward(z, training=True)
    before = [array.copy() for array in (z, gradient, a, *layer.parameters.values())]
    results = []
    for _ in range(2):
        below = layer.backward(gradient)
        assert below is not None
        assert below.shape == z.shape
        results.append([below.copy(), *(array.copy() for array in layer.gradients.values())])
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
    after = (z, gradient, layer.forward(z, training=True), *layer.parameters.values())
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("spec", VARIANTS, ids=str)
def test_backward_is_linear_in_the_gradient(spec: Any, rng: np.random.Generator) -> None:
    affine, layer = MLP([2, 3, 3], spec, dtype=F8).blocks[0].layers
    layer.resize(6, F8, "C")
    layer.forward(rng.normal(size=(6, affine.shapes["weight"][1])), training=True)
    one, two = rng.normal(size=(2, 6, 3))
    parts = [np.copy(layer.backward(g)) for g in (one, two)]  # type: ignore[arg-type]
    np.testing.assert_allclose(layer.backward(one - 2 * two), parts[0] - 2 * parts[1], atol=1e-12)


@pytest.mark.parametrize("spec", ELEMENTWISE, ids=str)
def test_scratch_and_output_may_hold_anything_before(spec: Any, rng: np.random.Generator) -> None:
    activation = ACTIVATIONS.build(spec)
    assert isinstance(activation, Elementwise)
    z, gradient = rng.normal(size=(2, 4, 3))
    results = []
    for rubbish in (0.0, np.nan):
        a, d = np.full((2, 4, 3), rubbish)
        activation.forward(z, a, np.full((4, 3), rubbish))
        activation.backward(gradient, z, a, d, np.full((4, 3), rubbish))
        results.append((a, d))
    np.testing.assert_array_equal(*results)
    assert np.isfinite(results).all()
