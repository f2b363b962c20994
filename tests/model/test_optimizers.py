"""Optimisers: the first two steps by hand, a parabola, blocks, and states that can be saved."""

from math import sqrt
from typing import Any

import numpy as np
import pytest

from nnbasic.model import OPTIMIZERS, Optimizer
from nnbasic.model.optimizers import BLOCK, State

# One weight at 2, gradients 0.5 and then -0.25: where it is after the first and the second step.
W, G1, G2 = 2.0, 0.5, -0.25
BY_HAND: list[tuple[dict[str, Any], float, float]] = [
    ({"name": "sgd"}, 1.95, 1.975),
    # velocities 0.5 and 0.9 · 0.5 - 0.25 = 0.2
    ({"name": "sgd", "momentum": 0.9}, 1.95, 1.93),
    # 0.5 + 0.9 · 0.5 = 0.95 and -0.25 + 0.9 · 0.2 = -0.07
    ({"name": "sgd", "momentum": 0.9, "nesterov": True}, 1.905, 1.912),
    ({"name": "sgd", "nesterov": True}, 1.95, 1.975),
    # gradients 0.5 + 0.1 · 2 = 0.7 and -0.25 + 0.1 · 1.93 = -0.057
    ({"name": "sgd", "weight_decay": 0.1}, 1.93, 1.9357),
    # the decay goes through the velocity: 0.7 and 0.9 · 0.7 - 0.057 = 0.573
    ({"name": "sgd", "weight_decay": 0.1, "momentum": 0.9}, 1.93, 1.8727),
    # the gradients are cut to 0.1 and -0.1
    ({"name": "sgd", "clip_norm": 0.1}, 1.99, 2.0),
    # cut first, then 0.1 · 2 added: 0.3, and -0.1 + 0.197
    ({"name": "sgd", "clip_norm": 0.1, "weight_decay": 0.1}, 1.97, 1.9603),
    # the sum of squares is 0.25 and then 0.3125
    ({"name": "adagrad", "lr": 0.1, "eps": 0.5}, 1.95, 1.95 + 0.025 / (sqrt(0.3125) + 0.5)),
    (
        # 0.2 · 0.25 = 0.05 and 0.8 · 0.05 + 0.2 · 0.0625 = 0.0525
        {"name": "rmsprop", "lr": 0.1, "decay_rate": 0.8, "eps": 1.0},
        2 - 0.05 / (sqrt(0.05) + 1),
        2 - 0.05 / (sqrt(0.05) + 1) + 0.025 / (sqrt(0.0525) + 1),
    ),
    # means 0.05, 0.02 and squares 2.5e-4, 3.1225e-4; corrected 0.5, 2/19 and 0.25, 0.15620310...
    (
        {"name": "adam", "lr": 0.1, "eps": 0.5},
        1.95,
        1.95 - 0.1 * (0.02 / 0.19) / (sqrt(3.1225e-4 / 1.999e-3) + 0.5),
    ),
    # means 0.25, 0 and squares 0.05, 0.0525; corrected 0.5, 0 and 0.25
    ({"name": "adam", "lr": 0.1, "beta1": 0.5, "beta2": 0.8, "eps": 0.5}, 1.95, 1.95),
    # 0.5 + 0.1 · 2 = 0.7, whose first step is the rate whatever its size
    (
        {"name": "adam", "lr": 0.1, "weight_decay": 0.1, "eps": 1e-300},
        1.9,
        # -0.25 + 0.1 · 1.9 = -0.06: mean 0.9 · 0.07 - 0.006, square 0.999 · 4.9e-4 + 3.6e-6
        1.9 - 0.1 * (0.057 / 0.19) / sqrt(4.9311e-4 / 1.999e-3),
    ),
    # 2 · (1 - 0.1 · 0.5) = 1.9 and then the step of 0.1; 1.8 · 0.95 and then Adam's second step
    (
        {"name": "adamw", "lr": 0.1, "weight_decay": 0.5, "eps": 1e-300},
        1.8,
        1.71 - 0.1 * (0.02 / 0.19) / sqrt(3.1225e-4 / 1.999e-3),
    ),
]


def take(
    optimizer: Optimizer,
    parameters: np.ndarray,
    gradients: list[Any],
    state: State | None = None,
    weight_count: int | None = None,
) -> State:
    """One update for each of ``gradients``; the state afterwards."""
    state = optimizer.init(parameters) if state is None else state
    weight_count = len(parameters) if weight_count is None else weight_count
    for gradient in gradients:
        spent = np.array(gradient, parameters.dtype)
        optimizer.update(parameters, spent, state, rate=optimizer.lr, weight_count=weight_count)
    return state


@pytest.mark.parametrize(("spec", "first", "second"), BY_HAND, ids=str)
def test_the_first_two_steps_by_hand(spec: dict[str, Any], first: float, second: float) -> None:
    optimizer = OPTIMIZERS.build(spec)
    parameters = np.array([W])
    state = take(optimizer, parameters, [[G1]])
    assert parameters[0] == pytest.approx(first, rel=1e-12)
    take(optimizer, parameters, [[G2]], state)
    assert parameters[0] == pytest.approx(second, rel=1e-12)
    assert state["steps"] == 2


@pytest.mark.parametrize("name", [*OPTIMIZERS])
def test_only_weights_decay(name: str) -> None:
    """Without a gradient, what decays shrinks and all else stays."""
    optimizer = OPTIMIZERS.build({"name": name, "lr": 0.1, "weight_decay": 0.5})
    parameters = np.array([1.0, -1.0, 1.0, 2.0])
    take(optimizer, parameters, [np.zeros(4)], weight_count=2)
    assert parameters[2:].tolist() == [1, 2]
    assert 0 < parameters[0] < 1
    assert parameters[1] == -parameters[0]


@pytest.mark.parametrize("name", [*OPTIMIZERS])
def test_the_norm_is_of_the_whole_gradient(name: str) -> None:
    """(3, 4) has the norm 5: clipped to 1 it acts as (0.6, 0.8), and to 5 or more as it is."""
    plain = {"name": name, "lr": 0.01}
    for norm, same in ((1.0, [0.6, 0.8]), (5.0, [3, 4])):
        clipped, unclipped = np.ones((2, 2))
        take(OPTIMIZERS.build({**plain, "clip_norm": norm}), clipped, [[3, 4]] * 2)
        take(OPTIMIZERS.build(plain), unclipped, [same] * 2)
        np.testing.assert_allclose(clipped, unclipped, rtol=1e-12)


@pytest.mark.parametrize(("norm", "dtype"), [(1e30, np.float32), (1e200, np.float64)])
def test_a_norm_whose_square_overflows_freezes_nothing(norm: float, dtype: Any) -> None:
    """It is right where float64 can tell, and a divergence that the loss shows where not."""
    parameters = np.zeros(2, dtype)
    take(
        OPTIMIZERS.build({"name": "sgd", "lr": 1.0, "clip_norm": 5.0}),
        parameters,
        [[3 * norm, 4 * norm]],
    )
    expected = [-3, -4] if dtype == np.float32 else [np.nan, np.nan]
    np.testing.assert_allclose(parameters, expected, rtol=1e-6)


VARIANTS: list[dict[str, Any]] = [
    *({"name": name, "weight_decay": 0.1} for name in OPTIMIZERS),
    {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spec", VARIANTS, ids=str)
def test_a_long_vector_is_updated_as_each_of_its_numbers(
    spec: dict[str, Any], dtype: Any, rng: np.random.Generator
) -> None:
    """Going through the vector in blocks changes nothing: a number moves as it would alone."""
    size = 2 * BLOCK + 5
    optimizer = OPTIMIZERS.build(spec)
    start = rng.normal(size=size).astype(dtype)
    gradients = [rng.normal(size=size).astype(dtype) for _ in range(3)]
    decays = BLOCK + 100
    long = start.copy()
    take(optimizer, long, gradients, weight_count=decays)
    assert long.dtype == dtype
    for index in (0, BLOCK - 1, BLOCK, BLOCK + 99, BLOCK + 100, 2 * BLOCK, size - 1):
        alone = start[index : index + 1].copy()
        weight_count = int(index < decays)
        take(optimizer, alone, [g[index : index + 1] for g in gradients], weight_count=weight_count)
        np.testing.assert_allclose(long[index], alone[0], rtol=4 * np.finfo(dtype).eps)
        assert long[index] != start[index]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_norm_shrinks_the_columns_that_are_too_long(dtype: Any) -> None:
    weight = np.array([[3, 0.3, 0, 2], [4, 0.4, 0, 0]], dtype)
    OPTIMIZERS.build({"name": "sgd", "max_norm": 2.0}).limit(weight)
    np.testing.assert_allclose(weight, [[1.2, 0.3, 0, 2], [1.6, 0.4, 0, 0]], rtol=1e-6)
    assert weight[:, 1:].tolist() == np.array([[0.3, 0, 2], [0.4, 0, 0]], dtype).tolist()
    weight[0, 0] = np.finfo(dtype).max  # a divergence is not made 0
    OPTIMIZERS.build({"name": "sgd", "max_norm": 2.0}).limit(weight)
    assert np.isnan(weight[:, 0]).all()
    assert np.isfinite(weight[:, 1:]).all()


def test_the_average_follows_the_parameters_by_hand() -> None:
    """β is 2/11, 3/12, 4/13 and then 0.32: it would be 5/14."""
    optimizer = OPTIMIZERS.build({"name": "sgd", "averaging": 0.32})
    parameters = np.array([W])
    state, average = optimizer.init(parameters), W
    for beta, gradient in ((2 / 11, G1), (3 / 12, G2), (4 / 13, G1), (0.32, G1)):
        take(optimizer, parameters, [[gradient]], state)
        optimizer.average(parameters, state)
        average = beta * average + (1 - beta) * parameters[0]
        assert state["average"][0] == pytest.approx(average, rel=1e-12)
