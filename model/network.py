"""The multilayer perceptron: two flat vectors, a stack of layers, and a loss on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from nnbasic.model.activations import ACTIVATIONS, Activation
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.initializers import INITIALIZERS, Initializer
from nnbasic.model.layers import Affine, Layer
from nnbasic.model.losses import LOSSES, Loss
from nnbasic.model.parallel import ALONE, Team
from nnbasic.model.randomness import stream
from nnbasic.model.registry import Spec

ActivationSpec = Spec | Activation | Sequence[Spec | Activation]


class MLP:
    """A fully connected network for classification.

    ``layers`` are the sizes: inputs, hidden units, classes. ``activation`` is one for all hidden
    layers, or a list with one for each; the output layer is affine and the loss adds softmax
    (or sigmoid). Everything that can be learned stands in ``vector``, its gradient in
    ``gradient``; `parameters` and `gradients` are named views of the two.

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
        self.layers = _stack(self.sizes, self.activations)
        count = _count(self.layers)
        self.bind(np.zeros(count, self.dtype), np.zeros(count, self.dtype))
        self.weights = _weight_slices(self.parameters)
        self._initialise(INITIALIZERS.build(init), seed)
        self._batch_size = 0

    def bind(self, vector: Array, gradient: Array) -> None:
        """From now on keep the parameters in ``vector``, as they stand there, and the gradient."""
        self.vector, self.parameters = vector, _views(self.layers, vector)
        self.gradient, self.gradients = gradient, _views(self.layers, gradient)
        for number, layer in _numbered(self.layers):
            names = {name: f"layer{number}.{name}" for name in layer.shapes}
            layer.bind(
                {name: self.parameters[full] for name, full in names.items()},
                {name: self.gradients[full] for name, full in names.items()},
            )

    def forward(self, x: ArrayLike) -> Array:
        """The logits (n, classes) of the batch ``x`` (n, inputs)."""
        return np.copy(self._logits(self._batch(x)))

    def probabilities(self, x: ArrayLike) -> Array:
        """The output layer's probability of each class, shape (n, classes)."""
        return self.loss.probabilities(self._logits(self._batch(x)))

    def loss_and_gradients(self, x: ArrayLike, labels: ArrayLike) -> tuple[float, dict[str, Array]]:
        """The mean loss over the batch, and dL/dparameter under each parameter's name."""
        batch = self._batch(x)
        loss, _ = self.backpropagate(batch, self._labels(labels, len(batch)))
        return loss, {name: gradient.copy() for name, gradient in self.gradients.items()}

    def backpropagate(self, x: Array, labels: Labels, share: float = 1.0) -> tuple[float, int]:
        """Set ``gradient`` for a batch; return its mean loss and how many it got right.

        For rows that are only a ``share`` of a batch, loss and gradient are what these rows add
        to those of the batch. The training loop's way in: ``x`` has the network's dtype and
        nothing is checked.
        """
        if not len(x):  # of the last batch there may be no row for this process
            self.gradient.fill(0)
            return 0.0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging loss is reported as such
            loss, correct = self.score(x, labels)
            gradient: Array | None = self._logits_gradient
            if share != 1:
                self._logits_gradient *= share
            for layer in reversed(self.layers):
                assert gradient is not None  # only the first layer returns none
                gradient = layer.backward(gradient)
        return loss * share, correct

    def score(self, x: Array, labels: Labels) -> tuple[float, int]:
        """The mean loss of a batch and how many it got right; nothing is checked."""
        with np.errstate(over="ignore", invalid="ignore"):
            logits = self._logits(x)
            loss = self.loss(logits, labels, self._logits_gradient)
            correct = int(np.count_nonzero(logits.argmax(axis=1) == labels))
        return loss, correct

    @property
    def logits(self) -> Array:
        """The logits of the last batch, in a buffer that the next batch overwrites."""
        return self.layers[-1].output

    def first_non_finite(self, team: Team = ALONE) -> str | None:
        """The first parameter or layer output, from the input up, with an infinity or NaN.

        With a team all of it must call this; an output is then that of all their rows.
        """
        places: list[tuple[str, Array]] = []
        for number, layer in _numbered(self.layers):
            places += [(f"layer{number}.{name}", array) for name, array in layer.parameters.items()]
            what = "pre-activation" if isinstance(layer, Affine) else "activation"
            output = layer.output if self._batch_size else self.vector[:0]
            places.append((f"layer{number} ({what})", output))
        bad = (i for i, (_, array) in enumerate(places) if not np.isfinite(array).all())
        (first,) = min(team.all_gather(next(bad, len(places))))
        return places[int(first)][0] if first < len(places) else None

    def _logits(self, x: Array) -> Array:
        if len(x) != self._batch_size:
            self._batch_size = len(x)
            for layer in self.layers:
                layer.resize(len(x), self.dtype)
            self._logits_gradient = np.empty((len(x), self.sizes[-1]), self.dtype)
        for layer in self.layers:
            x = layer.forward(x)
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
        children = iter(stream(seed, "initialisation").spawn(len(self.layers)))
        for layer in self.layers:
            if isinstance(layer, Affine):
                weight = layer.parameters["weight"]
                rng = np.random.default_rng(next(children))
                weight[:] = init.weight(weight.shape, rng=rng)
                layer.parameters["bias"].fill(init.bias)
            layer.start()


def parameter_count(layers: Sequence[int], activation: ActivationSpec) -> int:
    """How many numbers such a network learns, counted without allocating them."""
    sizes = check_sizes(layers)
    return _count(_stack(sizes, hidden_activations(sizes, activation)))


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


def _stack(sizes: Sequence[int], activations: Sequence[Activation]) -> list[Layer]:
    stack: list[Layer] = []
    for index, (inputs, units) in enumerate(pairwise(sizes)):
        if index == len(activations):
            stack.append(Affine(inputs, units, first=not stack))
        else:
            activation = activations[index]
            stack.append(Affine(inputs, activation.affine_units(units), first=not stack))
            stack.append(activation.layer(units))
    return stack


def _numbered(layers: Sequence[Layer]) -> list[tuple[int, Layer]]:
    """Each layer with its number from 1: an affine layer and what follows it share one."""
    numbered: list[tuple[int, Layer]] = []
    number = 0
    for layer in layers:
        number += isinstance(layer, Affine)
        numbered.append((number, layer))
    return numbered


def _count(layers: Sequence[Layer]) -> int:
    return sum(math.prod(shape) for layer in layers for shape in layer.shapes.values())


def _views(layers: Sequence[Layer], vector: Array) -> dict[str, Array]:
    """The parameters' names, and where in ``vector`` each lies, as views of it."""
    views: dict[str, Array] = {}
    start = 0
    for number, layer in _numbered(layers):
        for name, shape in layer.shapes.items():
            stop = start + math.prod(shape)
            views[f"layer{number}.{name}"] = vector[start:stop].reshape(shape)
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
