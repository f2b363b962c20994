"""The diagnostics of a batch: against figures worked out by hand, and the bits of training."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nnbasic.model import MLP
from nnbasic.training.diagnostics import diagnose, histogram

LABELS = np.array([0, 1], dtype=np.intp)


def hand_made(activation: str = "relu") -> MLP:
    """Two inputs, two hidden units, two classes; the second hidden unit is dead under ReLU."""
    network = MLP([2, 2, 2], activation, dtype=np.float64)
    network.parameters["layer1.weight"][:] = [[1, -1], [0, -1]]
    network.parameters["layer2.weight"][:] = [[1, 0], [0, 1]]
    return network


def test_one_layer_by_hand() -> None:
    hidden, output = diagnose(hand_made(), np.array([[1.0, 0.0], [3.0, 1.0]]), LABELS)
    # Activations: [[1, 0], [3, 0]].
    assert hidden["layer"] == "layer1"
    assert hidden["mean"] == pytest.approx(1)
    assert hidden["sd"] == pytest.approx(math.sqrt(1.5))
    assert hidden["image_sd"] == pytest.approx(math.sqrt(0.5))
    assert hidden["dead"] == 0.5
    assert hidden["saturated"] is None
    assert hidden["update_ratio"] is None
    assert (output["layer"], output["dead"], output["saturated"]) == ("layer2", None, None)
    # dL/dlogits = (softmax - onehot) / 2, with softmax(1, 0) and softmax(3, 0)
    p, q = 1 / (1 + math.exp(1)), 1 / (1 + math.exp(-3))
    error = np.array([[-p, p], [q, -q]]) / 2
    assert output["preactivation_gradient_norm"] == pytest.approx(np.linalg.norm(error))
    assert output["gradient_norm"] == pytest.approx(np.linalg.norm([1 * error[0] + 3 * error[1]]))
    # Only the first unit is open, and layer2.weight is the identity.
    through = error[:, 0]
    assert hidden["preactivation_gradient_norm"] == pytest.approx(np.linalg.norm(through))
    expected = [1 * through[0] + 3 * through[1], 0 * through[0] + 1 * through[1]]
    assert hidden["gradient_norm"] == pytest.approx(np.linalg.norm(expected))


@pytest.mark.parametrize(
    ("activation", "far_below", "dead"),
    [
        ("relu", -1, 1.0),
        ("leaky_relu", -1, 0.0),
        ("elu", -1, 0.0),
        ("elu", -20, 1.0),  # e^-20: far from 0, and yet nothing passes
        ("tanh", -1, 0.0),
        ("tanh", -20, 1.0),
        ("step", -1, 1.0),
        ("maxout", -20, 0.0),
    ],
)
def test_a_unit_is_dead_if_it_passes_no_gradient(
    activation: str, far_below: float, dead: float
) -> None:
    network = MLP([2, 3, 2], activation, dtype=np.float64)
    network.parameters["layer1.weight"][:] = 0
    network.parameters["layer1.bias"][:] = far_below
    hidden, _ = diagnose(network, np.ones((2, 2)), LABELS)
    assert hidden["dead"] == dead


def test_update_ratio_by_hand() -> None:
    network = hand_made()
    before = network.vector.copy()
    network.parameters["layer1.weight"] *= 1.25
    network.parameters["layer2.bias"] += 7  # the ratio is the weight's
    hidden, output = diagnose(network, np.ones((2, 2)), LABELS, before)
    assert hidden["update_ratio"] == pytest.approx(0.25)
    assert output["update_ratio"] == 0


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64]),
        st.integers(1, 50),
        elements=st.floats(-(2.0**127), 2.0**127, width=32),
    )
)
def test_histogram_holds_every_value_in_its_bin(values: np.ndarray) -> None:
    values[np.abs(values) < 1e-30 * np.abs(values).max()] = 0  # as good as 0, on either side
    made = histogram(values)
    assert made is not None
    bins = len(made["counts"])
    assert 1 <= bins <= 64
    width = (made["high"] - made["low"]) / bins
    assert math.frexp(width)[0] == 0.5  # a power of two, so that histograms can be added up
    assert (made["low"] / width).is_integer()
    edges = made["low"] + width * np.arange(bins + 1)
    expected = [
        np.count_nonzero((values >= low) & (values < high)) for low, high in pairwise(edges)
    ]
    assert made["counts"] == expected


def test_an_exploded_network_is_diagnosed_without_a_warning() -> None:
    network = MLP([4, 8, 8, 3], "relu", {"name": "normal", "std": 1e30})
    layers = diagnose(network, np.ones((2, 4), np.float32), LABELS)
    assert any(not math.isfinite(layer["mean"]) for layer in layers)
