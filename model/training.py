"""The training loop: one visible loop that yields a stream of results.

`steps` yields a `StepResult` after every update and an `EpochResult` after every epoch; `fit`
passes on the epochs alone. Neither prints, writes or decides to stop: who reads the stream does.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.blas import one_blas_thread
from nnbasic.model.network import MLP
from nnbasic.model.optimizers import OPTIMIZERS, Optimizer, State
from nnbasic.model.parallel import ALONE, Team, shared
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
        self, number: int, rank: int = 0, size: int = 1, *, whole: bool = False
    ) -> Iterator[tuple[Array, Labels, int]]:
        """The batches of epoch ``number``; a batch holds until the next one is asked for.

        Where ``size`` processes share each batch: the rows of process ``rank`` alone, which may
        be none; or, with ``whole``, every ``size``-th batch whole. The third item is the number
        of examples in the whole batch.
        """


class Score(NamedTuple):
    """Mean loss and share of examples classified right."""

    loss: float
    accuracy: float


class StepResult(NamedTuple):
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
    after_update: Callable[[dict[str, Array]], None] | None = None,
) -> Generator[StepResult | EpochResult, None, None]:
    """Train ``network`` in place for epochs ``done`` + 1 to ``epochs``.

    To go on exactly, give the parameters, ``state`` and ``done`` of an earlier call that
    stopped after an epoch, batches with the same order, and the same number of ``processes``.
    ``after_update`` is given the parameters by name after each update, and may change them.

    Several processes share the work as `nnbasic.model.parallel` says. The arrays of ``network``
    and ``state`` are moved to shared memory for it when the first result is asked for: look them
    up anew. Between two results they may be read, not changed, as the other processes are at the
    next batch; and within an epoch this process has one BLAS thread.

    Raises `DivergedError`; ChildProcessError if one of the processes dies; ValueError for several
    processes and a network whose layers keep a state, since each would see other rows.
    """
    optimizer = OPTIMIZERS.build(optimizer)
    schedule = SCHEDULES.build(schedule)
    state = optimizer.init(network.vector) if state is None else state
    if processes > 1 and network.state:
        raise ValueError(f"{', '.join(network.state)} need a training in one process")
    team = Team(processes)
    gradients = _share_memory(network, state, team)

    def loop() -> Iterator[StepResult | EpochResult]:
        network.bind(network.vector, gradients[team.rank])
        update = _Update(network, optimizer, state, gradients, team)
        step = done * len(batches)
        for epoch in range(done + 1, epochs + 1):
            started = time.perf_counter()
            total_loss, total_correct, learning_rate = 0.0, 0.0, 0.0
            with team.one_thread_each():
                for x, labels, n in batches.epoch(epoch, team.rank, team.size):
                    learning_rate = optimizer.lr * schedule(step, epochs * len(batches))
                    mine = network.backpropagate(x, labels, n)
                    loss, correct = team.all_reduce(*mine)  # from here on all gradients are there
                    step += 1
                    if not math.isfinite(loss):
                        raise DivergedError(epoch, step, first_non_finite(network, team))
                    update(learning_rate)
                    if after_update:
                        if team.rank == 0:
                            after_update(network.parameters)
                        team.barrier()
                    total_loss += loss * n
                    total_correct += correct
                    yield StepResult(epoch, step, loss, correct / n, learning_rate)
            score = None if validation is None else evaluate(network, validation, team)
            where = first_non_finite(network, team)  # no loss follows the last update
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
        with contextlib.suppress(DivergedError):  # the main process raises it
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
    """Train from scratch; yield one result per epoch."""
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


def evaluate(network: MLP, batches: Batches, team: Team = ALONE) -> Score:
    """Score ``network`` on all of ``batches``, which the processes of ``team`` take in turn.

    The bits depend on the batches alone, not on the number of processes and BLAS threads.
    """
    total_loss, total_correct = 0.0, 0.0
    mine = batches.epoch(0, team.rank, team.size, whole=True)
    with one_blas_thread():
        for _ in range(-(-len(batches) // team.size)):
            loss, correct = 0.0, 0
            for x, labels, n in itertools.islice(mine, 1):  # in the last round there may be none
                loss, correct = network.score(x, labels)
                loss *= n
            for one in team.all_gather(loss, correct):
                total_loss += one[0]
                total_correct += one[1]
    return Score(total_loss / batches.examples, total_correct / batches.examples)


def first_non_finite(network: MLP, team: Team = ALONE) -> str | None:
    """The first parameter or layer output, from the input up, with an infinity or NaN.

    With a team, all of it must call this; an output is then that of all their rows.
    """
    places = network.places()
    bad = (i for i, (_, array) in enumerate(places) if not np.isfinite(array).all())
    (first,) = min(team.all_gather(next(bad, len(places))))
    return places[int(first)][0] if first < len(places) else None


class _Update:
    """The update of this process's part of the parameters, by the sum of all gradients."""

    def __init__(
        self,
        network: MLP,
        optimizer: Optimizer,
        state: State,
        gradients: Sequence[Array],
        team: Team,
    ) -> None:
        part = team.part(len(network.vector))
        own, others = gradients[team.rank], [g for g in gradients if g is not gradients[team.rank]]
        self.optimizer, self.team = optimizer, team
        self.parameters = network.vector[part]
        self.gradients = [gradient[part] for gradient in (own, *others)]
        self.state = {name: array[part] if array.ndim else array for name, array in state.items()}
        self.weights = [
            slice(max(weight.start - part.start, 0), max(weight.stop - part.start, 0))
            for weight in network.weights
        ]

    def __call__(self, learning_rate: float) -> None:
        """Update; all must have met since they wrote their gradients."""
        self.optimizer.update(
            self.parameters,
            self.gradients,
            self.state,
            learning_rate=learning_rate,
            weights=self.weights,
            total=lambda number: self.team.all_reduce(number)[0],
        )
        self.team.barrier()


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
