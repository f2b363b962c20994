"""Two layers from `WIDE` units on, between which a batch is laid out column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnbasic.model import ACTIVATIONS, MLP, Elementwise, check_gradients
from nnbasic.model.arrays import WIDE, constant

HALF = WIDE // 2
SPECS: list[Any] = [*ACTIVATIONS, {"name": "prelu", "shared": True}]
ELEMENTWISE = [name for name in ACTIVATIONS if issubclass(ACTIVATIONS[name], Elementwise)]
OTHERS = ["gelu", *(spec for spec in SPECS if spec not in ELEMENTWISE)]
"""What has parameters or pieces; `test_activations_of_any_layout` compares the elementwise ones."""


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_wide_layer_is_two_narrow_ones_side_by_side(spec: Any, rng: np.random.Generator) -> None:
    wide = MLP([5, WIDE, WIDE], spec, {"name": "he", "bias": 0.1}, dtype=np.float64)
    x = rng.normal(size=(7, 5))
    narrow = np.zeros((7, WIDE))
    for units in (slice(0, HALF), slice(HALF, WIDE)):
        half = MLP([5, HALF, WIDE], spec, "zeros", dtype=np.float64)
        for name in ("layer1.weight", "layer1.bias"):  # for maxout, piece after piece
            whole = wide.parameters[name]
            chosen = whole.reshape(*whole.shape[:-1], -1, WIDE)[..., units]
            half.parameters[name][:] = chosen.reshape(half.parameters[name].shape)
        half.parameters["layer2.weight"][:] = wide.parameters["layer2.weight"][units]
        narrow += half.forward(x)
    np.testing.assert_allclose(wide.forward(x), narrow + 0.1, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "sizes", [[5, WIDE, WIDE + 1, 3], [5, WIDE, 6, WIDE, 3], [4, 6, WIDE, WIDE]], ids=str
)
@pytest.mark.parametrize("spec", OTHERS, ids=str)
def test_gradients(sizes: list[int], spec: Any, rng: np.random.Generator) -> None:
    network = MLP(sizes, spec, "xavier", seed=1, dtype=np.float64)
    x, labels = rng.normal(size=(6, sizes[0])), rng.integers(0, sizes[-1], 6)
    for check in check_gradients(network, x, labels, entries=20):
        assert check.agrees, check


@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize("spec", ELEMENTWISE)
def test_activations_of_any_layout(spec: Any, order: Any, rng: np.random.Generator) -> None:
    activation = ACTIVATIONS.build(spec)
    assert isinstance(activation, Elementwise)

    def laid_out(values: np.ndarray) -> np.ndarray:
        if order != "strided":
            return np.array(values, order=order)
        spread = np.empty((12, 20))[::2, ::2]
        spread[:] = values
        return spread

    z, gradient = 3 * rng.normal(size=(2, 6, 10))
    results = []
    for arrange in (np.array, laid_out):
        a, d, work = (arrange(np.zeros((6, 10))) for _ in range(3))
        activation.forward(arrange(z), a, work)
        activation.backward(arrange(gradient), arrange(z), a, d, work)
        results.append((a, d))
    np.testing.assert_allclose(results[0], results[1], rtol=1e-13, atol=1e-15)


def test_the_layout_follows_both_widths() -> None:
    network = MLP([5, WIDE, WIDE, WIDE - 1, WIDE, 3])
    network.forward(np.zeros((4, 5)))
    columns = [all(la.output.flags.f_contiguous for la in b.layers) for b in network.blocks]
    assert columns == [True, False, False, False, False]
    for below, block in zip(network.blocks, network.blocks[1:], strict=False):
        assert block.affine.gradient.flags.f_contiguous == below.output.flags.f_contiguous


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_constant_broadcasts_and_cannot_be_changed(order: Any) -> None:
    like = np.zeros((3, 4), np.float32, order=order)
    values = constant(0.1, like)
    assert values.dtype == np.float32
    assert np.broadcast_shapes(values.shape, like.shape) == like.shape
    assert (values == np.float32(0.1)).all()
    with pytest.raises(ValueError, match="read-only"):
        values[:] = 1
