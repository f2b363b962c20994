"""The training loop: one visible loop, told as a stream of results.

`steps` yields a `StepResult` after every update and an `EpochResult` after every epoch; `fit`
passes on the epochs alone. Neither prints, writes or decides to stop: who reads the stream does.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.network import MLP
from nnbasic.model.optimizers import OPTIMIZERS, Optimizer, State
from nnbasic.model.parallel import Team, shared
from nnbasic.model.registry import Spec
from nnbasic.model.schedules import SCHEDULES, Schedule


class Batches(Protocol):
    """Examples in batches: inputs (n, inputs) in the network's dtype, and their labels (n,)."""

    @property
    def examples(self) -> int:
        """The number of examples in an epoch."""

    def __len__(self) -> int:
        """The number of batches in an epoch."""

    def epoch(
        self, number: int, part: Callable[[int], slice] = slice
    ) -> Iterator[tuple[Array, Labels]]:
        """The batches of epoch ``number``; a batch holds until the next one is asked for.

        Of a batch of n, the inputs are the rows ``part(n)`` alone; the labels are all of them.
        """


class Score(NamedTuple):
    """Mean loss and share of examples classified right."""

    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class StepResult:
    """One update: ``step`` counts from 1 over all epochs; loss and accuracy are the batch's."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    learning_rate: float


@dataclass(frozen=True, slots=True)
class EpochResult:
    """One pass over the training set.

    The training figures are means over the epoch's batches, each taken just before its update;
    the validation figures belong to the parameters at the end of the epoch and are None without
    a validation set. ``epoch_seconds`` includes the validation.
    """

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    epoch_seconds: float


class DivergedError(ArithmeticError):
    """The loss stopped being finite; ``where`` is the first layer with a non-finite value."""

    def __init__(self, epoch: int, step: int, where: str | None) -> None:
        where = where or "the loss itself"
        super().__init__(f"the loss is not finite at epoch {epoch}, step {step}; first in {where}")
        self.epoch, self.step, self.where = epoch, step, where


def steps(
    network: MLP,
    batches: Batches,
    *,
    optimizer: Spec | Optimizer = "sgd",
    schedule: Spec | Schedule = "constant",
    epochs: int,
    validation: Batches | None = None,
    state: State | None = None,
    done: int = 0,
    processes: int = 1,
) -> Generator[StepResult | EpochResult, None, None]:
    """Train ``network`` in place for epochs ``done`` + 1 to ``epochs``.

    To go on exactly, give the parameters, ``state`` and ``done`` of an earlier call that
    stopped after an epoch, batches with the same order, and the same number of ``processes``.

    More than one process share the work as `nnbasic.model.parallel` says. The arrays of
    ``network`` and ``state`` are moved to shared memory for it when the first result is asked
    for: look them up anew. Between two results they may be read, not changed, as the other
    processes are at the next batch; and within an epoch this process has one BLAS thread.
    Raises `DivergedError`, and ChildProcessError if one of the processes dies.
    """
    optimizer = OPTIMIZERS.build(optimizer)
    schedule = SCHEDULES.build(schedule)
    state = optimizer.init(network.vector) if state is None else state
    team = Team(processes)
    gradients = _share_memory(network, state, team)

    def loop() -> Iterator[StepResult | EpochResult]:
        network.bind(network.vector, gradients[team.rank])
        step = done * len(batches)
        for epoch in range(done + 1, epochs + 1):
            started = time.perf_counter()
            total_loss, total_correct, learning_rate = 0.0, 0.0, 0.0
            with team.one_thread_each():
                for x, labels in batches.epoch(epoch, team.part):
                    n = len(labels)
                    learning_rate = optimizer.lr * schedule(step, epochs * len(batches))
                    mine = network.backpropagate(x, labels[team.part(n)], share=len(x) / n)
                    loss, correct = team.all_reduce(*mine)  # from here on all gradients are there
                    step += 1
                    if not math.isfinite(loss):
                        raise DivergedError(epoch, step, network.first_non_finite(team))
                    optimizer.update(
                        network.vector,
                        gradients,
                        state,
                        learning_rate=learning_rate,
                        weights=network.weights,
                        team=team,
                    )
                    total_loss += loss * n
                    total_correct += correct
                    yield StepResult(epoch, step, loss, correct / n, learning_rate)
            score = None if validation is None or team.rank else evaluate(network, validation)
            where = network.first_non_finite(team)  # the last update has no next loss to tell of it
            if where or (score is not None and not math.isfinite(score.loss)):
                raise DivergedError(epoch, step, where)
            yield EpochResult(
                epoch=epoch,
                step=step,
                train_loss=total_loss / batches.examples,
                train_accuracy=total_correct / batches.examples,
                val_loss=score and score.loss,
                val_accuracy=score and score.accuracy,
                learning_rate=learning_rate,
                epoch_seconds=time.perf_counter() - started,
            )

    def follow() -> None:
        with contextlib.suppress(DivergedError):  # which the main process tells of
            for _ in loop():
                pass

    with team.at_work(follow):
        yield from loop()


def fit(
    network: MLP,
    batches: Batches,
    *,
    optimizer: Spec | Optimizer = "sgd",
    schedule: Spec | Schedule = "constant",
    epochs: int,
    validation: Batches | None = None,
) -> Iterator[EpochResult]:
    """`steps` from the start, told by the epoch."""
    for result in steps(
        network,
        batches,
        optimizer=optimizer,
        schedule=schedule,
        epochs=epochs,
        validation=validation,
    ):
        if isinstance(result, EpochResult):
            yield result


def evaluate(network: MLP, batches: Batches) -> Score:
    """Score ``network`` on all of ``batches``."""
    total_loss, total_correct = 0.0, 0
    for x, labels in batches.epoch(0):
        loss, correct = network.score(x, labels)
        total_loss += loss * len(labels)
        total_correct += correct
    return Score(total_loss / batches.examples, total_correct / batches.examples)


def _share_memory(network: MLP, state: State, team: Team) -> list[Array]:
    """Move the parameters and ``state`` to shared memory; a gradient there for each process."""
    if team.size == 1:
        return [network.gradient]

    def moved(array: Array) -> Array:
        copy = shared(array.shape, array.dtype)
        copy[...] = array
        return copy

    network.bind(moved(network.vector), network.gradient)
    state |= {name: moved(array) for name, array in state.items() if array.ndim}
    return [shared(network.vector.shape, network.dtype) for _ in range(team.size)]
