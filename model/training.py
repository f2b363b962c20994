"""The training loop: one visible loop that yields a stream of results.

It yields a `Step` after every update and an `Epoch` after every pass over the examples. It never
prints or writes, and ends early only where the loss is no longer finite: who reads the stream does.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.blas import one_blas_thread
from nnbasic.model.losses import METRICS, correct
from nnbasic.model.network import MLP, check_labels
from nnbasic.model.optimizers import OPTIMIZERS, Optimizer, State
from nnbasic.model.randomness import StepRandom
from nnbasic.model.registry import Spec
from nnbasic.model.schedules import SCHEDULES, Schedule


class BatchSource(Protocol):
    """What `nnbasic.data.Batches` is: examples in batches, as many in an epoch as its length.

    ``indices`` are the numbers of the examples in each batch of an epoch; ``take`` makes a batch of
    them, inputs (n, inputs) in the network's dtype and labels (n,), until the next one is taken.
    ``epoch`` takes each batch in turn; of one with n examples, only those of ``part(n)``.
    """

    @property
    def examples(self) -> int: ...
    def __len__(self) -> int: ...
    def epoch(
        self, epoch: int, part: Callable[[int], slice] = ...
    ) -> Iterator[tuple[Array, Labels]]: ...
    def indices(self, epoch: int) -> Iterator[np.ndarray]: ...
    def take(self, examples: np.ndarray, epoch: int) -> tuple[Array, Labels]: ...


class Step(NamedTuple):
    """One update: ``step`` counts from 1 over all epochs; loss and accuracy are the batch's."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training set; ``seconds`` includes the validation.

    ``metrics`` has ``train_loss`` and ``train_accuracy``, over all batches, each taken just before
    its update; and ``val_loss`` and, for each of the `METRICS`, ``val_`` and its name, of the
    parameters at the end of the epoch, or their average, if there is a validation set.
    """

    epoch: int
    step: int
    metrics: dict[str, float]
    learning_rate: float
    seconds: float


class DivergedError(ArithmeticError):
    """The loss stopped being finite; ``where`` is the first parameter or output that is not."""

    def __init__(self, epoch: int, step: int, where: str | None) -> None:
        where = where or "the loss itself"
        super().__init__(f"the loss is not finite at epoch {epoch}, step {step}; first in {where}")
        self.epoch, self.step, self.where = epoch, step, where


@dataclass
class Trainer:
    """A network at its training, for ``epochs`` epochs; ``state`` is the optimiser's.

    Give the parameters, the state and, to `results`, the number of ``done`` epochs of a training
    that stopped after an epoch, and this one goes on to the same bits. Raises ValueError for
    batches that do not fit the network.
    """

    network: MLP
    train: BatchSource
    optimizer: Optimizer
    schedule: Schedule
    epochs: int
    validation: BatchSource | None = None
    seed: int = 0
    state: State = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_batches(self.network, self.train)
        if self.validation is not None:
            check_batches(self.network, self.validation)
        self.state = self.state or self.optimizer.init(self.network.vector)

    def results(self, done: int = 0) -> Generator[Step | Epoch, None, None]:
        """Train in place, from epoch ``done`` + 1 on. Raises `DivergedError`."""
        step, steps = done * len(self.train), self.epochs * len(self.train)
        for epoch in range(done + 1, self.epochs + 1):
            started = time.perf_counter()
            total_loss, total_correct = 0.0, 0
            for x, labels in self.batches(epoch):
                rate = self.optimizer.lr * self.schedule(step, steps)
                loss, right, n = self.learn(x, labels, StepRandom(self.seed, epoch, step), rate)
                step += 1
                if not math.isfinite(loss):
                    raise DivergedError(epoch, step, self.first_non_finite(x))
                total_loss += loss * n
                total_correct += right
                yield Step(epoch, step, loss, right / n, rate)
            examples = self.train.examples
            metrics = {
                "train_loss": total_loss / examples,
                "train_accuracy": total_correct / examples,
                **{f"val_{name}": value for name, value in self.score().items()},
            }
            finite = np.isfinite(self.network.vector).all()  # no loss follows the last update
            if not finite or not math.isfinite(metrics.get("val_loss", 0.0)):
                raise DivergedError(epoch, step, self.first_non_finite(x))
            yield Epoch(epoch, step, metrics, rate, time.perf_counter() - started)

    def batches(self, epoch: int) -> Iterator[tuple[Array, Labels]]:
        return self.train.epoch(epoch)

    def learn(
        self, x: Array, labels: Labels, rng: StepRandom, rate: float
    ) -> tuple[float, int, int]:
        """Learn from a batch, if its loss is finite; its mean loss, and how many are right of n."""
        loss, right = self.backpropagate(x, labels, rng)
        if math.isfinite(loss):
            self.update(rate)
        return loss, right, len(x)

    def update(self, rate: float) -> None:
        """Change the parameters by the network's gradient."""
        net, optimizer = self.network, self.optimizer
        optimizer.update(net.vector, net.gradient, self.state, rate, net.weight_count)
        for weight in net.weights:
            optimizer.limit(weight)
        optimizer.average(net.vector, self.state)

    def backpropagate(
        self, x: Array, labels: Labels, rng: StepRandom, share: float = 1.0
    ) -> tuple[float, int]:
        """Set the network's gradient, times ``share``; the mean loss, and how many are right."""
        with np.errstate(over="ignore", invalid="ignore"):  # a diverging loss is reported as such
            logits = self.network.forward(x, rng)
            loss, gradient = self.network.loss(logits, labels)
            gradient *= share
            self.network.backward(gradient)
        return loss, int(np.count_nonzero(correct(logits, labels)))

    def score(self) -> dict[str, float]:
        """The scores of the validation set; nothing without one."""
        if self.validation is None:
            return {}
        with self.averaged() as network:
            return evaluate(network, self.validation)

    @contextmanager
    def averaged(self) -> Iterator[MLP]:
        """The network with the parameters that are scored and kept: their average, if there is one.

        Those that are trained are in their place again afterwards.
        """
        trained = self.network.vector
        self.network.bind(self.state.get("average", trained), self.network.gradient)
        try:
            yield self.network
        finally:
            self.network.bind(trained, self.network.gradient)

    def first_non_finite(self, x: Array) -> str | None:
        """The first parameter or output for the batch ``x`` with an infinity or NaN."""
        with np.errstate(over="ignore", invalid="ignore"):
            for layer, output in self.network.outputs(x):
                what = "activation" if layer.role == "activation" else "pre-activation"
                places = {f"{layer.name}.{name}": each for name, each in layer.parameters.items()}
                for place, array in (places | {f"{layer.name} ({what})": output}).items():
                    if not np.isfinite(array).all():
                        return place
        return None


def check_batches(network: MLP, batches: BatchSource) -> None:
    """ValueError unless the first batch has the network's inputs, dtype and classes."""
    x, labels = batches.take(next(batches.indices(0)), 0)
    inputs, classes = network.sizes[0], network.sizes[-1]
    if x.shape[1:] != (inputs,) or x.dtype != network.dtype:
        raise ValueError(
            f"the batches are {x.dtype} {x.shape}; the network takes {network.dtype} (n, {inputs})"
        )
    check_labels(labels, len(x), classes)


def fit(
    network: MLP,
    batches: BatchSource,
    *,
    epochs: int,
    optimizer: Spec | Optimizer = "sgd",
    schedule: Spec | Schedule = "constant",
    validation: BatchSource | None = None,
    seed: int = 0,
) -> Iterator[Epoch]:
    """Train ``network`` on from its present parameters; a generator of one result an epoch.

    Nothing is trained until it is iterated over. With ``averaging``, the network has the average of
    its parameters in the end. Raises `DivergedError`.
    """
    method, factors = OPTIMIZERS.build(optimizer), SCHEDULES.build(schedule)
    trainer = Trainer(network, batches, method, factors, epochs, validation, seed)
    try:
        yield from (result for result in trainer.results() if isinstance(result, Epoch))
    finally:
        network.vector[:] = trainer.state.get("average", network.vector)


def evaluate(network: MLP, batches: BatchSource) -> dict[str, float]:
    """The mean ``loss`` of ``network`` over all of ``batches``, and that of each of the `METRICS`.

    The bits depend on the batches alone, not on the number of processes and BLAS threads.
    """
    sums = np.zeros((len(batches), 1 + len(METRICS)))
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        for number, (x, labels) in enumerate(batches.epoch(0)):
            logits = network.forward(x)
            metrics = (metric(logits, labels) for metric in METRICS.values())
            values = [network.loss.forward(logits, labels), *metrics]
            sums[number] = [one.sum(dtype=np.float64) for one in values]
    totals = sums.sum(axis=0) / batches.examples
    return dict(zip(["loss", *METRICS], totals.tolist(), strict=True))
