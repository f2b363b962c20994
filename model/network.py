"""The multilayer perceptron: two flat vectors, a stack of layers, and a loss on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from nnbasic.model.activations import ACTIVATIONS, Activation
from nnbasic.model.arrays import Array, Labels, Order, layout
from nnbasic.model.blocks import Block
from nnbasic.model.initializers import INITIALIZERS, Initializer
from nnbasic.model.losses import LOSSES, Loss
from nnbasic.model.randomness import stream
from nnbasic.model.registry import Spec

ActivationSpec = Spec | Activation | Sequence[Spec | Activation]


class MLP:
    """A fully connected network for classification.

    ``layers`` are the sizes: inputs, hidden units, classes. ``activation`` is one for all hidden
    layers, or a list with one for each; the output layer is affine and the loss adds softmax
    (or sigmoid). Everything that can be learned stands in ``vector``, its gradient in
    ``gradient``; `parameters` and `gradients` are named views of the two. ``blocks`` are the
    hidden layers and the output layer; ``logits_gradient`` is dL/dlogits of the last batch.

    Raises ValueError for sizes, names or hyperparameters that make no network.
    """

    def __init__(
        self,
        layers: Sequence[int],
        activation: ActivationSpec = "relu",
        init: Spec | Initializer = "he",
        *,
        loss: Spec | Loss = "cross_entropy",
        seed: int = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.sizes = check_sizes(layers)
        self.activations = hidden_activations(self.sizes, activation)
        self.loss = LOSSES.build(loss)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        if self.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
            raise ValueError(f"dtype is {self.dtype}; it must be float32 or float64")
        self.blocks = _blocks(self.sizes, self.activations)
        count = _count(self.blocks)
        self.bind(np.zeros(count, self.dtype), np.zeros(count, self.dtype))
        self.weights = _weight_slices(self.parameters)
        self._initialise(INITIALIZERS.build(init), seed)
        self._batch_size = 0

    def bind(self, vector: Array, gradient: Array) -> None:
        """Use these arrays as storage for the parameters and the gradient; keep their values."""
        self.vector, self.parameters = vector, _views(self.blocks, vector)
        self.gradient, self.gradients = gradient, _views(self.blocks, gradient)
        for block in self.blocks:
            block.bind(self.parameters, self.gradients)

    @property
    def state(self) -> dict[str, Array]:
        """The layers' arrays that are no parameters but change in training, by name."""
        return {name: array for block in self.blocks for name, array in block.state.items()}

    def forward(self, x: ArrayLike) -> Array:
        """The logits (n, classes) of the batch ``x`` (n, inputs)."""
        return np.copy(self._logits(self._batch(x)))

    def probabilities(self, x: ArrayLike) -> Array:
        """The output layer's probability of each class, shape (n, classes)."""
        return self.loss.probabilities(self._logits(self._batch(x)))

    def loss_and_gradients(self, x: ArrayLike, labels: ArrayLike) -> tuple[float, dict[str, Array]]:
        """The mean loss over the batch, and dL/dparameter under each parameter's name."""
        batch = self._batch(x)
        n = len(batch)
        loss, _ = self.backpropagate(batch, self._labels(labels, n), n, training=False)
        return loss, {name: gradient.copy() for name, gradient in self.gradients.items()}

    def backpropagate(
        self, x: Array, labels: Labels, size: int, *, training: bool = True
    ) -> tuple[float, int]:
        """Set ``gradient`` for a batch; return its mean loss and how many it got right.

        Of a batch of ``size`` examples these may be some rows: loss and gradient are then what
        they add to those of the batch. The training loop's way in: ``x`` has the network's dtype
        and nothing is checked.
        """
        if not len(x):  # the last batch may have no row for this process
            self.gradient.fill(0)
            return 0.0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging loss is reported as such
            loss, correct = self._score(x, labels, size, training)
            gradient: Array | None = self.logits_gradient
            for block in reversed(self.blocks):
                assert gradient is not None  # only the first block returns none
                gradient = block.backward(gradient)
        return loss, correct

    def score(self, x: Array, labels: Labels) -> tuple[float, int]:
        """The mean loss of a batch and how many it got right; nothing is checked."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._score(x, labels, len(labels), training=False)

    @property
    def logits(self) -> Array:
        """The logits of the last batch, in a buffer that the next batch overwrites."""
        return self.blocks[-1].output

    def places(self) -> list[tuple[str, Array]]:
        """Every parameter, and every output for the last batch, by name, from the input up."""
        found: list[tuple[str, Array]] = []
        for block in self.blocks:
            for layer in block.layers:
                found += [(f"{block.name}.{name}", a) for name, a in layer.parameters.items()]
                what = "pre-activation" if layer is block.affine else "activation"
                output = layer.output if self._batch_size else self.vector[:0]
                found.append((f"{block.name} ({what})", output))
        return found

    def _score(self, x: Array, labels: Labels, size: int, training: bool) -> tuple[float, int]:
        logits = self._logits(x, training)
        loss = self.loss(logits, labels, size, self.logits_gradient)
        return loss, int(np.count_nonzero(logits.argmax(axis=1) == labels))

    def _logits(self, x: Array, training: bool = False) -> Array:
        if len(x) != self._batch_size:
            self._batch_size = len(x)
            for block in self.blocks:
                block.resize(len(x), self.dtype)
            self.logits_gradient = np.empty((len(x), self.sizes[-1]), self.dtype)
        for block in self.blocks:
            x = block.forward(x, training)
        return x

    def _batch(self, x: ArrayLike) -> Array:
        batch = np.ascontiguousarray(x, dtype=self.dtype)
        if batch.ndim != 2 or batch.shape[1] != self.sizes[0] or not len(batch):
            raise ValueError(f"x has shape {batch.shape}; it must be (n, {self.sizes[0]}), n > 0")
        return batch

    def _labels(self, labels: ArrayLike, n: int) -> Labels:
        given = np.asarray(labels)
        if given.shape != (n,) or given.dtype.kind not in "iu":
            raise ValueError(f"labels must be {n} integers; they are {given.dtype} {given.shape}")
        if given.min() < 0 or given.max() >= self.sizes[-1]:
            raise ValueError(
                f"labels go from {given.min()} to {given.max()}; "
                f"the network has classes 0 to {self.sizes[-1] - 1}"
            )
        return given.astype(np.intp)

    def _initialise(self, init: Initializer, seed: int) -> None:
        # A generator a layer: one layer's draws do not depend on another's distribution or size.
        seeds = stream(seed, "initialisation").spawn(len(self.blocks))
        for block, child in zip(self.blocks, seeds, strict=True):
            weight = block.affine.parameters["weight"]
            weight[:] = init.weight(weight.shape, rng=np.random.default_rng(child))
            block.affine.parameters["bias"].fill(init.bias)
            for layer in block.layers:
                layer.start()


def parameter_count(layers: Sequence[int], activation: ActivationSpec) -> int:
    """How many numbers such a network learns, counted without allocating them."""
    sizes = check_sizes(layers)
    return _count(_blocks(sizes, hidden_activations(sizes, activation)))


def check_sizes(layers: Sequence[int]) -> list[int]:
    """The sizes as a list; ValueError unless there are two or more, all positive."""
    sizes = list(layers)
    whole = (isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in sizes)
    if len(sizes) < 2 or not all(whole) or min(sizes) < 1:
        raise ValueError(f"layers is {sizes}; it must be two or more whole numbers above 0")
    return [int(n) for n in sizes]


def hidden_activations(sizes: Sequence[int], activation: ActivationSpec) -> list[Activation]:
    """One activation a hidden layer; ValueError if a list has another length."""
    hidden = len(sizes) - 2
    if isinstance(activation, Sequence) and not isinstance(activation, str):
        if len(activation) != hidden:
            raise ValueError(
                f"activation lists {len(activation)}, but there are {hidden} hidden layers"
            )
        return [ACTIVATIONS.build(one) for one in activation]
    return [ACTIVATIONS.build(activation)] * hidden


def _blocks(sizes: Sequence[int], activations: Sequence[Activation]) -> list[Block]:
    orders: list[Order] = ["C", *(layout(*units) for units in pairwise(sizes[1:])), "C"]
    return [
        Block(number, inputs, units, activation, order=order, below=below)
        for number, (inputs, units), activation, (below, order) in zip(
            range(1, len(sizes)),
            pairwise(sizes),
            [*activations, None],
            pairwise(orders),
            strict=True,
        )
    ]


def _count(blocks: Sequence[Block]) -> int:
    return sum(math.prod(shape) for block in blocks for shape in block.shapes.values())


def _views(blocks: Sequence[Block], vector: Array) -> dict[str, Array]:
    """The parameters by name, each a view of its part of ``vector``."""
    views: dict[str, Array] = {}
    start = 0
    for block in blocks:
        for name, shape in block.shapes.items():
            stop = start + math.prod(shape)
            views[name] = vector[start:stop].reshape(shape)
            start = stop
    return views


def _weight_slices(parameters: dict[str, Array]) -> list[slice]:
    """Where the arrays of two dimensions lie in the vector: those that weight decay shrinks."""
    slices: list[slice] = []
    start = 0
    for array in parameters.values():
        if array.ndim > 1:
            slices.append(slice(start, start + array.size))
        start += array.size
    return slices
