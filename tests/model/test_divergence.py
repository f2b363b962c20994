"""A loss that stops being finite ends the training, and NumPy has nothing to say about it."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest

from nnbasic.data import Batches
from nnbasic.model import MLP, OPTIMIZERS, DivergedError, fit, steps

SIZES = [6, 8, 7, 3]


@pytest.fixture
def batches(rng: np.random.Generator) -> Batches:
    """50 examples: three batches of 16 and one of 2."""
    x = rng.normal(size=(50, 6)).astype(np.float32)
    return Batches(x, rng.integers(0, 3, 50), batch_size=16)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_divergence_names_epoch_step_and_the_first_layer(batches: Batches, loss: str) -> None:
    network = MLP(SIZES, loss=loss)
    told = steps(network, batches, epochs=3)
    for _ in range(6):  # four steps, an epoch, a step
        next(told)
    network.parameters["layer2.weight"][0, 0] = np.nan
    with pytest.raises(DivergedError, match=r"epoch 2, step 6; first in layer2\.weight") as caught:
        next(told)
    assert (caught.value.epoch, caught.value.step) == (2, 6)
    assert caught.value.where == "layer2.weight"


def test_an_overflow_is_a_divergence_and_no_warning(batches: Batches) -> None:
    network = MLP(SIZES)
    network.parameters["layer1.weight"][:] = 1e30
    network.parameters["layer2.weight"][:] = 1e30
    with pytest.raises(DivergedError) as caught:
        list(fit(network, batches, epochs=1))
    assert caught.value.where == "layer2 (pre-activation)"


def test_a_divergence_in_the_very_last_update_is_told(batches: Batches) -> None:
    network = MLP(SIZES)
    told = steps(network, batches, epochs=1)
    for _ in range(4):
        next(told)
    network.parameters["layer3.bias"][0] = np.inf
    with pytest.raises(DivergedError, match=r"epoch 1, step 4; first in layer3\.bias"):
        next(told)


@pytest.mark.parametrize("clip_norm", [None, 1.0])
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS])
@pytest.mark.parametrize("lr", [1e3, 1e10, 1e30])
def test_no_rate_however_absurd_makes_numpy_warn(
    batches: Batches, optimizer: str, lr: float, decay: float, clip_norm: float | None
) -> None:
    """Under pytest NumPy's warnings are errors; all that may come out is a divergence."""
    spec = {"name": optimizer, "lr": lr, "weight_decay": decay, "clip_norm": clip_norm}
    network = MLP(SIZES, ["prelu", "mish"], {"name": "normal", "std": 1e3})
    with contextlib.suppress(DivergedError):
        for result in fit(network, batches, optimizer=spec, epochs=5, validation=batches):
            assert math.isfinite(result.train_loss)
            assert np.isfinite(network.vector).all()
