"""What makes no network, and inputs and labels that do not fit one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import MLP, parameter_count

SIZES = [6, 5, 4, 3]


@pytest.fixture
def network() -> MLP:
    return MLP(SIZES)


@pytest.mark.parametrize(
    "layers", [[], [784], [4, 0, 2], [4, -1, 2], [4, 2.0], [4, 2.5], [4, True], ["4", 2], [4, None]]
)
def test_sizes_that_make_no_network(layers: Any) -> None:
    for build in (MLP, lambda sizes: parameter_count(sizes, "relu")):
        with pytest.raises(ValueError, match="two or more whole numbers above 0"):
            build(layers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"activation": "rleu"}, "did you mean 'relu'"),
        ({"activation": ["relu"]}, "lists 1, but there are 2 hidden layers"),
        ({"activation": ["relu", "tanh", "tanh"]}, "lists 3, but there are 2 hidden layers"),
        ({"activation": []}, "lists 0, but there are 2 hidden layers"),
        ({"activation": ["relu", "tnah"]}, "did you mean 'tanh'"),
        ({"activation": None}, "must be a name, such as"),
        ({"init": "hee"}, "did you mean 'he'"),
        ({"loss": "hinge"}, "unknown loss 'hinge'"),
        ({"dtype": np.float16}, "must be float32 or float64"),
        ({"dtype": int}, "must be float32 or float64"),
        ({"seed": -1}, "non-negative"),
    ],
    ids=str,
)
def test_arguments_that_make_no_network(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLP(SIZES, **arguments)


@pytest.mark.parametrize("shape", [(6,), (0, 6), (2, 5), (2, 7), (2, 2, 6), ()])
def test_inputs_of_another_shape_are_refused(network: MLP, shape: tuple[int, ...]) -> None:
    for method in (
        network.forward,
        network.probabilities,
        lambda x: network.loss_and_gradients(x, [0, 1]),
    ):
        with pytest.raises(ValueError, match=r"it must be \(n, 6\), n > 0"):
            method(np.ones(shape))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0], "must be 2 integers"),
        ([0, 1, 2], "must be 2 integers"),
        ([[0, 1]], "must be 2 integers"),
        ([0.0, 1.0], "must be 2 integers"),
        ([True, False], "must be 2 integers"),
        (["0", "1"], "must be 2 integers"),
        ([0, 3], "labels go from 0 to 3; the network has classes 0 to 2"),
        ([-1, 0], "labels go from -1 to 0"),
    ],
    ids=str,
)
def test_labels_that_do_not_fit_are_refused(network: MLP, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        network.loss_and_gradients(np.ones((2, 6)), labels)
