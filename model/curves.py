"""An activation as a curve: what its layer makes of one number, and the derivative that it uses."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import ArrayLike

from nnbasic.model.arrays import Array
from nnbasic.model.layers import Layer


def curve(activation: Layer, z: ArrayLike) -> tuple[Array, Array]:
    """f(z) and f'(z), float64, of shape (n,), computed by the layer that training uses.

    A learned parameter has its first value; the pieces of maxout are the lines of `pieces`.
    """
    slopes, offsets = pieces(activation)
    x = np.asarray(z, dtype=np.float64)[:, np.newaxis] * slopes + offsets
    layer = copy.deepcopy(activation)
    layer.units = 1
    layer.parameters, layer.gradients = (
        {name: np.zeros(shape) for name, shape in layer.shapes().items()} for _ in range(2)
    )
    layer.start()
    a = layer.forward(x)[:, 0]
    gradient = layer.backward(np.ones((len(x), 1)))
    assert gradient is not None  # only the first affine layer returns none
    return a, (gradient * slopes).sum(axis=1)


def pieces(activation: Layer) -> tuple[Array, Array]:
    """Slopes and offsets of the affine pieces that a unit is drawn with: z itself, but for maxout.

    The pieces of maxout are learned. Drawn are tangents of the parabola z²/4 + z/4, so that each
    of them is the largest somewhere.
    """
    count = activation.inputs(1)
    if count == 1:
        return np.ones(1), np.zeros(1)
    slopes = np.linspace(-0.5, 1, count)
    return slopes, -((slopes - 0.25) ** 2)
