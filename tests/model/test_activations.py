"""Each activation: its values, its derivative, and what it does to the arrays it is given.

All properties are tested on the layers, for everything in the table.
"""

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, MLP, Layer

VARIANTS: list[dict[str, Any]] = [
    *({"name": name} for name in ACTIVATIONS),
    {"name": "relu", "grad_at_zero": 1},
    {"name": "leaky_relu", "slope": 0.0},
    {"name": "leaky_relu", "slope": 0.2},
    {"name": "leaky_relu", "slope": 1.0},
    {"name": "prelu", "shared": True},
    {"name": "prelu", "slope": -0.5},
    {"name": "prelu", "slope": 1.5, "shared": True},
    {"name": "elu", "alpha": 0.0},
    {"name": "elu", "alpha": 2.0},
    {"name": "maxout", "pieces": 1},
    {"name": "maxout", "pieces": 3},
]

# (z, f(z), f'(z)), computed with 40 digits from the definitions in the papers.
LITERALS: dict[str, list[tuple[float, float, float]]] = {
    "identity": [(-3.0, -3.0, 1.0), (0.0, 0.0, 1.0), (4.0, 4.0, 1.0)],
    "step": [(-3.0, 0.0, 0.0), (0.0, 0.0, 0.0), (1e-30, 1.0, 0.0), (4.0, 1.0, 0.0)],
    "sigmoid": [
        (-3.0, 0.04742587317756678, 0.04517665973091213),
        (0.0, 0.5, 0.25),
        (4.0, 0.9820137900379085, 0.017662706213291118),
    ],
    "tanh": [
        (-3.0, -0.9950547536867305, 0.00986603716544019),
        (0.0, 0.0, 1.0),
        (1.0, 0.7615941559557649, 0.4199743416140261),
    ],
    "softsign": [(-3.0, -0.75, 0.0625), (0.0, 0.0, 1.0), (1.0, 0.5, 0.25), (4.0, 0.8, 0.04)],
    "relu": [(-3.0, 0.0, 0.0), (-1e-30, 0.0, 0.0), (0.0, 0.0, 0.0), (4.0, 4.0, 1.0)],
    "leaky_relu": [(-3.0, -0.03, 0.01), (0.0, 0.0, 0.01), (1e-30, 1e-30, 1.0), (4.0, 4.0, 1.0)],
    "prelu": [(-3.0, -0.75, 0.25), (0.0, 0.0, 0.25), (1e-30, 1e-30, 1.0), (4.0, 4.0, 1.0)],
    "elu": [
        (-3.0, -0.950212931632136, 0.049787068367863944),
        (0.0, 0.0, 1.0),
        (4.0, 4.0, 1.0),
    ],
    "selu": [
        (-3.0, -1.670568728767112, 0.08753061208026489),
        (0.0, 0.0, 1.7580993408473766),
        (4.0, 4.202803949421922, 1.0507009873554805),
    ],
    "softplus": [
        (-3.0, 0.04858735157374206, 0.04742587317756678),
        (0.0, 0.6931471805599453, 0.5),
        (4.0, 4.0181499279178094, 0.9820137900379085),
    ],
    "gelu": [
        (-3.0, -0.003637392081773019, -0.011584166630969726),
        (-0.5, -0.15428599017485609, 0.1326300964653577),
        (0.0, 0.0, 0.5),
        (1.0, 0.8411919906082767, 1.0829640838457826),
    ],
    "silu": [
        (-3.0, -0.14227761953270035, -0.08810410601516962),
        (0.0, 0.0, 0.5),
        (1.0, 0.7310585786300049, 0.9276705118714867),
    ],
    "mish": [
        (-3.0, -0.14564746127562458, -0.09339311453232084),
        (0.0, 0.0, 0.6),
        (1.0, 0.8650983882673103, 1.0490362200997922),
    ],
    "hard_tanh": [(-3.0, -1.0, 0.0), (-0.5, -0.5, 1.0), (0.999, 0.999, 1.0), (4.0, 1.0, 0.0)],
}


def bound(spec: Any, units: int, dtype: Any = np.float64) -> Layer:
    """The activation as the hidden layer of a network, with its parameters."""
    return MLP([1, units, 2], spec, dtype=dtype).layers[1]


def applied(spec: dict[str, Any], z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f(z) and f'(z) for a vector ``z``, one unit, each number an example."""
    layer = bound(spec, 1, z.dtype)
    a = layer.forward(z[:, None])[:, 0]
    derivative = layer.backward(np.ones((len(z), 1), z.dtype))
    assert derivative is not None
    return a, derivative[:, 0]


def called(spec: dict[str, Any]) -> str:
    return ",".join(str(value) for value in spec.values())


@pytest.mark.parametrize("name", LITERALS)
def test_values_and_derivatives(name: str) -> None:
    z, value, derivative = np.array(LITERALS[name]).T
    a, d = applied({"name": name}, z)
    np.testing.assert_allclose(a, value, rtol=1e-14, atol=1e-16)
    np.testing.assert_allclose(d, derivative, rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        ({"name": "leaky_relu", "slope": 0.2}, -0.4),
        ({"name": "prelu", "slope": -0.5}, 1.0),
        ({"name": "prelu", "slope": 1.5, "shared": True}, -3.0),
        ({"name": "elu", "alpha": 2.0}, -1.7293294335267746),
    ],
    ids=str,
)
def test_hyperparameters_shape_the_left_side(spec: dict[str, Any], left: float) -> None:
    a, _ = applied(spec, np.array([-2.0, 2.0]))
    np.testing.assert_allclose(a, [left, 2.0], rtol=1e-14)


@pytest.mark.parametrize("at_zero", [0, 1])
def test_relu_has_the_derivative_at_zero_that_is_asked_for(at_zero: int) -> None:
    spec = {"name": "relu", "grad_at_zero": at_zero}
    for zero in (0.0, -0.0):
        a, d = applied(spec, np.array([-1e-300, zero, 1e-300]))
        assert a.tolist() == [0, 0, 1e-300]
        assert d.tolist() == [0, at_zero, 1]


EXTREMES = [0.0, -0.0, 1e-38, -1e-38, 1e-45, 1.0, -1.0, 20, -20, 88, -88, 88.8, -88.8, 1e4, -1e4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spec", VARIANTS, ids=called)
def test_it_is_finite_and_silent_up_to_ten_thousand(spec: dict[str, Any], dtype: Any) -> None:
    """Warnings are errors in these tests. The dtype stays."""
    wide = np.geomspace(1e-6, 1e4, 400)
    z = np.concatenate([EXTREMES, wide, -wide]).astype(dtype)
    layer = bound(spec, 1, dtype)
    z = np.stack([np.roll(z, shift) for shift in range(layer.inputs(1))], axis=1)
    a = layer.forward(z)
    d = layer.backward(np.ones_like(a))
    assert d is not None
    assert a.dtype == d.dtype == dtype
    assert np.isfinite(a).all()
    assert np.isfinite(d).all()
    assert a.max() <= 1e4 * 1.06  # SELU's scale
    assert a.min() >= -1.5e4
    assert np.abs(d).max() <= 2 * 1.76  # SELU's steepest is 1.76, ELU's is its alpha


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "maxout"])
def test_limits_are_kept_and_approached(name: str) -> None:
    a, d = applied({"name": name}, np.array([-1e4, -30, -3, 0.0, 3, 30, 1e4]))
    limits = ACTIVATIONS[name].limits
    if limits is not None:
        assert limits[0] <= a.min() <= a.max() <= limits[1]
        assert d.min() >= 0
        np.testing.assert_allclose(a[[0, -1]], limits, atol=2e-4)
    elif name != "step":
        assert np.ptp(a) >= 1e4


@pytest.mark.parametrize("spec", VARIANTS, ids=called)
def test_backward_may_be_repeated_and_changes_no_input(
    spec: dict[str, Any], rng: np.random.Generator
) -> None:
    layer = bound(spec, 5)
    z, gradient = rng.normal(size=(7, layer.inputs(5))), rng.normal(size=(7, 5))
    for array in (z, gradient):
        array.flags.writeable = False
    a = layer.forward(z)
    kept = a.copy()
    results = []
    for _ in range(2):
        below = layer.backward(gradient)
        assert below is not None
        assert below.shape == z.shape
        results.append([below.copy(), *(array.copy() for array in layer.gradients.values())])
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(a, kept)
    np.testing.assert_array_equal(layer.forward(z), kept)


def test_maxout_takes_the_largest_piece_and_gives_it_the_gradient() -> None:
    """Of equal pieces, to the first."""
    layer = bound({"name": "maxout", "pieces": 3}, 2)
    # piece after piece: units 0 and 1 of piece 0, then of piece 1, then of piece 2
    z = np.array([[1.0, 3.0, 2.0, 4.0, 2.0, 4.0], [-3.0, -2.0, -4.0, -9.0, -5.0, -1.0]])
    assert layer.forward(z).tolist() == [[2, 4], [-3, -1]]
    below = layer.backward(np.array([[10.0, 20.0], [30.0, 40.0]]))
    assert below is not None
    assert below.tolist() == [[0, 0, 10, 20, 0, 0], [30, 0, 0, 0, 0, 40]]
