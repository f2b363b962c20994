"""Data parallelism: several processes, each with its share of every batch.

NumPy uses several cores for matrix products only, and one for all else. Here all of a step is on
several cores.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, fields
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.blas import one_blas_thread
from nnbasic.model.losses import METRICS
from nnbasic.model.optimizers import squared_norm
from nnbasic.model.randomness import StepRandom
from nnbasic.model.training import (
    DivergedError,
    Epoch,
    Step,
    Trainer,
    batch_sums,
    finite_places,
    means,
)

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess
    from multiprocessing.synchronize import Semaphore

SPINS = 2000
"""How often a process polls before it sleeps: for some 0.3 ms; waking up takes 0.05 ms."""

PATIENCE = 0.2
"""Seconds asleep after which a process looks whether the others still live."""

AVAILABLE = sys.platform == "linux"
"""Whether there are several processes: they need a fork, which macOS's own BLAS forbids."""

SIGNALS = {signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if AVAILABLE else [])}
"""The main process decides what these mean, not a copy of its handlers."""

LAST_WORDS = 500
"""The bytes in which a process can say what it failed with."""


@dataclass
class SharedTrainer(Trainer):
    """A training that ``processes`` share, each of which runs the same loop.

    Its batches are this process's rows of each batch. A step meets the others twice: when all have
    their gradients, which each adds up for its part of the parameters, and when all have updated
    their parts; and, to clip, for the norm of the whole gradient.

    The arrays of the network and of ``state`` are moved to shared memory: look them up anew.
    Between two results they may be read, not changed, as the others are at the next batch. Raises
    ChildProcessError if one of the processes dies.
    """

    processes: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.team = Team(self.processes)
        network = self.network
        self._gradients = [shared(network.vector) for _ in range(self.processes)]
        network.bind(shared(network.vector), self._gradients[0])
        self.state = {name: shared(a) if a.ndim else a for name, a in self.state.items()}
        self._sums = shared(np.zeros((len(self.validation or ()), 1 + len(METRICS))))

    def results(self, done: int = 0) -> Generator[Step | Epoch, None, None]:
        """Train in all processes, from epoch ``done`` + 1 on."""
        self.team = Team(self.processes)  # gates of one that was left before may stand open

        def follow() -> None:
            self.network.bind(self.network.vector, self._gradients[self.team.rank])
            with contextlib.suppress(DivergedError):  # the main process raises it
                for _ in Trainer.results(self, done):
                    pass

        try:
            self.team.start(follow)
        except OSError as error:
            warn_alone(self.processes, f"no process can be started ({error.strerror})")
            alone = {field.name: getattr(self, field.name) for field in fields(Trainer)}
            yield from Trainer(**alone).results(done)
            return
        try:
            yield from super().results(done)
        finally:
            self.team.end()

    def batches(self, epoch: int) -> Iterator[tuple[Array, Labels]]:
        """This process's rows of each batch of an epoch; of a small one perhaps none."""
        with one_blas_thread():
            for examples in self.train.indices(epoch):
                self._size = len(examples)
                self._rows = self.team.part(len(examples))
                yield self.train.take(examples[self._rows], epoch)

    def step(
        self, x: Array, labels: Labels, rng: StepRandom, rate: float
    ) -> tuple[float, int, int]:
        """Learn from these rows and those of the others; the score is that of the whole batch."""
        share, loss, right = len(x) / self._size, 0.0, 0
        if len(x):
            rng.share = self._rows, self._size
            loss, right = self.backpropagate(x, labels, rng, share)
        else:
            self.network.gradient.fill(0)
        loss, all_right = map(sum, zip(*self.team.gather(loss * share, right), strict=True))
        if math.isfinite(loss):
            self._update(rate)
            self.team.barrier()
        return loss, int(all_right), self._size

    def _update(self, rate: float) -> None:
        """Update this process's part of the parameters, by the sum of all gradients."""
        part = self.team.part(len(self.network.vector))
        gradient = self.network.gradient[part]
        for rank, other in enumerate(self._gradients):
            if rank != self.team.rank:
                gradient += other[part]
        norm = None
        if self.optimizer.clip_norm is not None:
            squares = self.team.gather(squared_norm(gradient))
            norm = math.sqrt(sum(square for (square,) in squares))
        self.optimizer.update(
            self.network.vector[part],
            gradient,
            {name: array[part] if array.ndim else array for name, array in self.state.items()},
            rate=rate,
            weight_count=max(self.network.weight_count - part.start, 0),
            norm=norm,
        )

    def score(self) -> dict[str, float]:
        """The scores of the validation set, of which each process takes every so many batches."""
        if self.validation is None:
            return {}
        mine = range(self.team.rank, len(self.validation), self.processes)
        self._sums[mine] = batch_sums(self.network, self.validation, mine)[mine]
        self.team.barrier()
        return means(self._sums, self.validation)

    def first_non_finite(self, x: Array) -> str | None:
        """The first parameter or output with an infinity or NaN, for the rows of any process.

        A process without rows looks at a blank image, for the parameters' sake.
        """
        rows = x if len(x) else np.zeros((1, x.shape[1]), x.dtype)
        places = list(finite_places(self.network, rows))
        first = next((i for i, (_, finite) in enumerate(places) if not finite), len(places))
        ((found,),) = [min(self.team.gather(first))]
        return places[int(found)][0] if found < len(places) else None


class Team:
    """``size`` processes that do the same work on different parts; ``rank`` is this one's number.

    OSError where the system has no semaphores.
    """

    def __init__(self, size: int) -> None:
        if size < 2 or not AVAILABLE:
            raise ValueError(f"{size} processes: there must be 2 or more, and this must be Linux")
        self.size = size
        self.rank = 0
        self._main = os.getpid()
        self._others: list[ForkProcess] = []
        self._barriers = 0
        # Two sets in turn: a process may be at the next barrier before all have left this.
        context = multiprocessing.get_context("fork")
        self._gates = [[context.Semaphore(0) for _ in range(size)] for _ in range(2)]
        self._given = shared(np.zeros((2, size, 2)))  # in turn, too
        self._last_words = shared(np.zeros((size, LAST_WORDS), np.uint8))

    def part(self, n: int) -> slice:
        """This process's part of ``n`` things; the parts differ by one in length at most."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def gather(self, *values: float) -> list[tuple[float, ...]]:
        """What each process gave, one or two numbers, in the order of the ranks. A `barrier`."""
        given = self._given[self._barriers % 2, :, : len(values)]
        given[self.rank] = values
        self.barrier()
        return [tuple(row) for row in given.tolist()]

    def barrier(self) -> None:
        """Wait until all are here. What each wrote to shared memory before, all see after."""
        gates = self._gates[self._barriers % 2]
        self._barriers += 1
        for rank, gate in enumerate(gates):
            if rank != self.rank:
                gate.release()
        for _ in range(self.size - 1):
            self._wait(gates[self.rank])

    def start(self, work: Callable[[], object]) -> None:
        """Run ``work`` in the other processes, until `end`; OSError if there can be none.

        They are forks: they have only `shared` arrays in common with this one.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        try:
            with one_blas_thread():
                for rank in range(1, self.size):
                    process = multiprocessing.get_context("fork").Process(
                        target=self._serve, args=(rank, work, before), daemon=True
                    )
                    process.start()
                    self._others.append(process)
        except OSError:
            self.end()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def end(self) -> None:
        """End the other processes, which hold nothing that could be lost."""
        for process in self._others:
            process.kill()
            process.join()
        self._others.clear()

    def _serve(self, rank: int, work: Callable[[], object], mask: set[signal.Signals]) -> None:
        """Do ``work`` in a process that has just been forked."""
        end_with_parent(self._main)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        self.rank = rank
        self._others.clear()
        self._keep_to_a_core()
        try:
            work()
        except BaseException as error:
            words = f"{type(error).__name__}: {error}".encode()[:LAST_WORDS]
            self._last_words[rank, : len(words)] = np.frombuffer(words, np.uint8)
            os._exit(1)

    def _keep_to_a_core(self) -> None:
        """Keep this process to one core, if there is one for each; the main process stays free.

        Processes that wait for each other in turn seldom run at once for long. So the scheduler may
        leave two on one core, beside an idle one.
        """
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) == self.size:
            with contextlib.suppress(OSError):  # that core has been taken away just now
                os.sched_setaffinity(0, {cores[self.rank]})

    def _wait(self, gate: Semaphore) -> None:
        for _ in range(SPINS):
            if gate.acquire(block=False):
                return
        ended: ForkProcess | None = None
        while not gate.acquire(timeout=PATIENCE):
            if ended:  # had it been here before it ended, the gate would have opened
                rank = self._others.index(ended) + 1
                words = self._last_words[rank].tobytes().rstrip(b"\0").decode(errors="replace")
                how = f"failed with {words}" if words else f"ended with code {ended.exitcode}"
                raise ChildProcessError(f"process {rank + 1} of {self.size} of the training {how}")
            dead = wait([process.sentinel for process in self._others], timeout=0)
            ended = next((process for process in self._others if process.sentinel in dead), None)


def shared_by(trainer: Trainer, processes: int) -> Trainer:
    """``trainer``, its work shared by so many processes; warns if this one must not be forked.

    A fork has only the thread that called it: what another one had locked stays locked there.
    """
    if processes == 1:
        return trainer
    others = threading.active_count() - 1
    if others:
        why = f"it has {others} other thread{'s' * (others > 1)}, beside which a fork may deadlock"
    elif multiprocessing.current_process().daemon:  # such as one of a multiprocessing.Pool
        why = "it is a daemonic process, which may start no others"
    else:
        try:
            return SharedTrainer(**vars(trainer), processes=processes)
        except (ImportError, OSError) as error:  # no /dev/shm
            why = f"there are no semaphores ({error})"
    warn_alone(processes, why)
    return trainer


def warn_alone(processes: int, why: str) -> None:
    """Warn that one process trains where ``processes`` would."""
    warnings.warn(
        f"training in one process, not in {processes}: {why}; the last bits may differ from those"
        f" of {processes}",
        RuntimeWarning,
        stacklevel=3,
    )


def end_with_parent(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal as soon as ``parent``, its parent, has ended.

    It can on Linux. A process that is stopped is killed too.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it had ended before this was asked for
            os._exit(1)


PR_SET_PDEATHSIG = 1
"""The number of Linux's prctl by which a process asks for a signal when its parent ends."""


def shared(array: Array) -> Array:
    """A copy of ``array`` in memory that this process shares with those forked from now on."""
    memory = mmap.mmap(-1, max(1, array.nbytes))
    copy: Array = np.frombuffer(memory, array.dtype, array.size).reshape(array.shape)
    copy[...] = array
    return copy
