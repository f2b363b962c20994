"""Losses on logits and integer labels, and the metrics that a network is scored by.

What is trained and what is scored are two things: training minimises the mean that calling a loss
gives, and scoring averages `losses` and the `METRICS` over the examples.
"""

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
    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        """The mean loss of a batch of logits (n, classes), and dL/dlogits of the same shape."""

    @abstractmethod
    def losses(self, logits: Array, labels: Labels) -> Array:
        """The loss of each example, shape (n,)."""

    @abstractmethod
    def probabilities(self, logits: Array) -> Array:
        """What the output layer says of each class, shape (n, classes)."""


LOSSES: Registry[Loss] = Registry("loss", Loss)


@LOSSES.register("cross_entropy")
class CrossEntropy(Loss):
    """L = mean of log Σ e^logit - logit[label]; dL/dlogits = (softmax - onehot) / n."""

    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        n, scores = len(labels), shifted(logits)
        at = labels, np.arange(n)
        p = np.exp(scores)
        total = p.sum(axis=0)
        loss = float((np.log(total) - scores[at]).sum()) / n
        p /= total
        p[at] -= 1
        p /= n
        return loss, p.T

    def losses(self, logits: Array, labels: Labels) -> Array:
        scores = shifted(logits)
        return np.log(np.exp(scores).sum(axis=0)) - scores[labels, np.arange(len(labels))]

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits)


@LOSSES.register("mse")
class MeanSquaredError(Loss):
    """L = mean of ½ Σ (p - onehot)², with p the softmax or the sigmoid of the logits."""

    output: Literal["softmax", "sigmoid"] = "softmax"

    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        p = self.probabilities(logits)
        error = self._errors(p, labels)
        loss = 0.5 * float(np.vdot(error, error)) / len(labels)
        error /= len(labels)
        if self.output == "sigmoid":
            return loss, error * p * (1 - p)
        return loss, p * (error - np.sum(error * p, axis=1, keepdims=True))

    def losses(self, logits: Array, labels: Labels) -> Array:
        error = self._errors(self.probabilities(logits), labels)
        return 0.5 * np.sum(error * error, axis=1)

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits) if self.output == "softmax" else sigmoid(logits)

    def _errors(self, p: Array, labels: Labels) -> Array:
        error = p.copy()
        error[np.arange(len(labels)), labels] -= 1
        return error


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
