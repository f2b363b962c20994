"""The affine layers, by numbers worked out by hand, and the fast one against its plain twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import MLP
from nnbasic.model.layers import NARROW, WIDE, Dense, PixelDense, product


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
