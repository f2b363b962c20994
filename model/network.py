"""The multilayer perceptron: affine layers and activations in turn, and a loss on top."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from nnbasic.model.activations import ACTIVATIONS
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.initializers import INITIALIZERS, Initializer
from nnbasic.model.layers import Layer, check_shapes
from nnbasic.model.losses import LOSSES, Loss
from nnbasic.model.randomness import StepRandom, stream
from nnbasic.model.registry import Spec
from nnbasic.model.regularisation import BatchNorm, Dropout, GaussianNoise

ActivationSpec = Spec | Layer | Sequence[Spec | Layer]


class Dense(Layer):
    """z = x · weight + bias, with weight of shape (fan_in, units)."""

    role = "affine"

    def __init__(self, fan_in: int, units: int) -> None:
        self.fan_in, self.units = fan_in, units

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.x = x
        z = product(x, self.parameters["weight"])
        z += self.parameters["bias"]
        return z

    def backward(self, gradient: Array) -> Array | None:
        np.matmul(self.x.T, gradient, out=self.gradients["weight"])
        gradient.sum(axis=0, out=self.gradients["bias"])
        return product(gradient, self.parameters["weight"].T)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.fan_in, self.units), "bias": (self.units,)}


class MLP:
    """A fully connected network for classification.

    ``sizes`` are the inputs, the units of each hidden layer, and the classes. ``activation`` is one
    for all hidden layers, or a list with one for each; the loss adds softmax or sigmoid on top.
    With ``batch_norm`` a `BatchNorm` stands before each activation. In training a `Dropout` follows
    each activation, at the rate ``dropout``, and precedes the first layer, at ``input_dropout``;
    before it the inputs have normal noise of standard deviation ``input_noise``.
    ValueError if these make no network; `LayerError` if an activation returns what it should not.

    Attributes:
        layers: from the input up; each hidden layer is affine, then batch normalisation if asked
            for, the activation, and dropout if asked for.
        parameters, gradients: by full name, ``layer1.weight`` of shape (inputs, units). A training
            step leaves the optimiser's scratch values in the gradients.
        vector, gradient: all of them in one flat array each, of which the former are views; the
            first ``weight_count`` entries are the weights, which weight decay shrinks.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: ActivationSpec = "relu",
        init: Spec | Initializer = "he",
        *,
        loss: Spec | Loss = "cross_entropy",
        batch_norm: bool = False,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        input_noise: float = 0.0,
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.loss = copy.copy(LOSSES.build(loss))  # its own, as it keeps what backward needs
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype is {self.dtype}; it must be float32 or float64")
        self.layers = stack(sizes, activation, batch_norm, dropout, input_dropout, input_noise)
        self.sizes = [int(size) for size in sizes]
        self.activations = [layer for layer in self.layers if layer.role == "activation"]
        self.shapes = parameter_shapes(self.layers)
        shapes = self.shapes.values()
        self.weight_count = sum(math.prod(shape) for shape in shapes if len(shape) > 1)
        count = sum(map(math.prod, shapes))
        self.bind(np.zeros(count, self.dtype), np.zeros(count, self.dtype))
        self._initialise(INITIALIZERS.build(init), seed)
        for layer in self.activations:
            check_shapes(layer, self.dtype)

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        """The logits (n, classes) of the batch ``x`` (n, inputs), which has the network's dtype."""
        for layer in self.layers:
            x = layer.forward(x, rng)
        return x

    def backward(self, gradient: Array) -> None:
        """From dL/dlogits of the last batch, fill `gradients`."""
        below: Array | None = gradient
        for layer in reversed(self.layers):
            if below is not None:  # below the first affine layer is only noise
                below = layer.backward(below)

    def logits(self, x: ArrayLike, rng: StepRandom | None = None) -> Array:
        """`forward` for numbers of any type; ValueError for another shape than (n, inputs)."""
        batch = np.ascontiguousarray(x, dtype=self.dtype)
        if batch.ndim != 2 or batch.shape[1] != self.sizes[0] or not len(batch):
            raise ValueError(f"x has shape {batch.shape}; it must be (n, {self.sizes[0]}), n > 0")
        return self.forward(batch, rng)

    def probabilities(self, x: ArrayLike) -> Array:
        """The output layer's probability of each class, shape (n, classes)."""
        return self.loss.probabilities(self.logits(x))

    def loss_and_gradients(
        self, x: ArrayLike, labels: ArrayLike, rng: StepRandom | None = None
    ) -> tuple[float, dict[str, Array]]:
        """The mean loss over the batch, and dL/dparameter under each parameter's name.

        With ``rng`` as in that step of a training. ValueError for shapes or labels that do not fit.
        """
        logits = self.logits(x, rng)
        loss, gradient = self.loss(logits, check_labels(labels, *logits.shape))
        self.backward(gradient)
        return loss, {name: gradient.copy() for name, gradient in self.gradients.items()}

    @property
    def weights(self) -> list[Array]:
        """The weight of each affine layer, (inputs, units)."""
        return [array for array in self.parameters.values() if array.ndim > 1]

    def outputs(self, x: Array) -> Iterator[tuple[Layer, Array]]:
        """Each layer, but for noise, with its output for the batch ``x``, from the input up."""
        for layer in self.layers:
            x = layer.forward(x)
            if layer.role != "noise":
                yield layer, x

    def folded(self) -> MLP:
        """The same function by affine layers and activations alone.

        What acts in training alone is left out, and batch normalisation goes into the weights.
        """
        plain = MLP(self.sizes, self.activations, loss=self.loss, dtype=self.dtype)
        for name, array in plain.parameters.items():
            array[...] = self.parameters[name]
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                factor, shift = layer.scoring()
                for key in ("weight", "bias"):
                    plain.parameters[f"{layer.name}.{key}"] *= factor
                plain.parameters[f"{layer.name}.bias"] += shift
        return plain

    def bind(self, vector: Array, gradient: Array) -> None:
        """Use these arrays as storage for the parameters and the gradient; keep their values."""
        self.vector, self.parameters = vector, self.views(vector)
        self.gradient, self.gradients = gradient, self.views(gradient)
        for layer in self.layers:
            own = layer.shapes()
            layer.parameters = {key: self.parameters[f"{layer.name}.{key}"] for key in own}
            layer.gradients = {key: self.gradients[f"{layer.name}.{key}"] for key in own}

    def views(self, vector: Array) -> dict[str, Array]:
        """Each parameter's part of ``vector``, by its full name; the weights' parts come first."""
        views, stop = dict.fromkeys(self.shapes, vector), 0
        for name, shape in sorted(self.shapes.items(), key=lambda item: len(item[1]) < 2):
            start, stop = stop, stop + math.prod(shape)
            views[name] = vector[start:stop].reshape(shape)
        return views

    def _initialise(self, init: Initializer, seed: int) -> None:
        # A generator a layer: one layer's draws do not depend on another's distribution or size.
        seeds = iter(stream(seed, "initialisation").spawn(len(self.sizes) - 1))
        for layer in self.layers:
            if isinstance(layer, Dense):
                weight, bias = layer.parameters["weight"], layer.parameters["bias"]
                weight[:] = init.weight(weight.shape, rng=np.random.default_rng(next(seeds)))
                bias.fill(init.bias)
            layer.start()


def check_labels(labels: ArrayLike, n: int, classes: int) -> Labels:
    """``labels`` as class indices; ValueError unless they are ``n`` of the ``classes``."""
    given = np.asarray(labels)
    if given.shape != (n,) or given.dtype.kind not in "iu":
        raise ValueError(f"labels must be {n} integers; they are {given.dtype} {given.shape}")
    if given.min() < 0 or given.max() >= classes:
        raise ValueError(
            f"labels go from {given.min()} to {given.max()};"
            f" the network has classes 0 to {classes - 1}"
        )
    return given.astype(np.intp)


def stack(
    sizes: Sequence[int],
    activation: ActivationSpec,
    batch_norm: bool = False,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    input_noise: float = 0.0,
) -> list[Layer]:
    """The layers of an `MLP`, without parameters; ValueError if these make none."""
    whole = (isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in sizes)
    if len(sizes) < 2 or not all(whole) or min(sizes) < 1:
        raise ValueError(f"layers is {sizes}; it must be two or more whole numbers above 0")
    inputs, *hidden, classes = sizes
    if isinstance(activation, str) or not isinstance(activation, Sequence):
        activation = [ACTIVATIONS.build(activation)] * len(hidden)
    if len(activation) != len(hidden):
        raise ValueError(
            f"activation lists {len(activation)}, but there are {len(hidden)} hidden layers"
        )
    layers: list[Layer] = []
    if input_noise:
        layers.append(GaussianNoise(sd=input_noise))
    if input_dropout:
        layers.append(Dropout(rate=input_dropout))
    affine: type[Dense] = PixelDense
    for number, (one, units) in enumerate(zip(activation, hidden, strict=True), 1):
        own = copy.deepcopy(ACTIVATIONS.build(one))  # as it keeps what backward needs
        own.units = units
        block = [affine(inputs, own.inputs(units)), own]
        if batch_norm:
            block.insert(1, BatchNorm(own.inputs(units)))
        if dropout:
            block.append(Dropout(rate=dropout))
        for layer in block:
            layer.name = f"layer{number}"
        layers += block
        affine, inputs = Dense, units
    last = affine(inputs, classes)
    last.name = f"layer{len(sizes) - 1}"
    return [*layers, last]


def parameter_shapes(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter, by its full name."""
    return {
        f"{layer.name}.{key}": shape for layer in layers for key, shape in layer.shapes().items()
    }


NARROW, FEW = 200, 0.2
"""Below so many units or blank pixels (a share) gathering costs more than it saves."""


class PixelDense(Dense):
    """`Dense` for the pixels: nothing below needs a gradient, and a wide layer skips blank pixels.

    Of MNIST's 784 pixels some 290 have the value of the corner in all images of a batch. They add
    the same to each z, and their weights' gradients are multiples of the bias's, so only the others
    are multiplied, where that is quicker: `Dense`'s result, but for rounding.
    """

    def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
        self.gathers = self.units >= NARROW
        if self.gathers:
            blank = (x == x[0, 0]).all(axis=0)
            self.gathers = blank.mean() > FEW
        if not self.gathers:
            return super().forward(x)
        self.background, self.inked, self.blank = x[0, 0], (~blank).nonzero()[0], blank.nonzero()[0]
        weight = self.parameters["weight"]
        self.x = np.take(x, self.inked, axis=1)
        z = product(self.x, np.take(weight, self.inked, axis=0))
        z += self.parameters["bias"]
        if self.background:
            z += self.background * weight[self.blank].sum(axis=0)
        return z

    def backward(self, gradient: Array) -> None:
        weight, bias = self.gradients["weight"], self.gradients["bias"]
        gradient.sum(axis=0, out=bias)
        if self.gathers:
            weight[self.inked] = self.x.T @ gradient
            weight[self.blank] = self.background * bias
        else:
            np.matmul(self.x.T, gradient, out=weight)


WIDE = 512
"""Columns from which a product lies column by column in memory."""


def product(x: Array, weight: Array) -> Array:
    """x · weight; a wide one lies column by column, as OpenBLAS multiplies such batches faster."""
    return (weight.T @ x.T).T if weight.shape[1] >= WIDE else x @ weight
