"""What a config counts as one layer: an affine map and the activation that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnbasic.model.activations import Activation
from nnbasic.model.arrays import Array, Order
from nnbasic.model.layers import Affine, FirstAffine, Layer


class Block:
    """One layer of the network as a config counts them, from 1: an affine map and its activation.

    The output layer has no activation. Its parameters are called ``layer1.weight`` and so on.
    ``order`` is how its batches lie in memory, ``below`` how those of the layer before it do.
    """

    def __init__(
        self,
        number: int,
        inputs: int,
        units: int,
        activation: Activation | None = None,
        *,
        order: Order = "C",
        below: Order = "C",
    ) -> None:
        self.name = f"layer{number}"
        self.activation = activation
        self.order = order
        affine_units = activation.affine_units(units) if activation else units
        self.affine = (
            FirstAffine(inputs, affine_units)
            if number == 1
            else Affine(inputs, affine_units, below=below)
        )
        self.layers: list[Layer] = [self.affine]
        if activation:
            self.layers.append(activation.layer(units))

    @property
    def output(self) -> Array:
        """The activations of the last batch; of the output layer, the logits."""
        return self.layers[-1].output

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter by its full name."""
        return {f"{self.name}.{k}": v for layer in self.layers for k, v in layer.shapes.items()}

    @property
    def state(self) -> dict[str, Array]:
        """The arrays beside the parameters, by their full names."""
        return {f"{self.name}.{k}": v for layer in self.layers for k, v in layer.state.items()}

    def bind(self, parameters: Mapping[str, Array], gradients: Mapping[str, Array]) -> None:
        """Use these arrays, among them those under the full names of this block."""
        for layer in self.layers:
            names = {name: f"{self.name}.{name}" for name in layer.shapes}
            layer.bind(
                {name: parameters[full] for name, full in names.items()},
                {name: gradients[full] for name, full in names.items()},
            )

    def resize(self, n: int, dtype: np.dtype[Any]) -> None:
        """Allocate the buffers for batches of ``n`` examples."""
        for layer in self.layers:
            layer.resize(n, dtype, self.order)

    def forward(self, x: Array, training: bool) -> Array:
        """The output for the batch ``x``."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, gradient: Array) -> Array | None:
        """From dL/d(output), set the parameters' gradients and return dL/d(input)."""
        below: Array | None = gradient
        for layer in reversed(self.layers):
            assert below is not None  # only the first affine layer returns none
            below = layer.backward(below)
        return below
