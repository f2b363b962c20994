"""Initialisers: the moments that they promise, over many draws, and how schemes are related."""

import math
from typing import Any

import numpy as np
import pytest

from nnbasic.model import INITIALIZERS, MLP
from nnbasic.model.initializers import TRUNCATED_SD, Scaled, draw

SHAPE = (600, 200)
DISTRIBUTIONS = ["normal", "uniform", "truncated_normal"]
SCALED = [name for name in INITIALIZERS if issubclass(INITIALIZERS[name], Scaled)]


def weight(spec: Any, shape: tuple[int, int] = SHAPE, seed: int = 5) -> np.ndarray:
    return INITIALIZERS.build(spec).weight(shape, rng=np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("spec", "std"),
    [
        ({"name": "normal", "std": 0.01}, 0.01),
        ({"name": "uniform", "bound": 0.3}, 0.17320508075688773),  # 0.3 / √3
        ({"name": "xavier"}, 0.05),  # √(2 / (600 + 200))
        ({"name": "he"}, 0.05773502691896258),  # √(2 / 600)
        ({"name": "lecun"}, 0.040824829046386304),  # √(1 / 600)
        ({"name": "lecun", "gain": 3.0}, 0.12247448713915891),
        ({"name": "orthogonal"}, 0.04082482904638631),  # 200 columns of length 1: √(1 / 600)
        *(({"name": "he", "distribution": d}, 0.05773502691896258) for d in DISTRIBUTIONS),
        *(({"name": "xavier", "distribution": d}, 0.05) for d in DISTRIBUTIONS),
    ],
    ids=str,
)
def test_mean_and_standard_deviation(spec: dict[str, Any], std: float) -> None:
    w = weight(spec)
    # 120,000 draws: the mean varies by 0.003 std, the standard deviation by 0.2 %
    assert abs(w.mean()) < 0.015 * std
    assert w.std() == pytest.approx(std, rel=0.01)


def test_truncated_normal_ends_at_two_standard_deviations_of_the_uncut_normal() -> None:
    numbers = draw((1000, 300), np.random.default_rng(1), "truncated_normal")
    bound = 2 / TRUNCATED_SD
    assert bound * 0.999 < np.abs(numbers).max() <= bound
    # P(|z| < 1) of a normal that is cut off at 2, from the error function
    within = math.erf(1 / math.sqrt(2)) / math.erf(2 / math.sqrt(2))
    assert np.mean(np.abs(numbers) < 1 / TRUNCATED_SD) == pytest.approx(within, abs=0.004)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_scaled_schemes_differ_by_a_factor_only(distribution: str) -> None:
    """The same seed gives every scheme the same draws, so that their runs are paired."""
    he, xavier, lecun = (
        weight({"name": name, "distribution": distribution}) for name in ("he", "xavier", "lecun")
    )
    np.testing.assert_allclose(he, lecun * math.sqrt(2), rtol=1e-14)
    np.testing.assert_allclose(xavier, he * math.sqrt(600 / 800), rtol=1e-14)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (20, 20)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal(shape: tuple[int, int], gain: float) -> None:
    w = weight({"name": "orthogonal", "gain": gain}, shape)
    product = w.T @ w if shape[0] >= shape[1] else w @ w.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(shape)), atol=1e-13)


def test_zeros() -> None:
    assert not weight("zeros").any()


@pytest.mark.parametrize("name", [*INITIALIZERS])
@pytest.mark.parametrize("bias", [{}, {"bias": -1.0}], ids=str)
def test_biases_are_zero_unless_the_config_says_otherwise(
    name: str, bias: dict[str, float]
) -> None:
    network = MLP([4, 3, 2], init={"name": name, **bias}, dtype=np.float64)
    for key in ("layer1.bias", "layer2.bias"):
        np.testing.assert_array_equal(network.parameters[key], bias.get("bias", 0.0))
