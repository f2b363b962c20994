"""Losses on logits and integer labels, and the metrics that a network is scored by."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

import numpy as np

from nnbasic.model.activations import sigmoid
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.registry import Component, Registry


class Loss(Component, ABC):
    """A loss with the output function that belongs to it."""

    @abstractmethod
    def probabilities(self, logits: Array) -> Array:
        """What the output layer says of each class, shape (n, classes)."""

    @abstractmethod
    def each(self, logits: Array, labels: Labels) -> tuple[Array, Array]:
        """The loss of each example, (n,), and its gradient, (n, classes): two new arrays."""

    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        """The mean loss of a batch of logits (n, classes), and its gradient, of the same shape."""
        losses, gradient = self.each(logits, labels)
        gradient /= len(labels)
        return float(losses.sum()) / len(labels), gradient


LOSSES: Registry[Loss] = Registry("loss", Loss)


@LOSSES.register("cross_entropy")
class CrossEntropy(Loss):
    """L = mean of log Σ e^logit - logit[label]; dL/dlogits = (softmax - onehot) / n."""

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits)

    def each(self, logits: Array, labels: Labels) -> tuple[Array, Array]:
        scores = shifted(logits)
        at = labels, np.arange(len(labels))
        p = np.exp(scores)
        total = p.sum(axis=0)
        losses = np.log(total) - scores[at]
        p /= total
        p[at] -= 1
        return losses, p.T


@LOSSES.register("mse")
class MeanSquaredError(Loss):
    """L = mean of ½ Σ (p - onehot)², with p the softmax or the sigmoid of the logits."""

    output: Literal["softmax", "sigmoid"] = "softmax"

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits) if self.output == "softmax" else sigmoid(logits)

    def each(self, logits: Array, labels: Labels) -> tuple[Array, Array]:
        p = self.probabilities(logits)
        error = p - np.eye(p.shape[1], dtype=p.dtype)[labels]
        losses = 0.5 * np.sum(error * error, axis=1)
        if self.output == "sigmoid":
            return losses, error * p * (1 - p)
        return losses, p * (error - np.sum(error * p, axis=1, keepdims=True))


def softmax(logits: Array) -> Array:
    """e^logit / Σ e^logit of each row."""
    p = np.exp(shifted(logits))
    p /= p.sum(axis=0)
    return p.T


def shifted(logits: Array) -> Array:
    """The logits less the largest of their example, so that e^ does not overflow: (classes, n).

    A row a class: NumPy reduces over few long rows much faster than over many short ones.
    """
    scores = logits.T.copy()
    scores -= scores.max(axis=0)
    return scores


def correct(logits: Array, labels: Labels) -> Array:
    """Whether each example has its largest logit at its label, shape (n,), bool."""
    return logits.argmax(axis=1) == labels


METRICS: dict[str, Callable[[Array, Labels], Array]] = {"accuracy": correct}
"""Name → the value for each example, shape (n,), from logits (n, classes) and labels (n,).

What stands here is scored after each epoch, and recorded as ``val_`` and its name.
"""
