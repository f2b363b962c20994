"""Losses on logits and integer labels; the division by the batch size happens here alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnbasic.model.activations import sigmoid
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.registry import Registry


class Loss(ABC):
    """The mean loss of a batch, with the output function that belongs to it."""

    @abstractmethod
    def __call__(self, logits: Array, labels: Labels, size: int, gradient: Array) -> float:
        """The loss over logits (n, classes), divided by ``size``; dL/dlogits into ``gradient``.

        ``size`` is n for the mean loss; more for n rows of a batch of ``size`` examples.
        """

    @abstractmethod
    def probabilities(self, logits: Array) -> Array:
        """What the output layer says of each class, shape (n, classes)."""


LOSSES: Registry[Loss] = Registry("loss")


@LOSSES.register("cross_entropy")
@dataclass(frozen=True)
class CrossEntropy(Loss):
    """L = mean of log Σ e^logit - logit[label]; dL/dlogits = (softmax - onehot) / n."""

    def __call__(self, logits: Array, labels: Labels, size: int, gradient: Array) -> float:
        # A row a class: NumPy reduces over few long rows much faster than over many short ones.
        scores = logits.T.copy()
        flat = scores.reshape(-1)
        n = len(labels)
        chosen = labels.astype(np.intp) * n + np.arange(n)  # where the labels' logits are
        scores -= scores.max(axis=0)
        loss = -flat[chosen]
        np.exp(scores, out=scores)
        total = scores.sum(axis=0)
        scores /= total
        flat[chosen] -= 1
        np.divide(scores.T, size, out=gradient)
        loss += np.log(total)
        return float(loss.sum()) / size

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits)


@LOSSES.register("mse")
@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """L = mean of ½ Σ (p - onehot)², with p the softmax or the sigmoid of the logits."""

    output: Literal["softmax", "sigmoid"] = "softmax"

    def __call__(self, logits: Array, labels: Labels, size: int, gradient: Array) -> float:
        p = self.probabilities(logits)
        error = p.copy()
        error[np.arange(len(labels)), labels] -= 1
        loss = 0.5 * float(np.vdot(error, error)) / size
        if self.output == "softmax":
            # dL/dlogit_j = p_j (e_j - Σ_k e_k p_k)
            error -= np.sum(error * p, axis=1, keepdims=True)
            np.multiply(error, p, out=gradient)
        else:
            np.multiply(error, p * (1 - p), out=gradient)
        gradient /= size
        return loss

    def probabilities(self, logits: Array) -> Array:
        if self.output == "softmax":
            return softmax(logits)
        p = np.empty_like(logits)
        sigmoid(logits, p)
        return p


def softmax(logits: Array) -> Array:
    """e^logit / Σ e^logit of each row, shifted by the row's maximum so that nothing overflows."""
    p: Array = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p
