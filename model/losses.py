"""Losses on logits and integer labels, and the metrics that a network is scored by."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np

from nnbasic.model.activations import sigmoid
from nnbasic.model.arrays import Array, Labels
from nnbasic.model.registry import Bounds, Component, Registry


class Loss(Component, ABC):
    """A loss with the output function that belongs to it; as a layer, forward and then backward."""

    @abstractmethod
    def probabilities(self, logits: Array) -> Array:
        """What the output layer says of each class, shape (n, classes)."""

    @abstractmethod
    def forward(self, logits: Array, labels: Labels) -> Array:
        """The loss of each example, (n,)."""

    @abstractmethod
    def backward(self) -> Array:
        """The gradient of each example's loss with respect to its logits: (n, classes), new."""

    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        """What training minimises, the mean over the logits (n, classes), and its gradient."""
        losses = self.forward(logits, labels)
        gradient = self.backward()
        gradient /= len(labels)
        return float(losses.sum()) / len(labels), gradient


LOSSES: Registry[Loss] = Registry("loss", Loss)


@LOSSES.register("cross_entropy")
class CrossEntropy(Loss):
    """L = mean of log Σ e^logit - logit[label]; dL/dlogits = (softmax - onehot) / n.

    With ``label_smoothing`` ε training aims at (1 - ε)·onehot + ε / classes (Szegedy et al. 2016,
    section 7): that adds ε·(logit[label] - mean of the logits). Scores are without it.
    """

    label_smoothing: Annotated[float, Bounds(ge=0, lt=1)] = 0.0

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits)

    def forward(self, logits: Array, labels: Labels) -> Array:
        scores = shifted(logits)
        self.right = labels, np.arange(len(labels))
        self.p = np.exp(scores)
        total = self.p.sum(axis=0)
        self.p /= total
        return np.log(total) - scores[self.right]

    def backward(self) -> Array:
        gradient = self.p.copy()
        gradient[self.right] -= 1
        return gradient.T

    def __call__(self, logits: Array, labels: Labels) -> tuple[float, Array]:
        loss, gradient = super().__call__(logits, labels)
        if smoothing := self.label_smoothing:
            n, classes = logits.shape
            rows = np.arange(n)
            loss += smoothing * float((logits[rows, labels] - logits.mean(axis=1)).mean())
            gradient -= smoothing / (n * classes)
            gradient[rows, labels] += smoothing / n
        return loss, gradient


@LOSSES.register("mse")
class MeanSquaredError(Loss):
    """L = mean of ½ Σ (p - onehot)², with p the softmax or the sigmoid of the logits."""

    output: Literal["softmax", "sigmoid"] = "softmax"

    def probabilities(self, logits: Array) -> Array:
        return softmax(logits) if self.output == "softmax" else sigmoid(logits)

    def forward(self, logits: Array, labels: Labels) -> Array:
        self.p = self.probabilities(logits)
        self.error = self.p - np.eye(self.p.shape[1], dtype=self.p.dtype)[labels]
        return 0.5 * np.sum(self.error * self.error, axis=1)

    def backward(self) -> Array:
        p, error = self.p, self.error
        if self.output == "sigmoid":
            return error * p * (1 - p)
        return p * (error - np.sum(error * p, axis=1, keepdims=True))


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
