"""Dropout, noise and batch normalisation: in training, and what scoring leaves of them."""

from math import sqrt
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import MLP, StepRandom, fit
from nnbasic.model.regularisation import BatchNorm, Dropout, GaussianNoise
from support import examples

ALL: dict[str, Any] = {"dropout": 0.5, "input_dropout": 0.2, "input_noise": 0.3}
DTYPES = [np.float32, np.float64]


def step() -> StepRandom:
    return StepRandom(seed=5, epoch=1, step=3)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.5, 0.2, 0.9])
def test_dropout_leaves_out_its_share_and_keeps_the_mean(rate: float, dtype: Any) -> None:
    x = np.full((3000, 101), 3, dtype)
    layer = Dropout(rate=rate)
    y = layer.forward(x, step())
    kept = np.mean(y != 0)
    assert abs(kept - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / y.size)
    np.testing.assert_allclose(y[y != 0], 3 / (1 - rate), rtol=1e-6)
    for _ in range(2):  # the gradient has the mask of forward, however often it is asked for
        np.testing.assert_allclose(layer.backward(x), y)
    assert y.dtype == layer.backward(x).dtype == dtype
    assert not np.array_equal(layer.forward(x, StepRandom(5, 1, 4)), y)
    np.testing.assert_array_equal(layer.forward(x, step()), y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_noise_has_its_standard_deviation(dtype: Any) -> None:
    x = np.full((3000, 101), 3, dtype)
    noise = GaussianNoise(sd=0.25).forward(x, step()) - x
    assert noise.dtype == dtype
    assert abs(noise.mean()) < 5 * 0.25 / np.sqrt(noise.size)
    assert abs(noise.std() / 0.25 - 1) < 5 / np.sqrt(2 * noise.size)


def test_scoring_is_that_of_the_network_without_them(rng: np.random.Generator) -> None:
    x = rng.normal(size=(7, 6))
    disturbed, plain = MLP([6, 5, 4, 3], **ALL), MLP([6, 5, 4, 3])
    np.testing.assert_array_equal(disturbed.logits(x), plain.logits(x))
    assert not np.array_equal(disturbed.logits(x, step()), plain.logits(x))
    roles = [layer.role for layer in disturbed.layers if layer.role != "activation"]
    assert roles == ["noise", "noise", "affine", "noise", "affine", "noise", "affine"]


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "0.5", True])
@pytest.mark.parametrize("key", ALL)
def test_what_is_no_rate_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"(dropout: rate|noise: sd): must be "):
        MLP([6, 5, 3], **{key: value})
    with pytest.raises(ValueError, match="dropout: rate: must be at least 0 and less than 1"):
        MLP([6, 5, 3], dropout=1.0)


def test_batch_normalisation_by_hand() -> None:
    network = MLP([2, 2, 2], batch_norm=True, dtype=np.float64)
    (layer,) = (layer for layer in network.layers if isinstance(layer, BatchNorm))
    own = layer.parameters
    own["gamma"][:], own["beta"][:] = [0.5, 3], [-1, 1]
    z = np.array([[0.0, 10], [4, 30]])  # means 2 and 20, standard deviations 2 and 10
    np.testing.assert_allclose(layer.forward(z, step()), [[-1.5, -2], [-0.5, 4]], rtol=1e-5)
    # a tenth of the averages, 0 and 1 before, is new: of variances for n - 1, which are 8 and 200
    np.testing.assert_allclose(own["mean"], [0.2, 2], rtol=1e-12)
    np.testing.assert_allclose(own["variance"], [1.7, 20.9], rtol=1e-12)
    y = [
        [-0.1 / sqrt(1.70001) - 1, 24 / sqrt(20.90001) + 1],
        [1.9 / sqrt(1.70001) - 1, 84 / sqrt(20.90001) + 1],
    ]
    np.testing.assert_allclose(layer.forward(z), y, rtol=1e-12)
    # one example has no variance: it is normalised as in scoring, and the averages stay
    np.testing.assert_allclose(layer.forward(z[:1], step()), y[:1], rtol=1e-12)
    np.testing.assert_allclose(own["variance"], [1.7, 20.9], rtol=1e-12)


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("activation", ["prelu", {"name": "maxout", "pieces": 3}], ids=str)
def test_folded_is_the_same_function(activation: Any, dtype: Any, error: float) -> None:
    network = MLP([6, 8, 5, 3], activation, batch_norm=True, dtype=dtype, **ALL)
    x, labels = examples(65, seed=1)  # the last batch has one row
    list(fit(network, Batches(x, labels, batch_size=16, dtype=dtype), epochs=3))
    plain = network.folded()
    assert [layer.role for layer in plain.layers] == ["affine", "activation"] * 2 + ["affine"]
    np.testing.assert_allclose(plain.logits(x), network.logits(x), rtol=error, atol=error)
    unnormalised = MLP([6, 8, 5, 3], activation, dtype=dtype)
    for name, array in unnormalised.parameters.items():
        array[:] = network.parameters[name]
    assert not np.allclose(unnormalised.logits(x), network.logits(x), rtol=0.01)
