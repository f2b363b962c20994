"""Optimisers: hyperparameters, the state they need, and one update.

All act on the network's flat vectors. The state is a dict of arrays, so that resuming is
loading a dict; its ``steps`` counts the updates. An update goes through the vectors in blocks
that stay in the processor's cache over its several passes, and uses the gradient as scratch:
afterwards the gradient is spent.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.registry import Bounds, Component, Registry

State = dict[str, Array]
Positive = Annotated[float, Bounds(gt=0)]
Decay = Annotated[float, Bounds(ge=0, lt=1)]

BLOCK = 1 << 16
"""Elements in a block: the few arrays of an update, 256 KiB each, fit in a core's L2 cache."""


@dataclass(frozen=True, kw_only=True)
class Optimizer(Component, ABC):
    """``lr`` is the rate that a schedule scales; ``clip_norm`` bounds the gradient's L2 norm.

    ``weight_decay`` adds that multiple of each weight to its gradient (L2 regularisation; the
    biases and slopes are left alone), except in AdamW.
    """

    moments: ClassVar[tuple[str, ...]] = ()
    lr: Positive
    weight_decay: Annotated[float, Bounds(ge=0)] = 0.0
    clip_norm: Positive | None = None

    def init(self, parameters: Array) -> State:
        """The state before the first update of the flat vector ``parameters``."""
        state: State = {name: np.zeros_like(parameters) for name in self.moments}
        return state | {"steps": np.zeros((), np.int64)}

    def update(
        self,
        parameters: Array,
        gradient: Array,
        state: State,
        *,
        learning_rate: float,
        weights: int = 0,
        norm: float | None = None,
    ) -> None:
        """Change ``parameters`` and ``state`` in place; the first ``weights`` parameters decay.

        All may be parts of longer vectors: ``norm`` is then that of the whole gradient.
        """
        state["steps"] += 1
        steps = int(state["steps"])
        with np.errstate(over="ignore", invalid="ignore"):  # a divergence shows in the next loss
            if self.clip_norm is not None:
                norm = math.sqrt(np.vdot(gradient, gradient)) if norm is None else norm
                if norm > self.clip_norm:
                    gradient *= self.clip_norm / norm
            for block in blocks(len(parameters)):
                w, g = parameters[block], gradient[block]
                if self.weight_decay and block.start < weights:
                    decaying = slice(weights - block.start)
                    self.decay(w[decaying], g[decaying], learning_rate)
                self.apply(w, g, [state[key][block] for key in self.moments], learning_rate, steps)

    def decay(self, w: Array, g: Array, learning_rate: float) -> None:
        """Apply the weight decay to the weights ``w``, before the update."""
        g += self.weight_decay * w

    @abstractmethod
    def apply(
        self, w: Array, g: Array, moments: Sequence[Array], learning_rate: float, steps: int
    ) -> None:
        """Update one block ``w`` of the parameters; ``g`` is free to be used as scratch."""


OPTIMIZERS: Registry[Optimizer] = Registry("optimiser", Optimizer)


@OPTIMIZERS.register("sgd")
@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """v = momentum·v + g; w -= lr·v, or with Nesterov w -= lr·(g + momentum·v).

    Sutskever et al. 2013, eq. 3 and 4, with the rate outside the velocity.
    """

    moments = ("velocity",)
    lr: Positive = 0.1
    momentum: Decay = 0.0
    nesterov: bool = False

    def init(self, parameters: Array) -> State:
        state = super().init(parameters)
        if not self.momentum:
            state["velocity"] = np.zeros(0, parameters.dtype)
        return state

    def apply(
        self, w: Array, g: Array, moments: Sequence[Array], learning_rate: float, steps: int
    ) -> None:
        if not self.momentum:
            g *= learning_rate
            w -= g
            return
        (v,) = moments
        v *= self.momentum
        v += g
        if self.nesterov:
            g *= learning_rate
            w -= g
            np.multiply(v, learning_rate * self.momentum, out=g)
        else:
            np.multiply(v, learning_rate, out=g)
        w -= g


@OPTIMIZERS.register("adagrad")
@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """s += g²; w -= lr·g / (√s + eps) (Duchi et al. 2011)."""

    moments = ("squares",)
    lr: Positive = 0.01
    eps: Positive = 1e-8

    def apply(
        self, w: Array, g: Array, moments: Sequence[Array], learning_rate: float, steps: int
    ) -> None:
        (s,) = moments
        s += g * g
        _scaled_step(w, g, s, learning_rate, self.eps)


@OPTIMIZERS.register("rmsprop")
@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """s = decay_rate·s + (1 - decay_rate)·g²; w -= lr·g / (√s + eps) (Tieleman & Hinton 2012)."""

    moments = ("squares",)
    lr: Positive = 0.001
    decay_rate: Decay = 0.9
    eps: Positive = 1e-8

    def apply(
        self, w: Array, g: Array, moments: Sequence[Array], learning_rate: float, steps: int
    ) -> None:
        (s,) = moments
        s *= self.decay_rate
        s += (1 - self.decay_rate) * (g * g)
        _scaled_step(w, g, s, learning_rate, self.eps)


@OPTIMIZERS.register("adam")
@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Kingma & Ba 2015, algorithm 1, with both bias corrections.

    The moments are kept as sums, m/(1 - beta1) and v/(1 - beta2): two passes fewer over the
    parameters, and the constant factors go into the rate and eps.
    """

    moments = ("gradient_sum", "square_sum")
    lr: Positive = 0.001
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    eps: Positive = 1e-8

    def apply(
        self, w: Array, g: Array, moments: Sequence[Array], learning_rate: float, steps: int
    ) -> None:
        m, v = moments
        m *= self.beta1
        m += g
        g *= g
        v *= self.beta2
        v += g
        # m_hat = m·(1 - beta1)/(1 - beta1^t) and √v_hat = √v·root, so that
        # m_hat / (√v_hat + eps) = m·first/root / (√v + eps/root)
        first = (1 - self.beta1) / (1 - self.beta1**steps)
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**steps))
        np.sqrt(v, out=g)
        g += self.eps / root
        np.divide(m, g, out=g)
        g *= learning_rate * first / root
        w -= g


@OPTIMIZERS.register("adamw")
@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam whose decay bypasses the moments: w -= lr·weight_decay·w (Loshchilov & Hutter 2019)."""

    weight_decay: Annotated[float, Bounds(ge=0)] = 0.01

    def decay(self, w: Array, g: Array, learning_rate: float) -> None:
        w *= 1 - learning_rate * self.weight_decay


def _scaled_step(w: Array, g: Array, squares: Array, learning_rate: float, eps: float) -> None:
    """w -= lr·g / (√squares + eps), with ``g`` as scratch."""
    root = np.sqrt(squares)
    root += eps
    g /= root
    g *= learning_rate
    w -= g


def blocks(size: int) -> Iterator[slice]:
    """The slices of at most `BLOCK` elements that a vector of ``size`` elements consists of."""
    for start in range(0, size, BLOCK):
        yield slice(start, min(start + BLOCK, size))
