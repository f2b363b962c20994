"""Optimisers: hyperparameters, the state they need, and one update of the flat vectors.

The state is a dict of arrays, so that resuming is loading a dict; its ``steps`` counts the updates.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from nnbasic.model.arrays import Array
from nnbasic.model.registry import Bounds, Component, Registry

State = dict[str, Array]
Positive = Annotated[float, Bounds(gt=0)]
Decay = Annotated[float, Bounds(ge=0, lt=1)]

BLOCK = 1 << 16
"""An update goes block by block: its arrays, 256 KiB each, stay in a core's L2 cache, also those
that a formula makes on the way: RMSprop's double the time of an epoch where they are long."""


@dataclass(init=False)
class Optimizer(Component, ABC):
    """``lr`` is the rate that a schedule scales; ``clip_norm`` bounds the gradient's L2 norm.

    ``weight_decay`` adds that multiple of each weight to its gradient (L2 regularisation; the
    biases and slopes are left alone), except in AdamW. ``max_norm`` bounds the L2 norm of each
    unit's incoming weights after an update (Srivastava et al. 2014, section 5.1). With
    ``averaging`` β, what is scored and kept is a moving average of the parameters: see `average`.
    """

    lr: Positive
    weight_decay: Annotated[float, Bounds(ge=0)] = 0.0
    clip_norm: Positive | None = None
    max_norm: Positive | None = None
    averaging: Decay = 0.0

    @property
    def moments(self) -> tuple[str, ...]:
        """The names of the state's vectors."""
        return ()

    def init(self, parameters: Array) -> State:
        """The state before the first update of the flat vector ``parameters``."""
        state = {name: np.zeros_like(parameters) for name in self.moments}
        if self.averaging:
            state["average"] = parameters.copy()
        return {**state, "steps": np.zeros((), np.int64)}

    def update(
        self,
        parameters: Array,
        gradient: Array,
        state: State,
        rate: float,
        weight_count: int = 0,
        norm: float | None = None,
    ) -> None:
        """Change ``parameters`` and ``state`` in place; the first ``weight_count`` of them decay.

        All may be parts of longer vectors: ``norm`` is then that of the whole gradient.
        """
        state["steps"] += 1
        with np.errstate(over="ignore", invalid="ignore"):  # a divergence shows in the next loss
            if self.clip_norm is not None:
                norm = math.sqrt(squared_norm(gradient)) if norm is None else norm
                if norm > self.clip_norm:
                    gradient *= self.clip_norm / norm if norm < math.inf else math.nan
            for start in range(0, len(parameters), BLOCK):
                block = slice(start, start + BLOCK)
                w, g = parameters[block], gradient[block]
                if self.weight_decay and start < weight_count:
                    decaying = slice(weight_count - start)
                    self.decay(w[decaying], g[decaying], rate)
                own = {name: array[block] if array.ndim else array for name, array in state.items()}
                self.apply(w, g, own, rate)

    def decay(self, w: Array, g: Array, rate: float) -> None:
        """Apply the weight decay to the weights ``w``, before the update."""
        g += self.weight_decay * w

    @np.errstate(over="ignore", invalid="ignore")
    def limit(self, weight: Array) -> None:
        """Shrink the columns of ``weight`` (inputs, units) that are longer than ``max_norm``."""
        if self.max_norm is not None:
            norms = np.sqrt(np.square(weight).sum(axis=0))
            norms[np.isinf(norms)] = np.nan  # a divergence shows in the next loss
            weight *= self.max_norm / np.maximum(norms, self.max_norm)

    @np.errstate(over="ignore", invalid="ignore")
    def average(self, parameters: Array, state: State) -> None:
        """Let the average in ``state``, if it has one, follow ``parameters`` after an update.

        average = β·average + (1 - β)·parameters, with β at most (1 + steps) / (10 + steps), so that
        the first steps are soon forgotten.
        """
        if self.averaging:
            steps = int(state["steps"])
            beta = min(self.averaging, (1 + steps) / (10 + steps))
            for start in range(0, len(parameters), BLOCK):
                block = slice(start, start + BLOCK)
                average = state["average"][block]
                average += (1 - beta) * (parameters[block] - average)

    @abstractmethod
    def apply(self, w: Array, g: Array, state: State, rate: float) -> None:
        """Update a block ``w`` of the parameters, with the ``state`` that belongs to it.

        Its gradient ``g`` is spent afterwards: it may be used for scratch values.
        """


def squared_norm(gradient: Array) -> float:
    """‖gradient‖²; in float64 where float32, which is faster, overflows."""
    square = float(np.vdot(gradient, gradient))
    if square < math.inf:
        return square
    with np.errstate(over="ignore"):
        return float(np.square(gradient, dtype=np.float64).sum())


OPTIMIZERS: Registry[Optimizer] = Registry("optimiser", Optimizer)


@OPTIMIZERS.register("sgd")
class SGD(Optimizer):
    """v = momentum·v + g; w -= lr·v, or with Nesterov w -= lr·(g + momentum·v).

    Sutskever et al. 2013, eq. 3 and 4, with the rate outside the velocity.
    """

    lr: Positive = 0.1
    momentum: Decay = 0.0
    nesterov: bool = False

    @property
    def moments(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def apply(self, w: Array, g: Array, state: State, rate: float) -> None:
        direction = g
        if self.momentum:
            v = state["velocity"]
            v *= self.momentum
            v += g
            direction = g + self.momentum * v if self.nesterov else v
        w -= np.multiply(direction, rate, out=g)


@OPTIMIZERS.register("adagrad")
class Adagrad(Optimizer):
    """s += g²; w -= lr·g / (√s + eps) (Duchi et al. 2011)."""

    moments = ("squares",)
    lr: Positive = 0.01
    eps: Positive = 1e-8

    def apply(self, w: Array, g: Array, state: State, rate: float) -> None:
        s = state["squares"]
        s += g * g
        w -= rate * g / (np.sqrt(s) + self.eps)


@OPTIMIZERS.register("rmsprop")
class RMSprop(Optimizer):
    """s = decay_rate·s + (1 - decay_rate)·g²; w -= lr·g / (√s + eps) (Tieleman & Hinton 2012)."""

    moments = ("squares",)
    lr: Positive = 0.001
    decay_rate: Decay = 0.9
    eps: Positive = 1e-8

    def apply(self, w: Array, g: Array, state: State, rate: float) -> None:
        s = state["squares"]
        s *= self.decay_rate
        s += (1 - self.decay_rate) * (g * g)
        w -= rate * g / (np.sqrt(s) + self.eps)


@OPTIMIZERS.register("adam")
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

    def apply(self, w: Array, g: Array, state: State, rate: float) -> None:
        m, v, step = state["gradient_sum"], state["square_sum"], int(state["steps"])
        m *= self.beta1
        m += g
        g *= g
        v *= self.beta2
        v += g
        # m_hat = m·(1 - beta1)/(1 - beta1^t) and √v_hat = √v·root, so that
        # m_hat / (√v_hat + eps) = m·first/root / (√v + eps/root)
        first = (1 - self.beta1) / (1 - self.beta1**step)
        root = math.sqrt((1 - self.beta2) / (1 - self.beta2**step))
        np.sqrt(v, out=g)
        g += self.eps / root
        np.divide(m, g, out=g)
        g *= rate * first / root
        w -= g


@OPTIMIZERS.register("adamw")
class AdamW(Adam):
    """Adam whose decay bypasses the moments: w -= lr·weight_decay·w (Loshchilov & Hutter 2019)."""

    weight_decay: Annotated[float, Bounds(ge=0)] = 0.01

    def decay(self, w: Array, g: Array, rate: float) -> None:
        w *= 1 - rate * self.weight_decay
