"""Data parallelism: several processes, each with its share of every batch.

NumPy uses several cores for matrix products only, and one for all else. Here all of a step is on
several cores.
"""

import contextlib
import ctypes
import math
import mmap
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, fields

import numpy as np

from nnbasic.model.arrays import Array, Labels
from nnbasic.model.blas import one_blas_thread
from nnbasic.model.optimizers import squared_norm
from nnbasic.model.randomness import StepRandom
from nnbasic.model.regularisation import BatchNorm
from nnbasic.model.training import DivergedError, Epoch, Step, Trainer
from nnbasic.training.environment import blas_threads

SMALLEST_SHARE = 16
"""The fewest rows of a batch that are worth a process of their own."""

SPINS = 2000
"""How often a process polls before it sleeps: for some 0.3 ms; waking up takes 0.05 ms."""

PATIENCE = 0.2
"""Seconds asleep after which the main process continues the others, should they be stopped."""

LAST_WORDS = 500
"""The bytes in which a process can say what it failed with."""

AVAILABLE = sys.platform == "linux"
"""Whether there are several processes: they need a fork, which macOS's own BLAS forbids."""

SIGNALS = {signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if AVAILABLE else [])}
"""The main process decides what these mean, not a copy of its handlers."""

PR_SET_PDEATHSIG = 1
"""The number of Linux's prctl by which a process asks for a signal when its parent ends."""


def processes(batch_size: int) -> int:
    """How many processes share the batches: one for each thread that the BLAS would use.

    Fewer if a process had less than `SMALLEST_SHARE` rows of a batch.
    """
    return max(1, min(blas_threads(), batch_size // SMALLEST_SHARE)) if AVAILABLE else 1


def shared_by(trainer: Trainer, processes: int) -> Trainer:
    """``trainer``, its work shared by so many processes; warns if this one must not be forked.

    A fork has only the thread that called it: what another one had locked stays locked there. A
    network with batch normalisation is left to one process: it needs statistics of whole batches.
    """
    if processes == 1 or any(isinstance(layer, BatchNorm) for layer in trainer.network.layers):
        return trainer
    if others := threading.active_count() - 1:
        what = f"{others} other thread{'s' * (others > 1)}"
        _warn_alone(processes, f"it has {what}, beside which a fork may deadlock")
        return trainer
    return SharedTrainer(**vars(trainer), processes=processes)


def _warn_alone(processes: int, why: str) -> None:
    warnings.warn(
        f"training in one process, not in {processes}: {why}; the last bits may differ from those"
        f" of {processes}",
        RuntimeWarning,
        stacklevel=3,
    )


@dataclass
class SharedTrainer(Trainer):
    """A training that ``processes`` share, each of which runs the same loop.

    Its batches are this process's rows of each batch. A step meets the others twice: when all have
    their gradients, which each adds up for its part of the parameters, and when all have updated
    their parts; also, if configured, for the norm of the whole gradient that clipping needs, and
    before and after the norms of the weights are limited.

    The arrays of the network and of ``state`` are moved to shared memory: look them up anew.
    Between two results they may be read, not changed, as the others are at the next batch. Raises
    ChildProcessError if one of the processes dies.
    """

    processes: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        network = self.network
        self._gradients = [shared(network.vector) for _ in range(self.processes)]
        network.bind(shared(network.vector), self._gradients[0])
        self.state = {name: shared(a) if a.ndim else a for name, a in self.state.items()}

    def results(self, done: int = 0) -> Generator[Step | Epoch, None, None]:
        """Train in all processes, from epoch ``done`` + 1 on."""

        def follow() -> None:
            self.network.bind(self.network.vector, self._gradients[self.team.rank])
            with contextlib.suppress(DivergedError):  # the main process raises it
                for _ in Trainer.results(self, done):
                    pass

        try:
            self.team = Team(self.processes)
            self.team.start(follow)
        except (ImportError, OSError) as error:  # no semaphores without /dev/shm
            _warn_alone(self.processes, f"no process can be started ({error})")
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
            mine = self.train.epoch(epoch, self.team.part)
            for examples, (x, labels) in zip(self.train.indices(epoch), mine, strict=True):
                self._size, self._batch = len(examples), (examples, epoch)
                self._rows = self.team.part(len(examples))
                yield x, labels

    def learn(
        self, x: Array, labels: Labels, rng: StepRandom, rate: float
    ) -> tuple[float, int, int]:
        """Learn from these rows and those of the others; the score is that of the whole batch."""
        share, loss, right = len(x) / self._size, 0.0, 0
        if len(x):
            rng.rows, rng.size = self._rows, self._size
            loss, right = self.backpropagate(x, labels, rng, share)
        else:
            self.network.gradient.fill(0)
        loss, all_right = self.team.gather(loss * share, right).sum(axis=0).tolist()
        if math.isfinite(loss):
            self.update(rate)
        return loss, int(all_right), self._size

    def update(self, rate: float) -> None:
        """Update this process's part of the parameters, by the sum of all gradients."""
        part = self.team.part(len(self.network.vector))
        gradient = self.network.gradient[part]
        for rank, other in enumerate(self._gradients):
            if rank != self.team.rank:
                gradient += other[part]
        norm = None
        if self.optimizer.clip_norm is not None:
            norm = math.sqrt(self.team.gather(squared_norm(gradient)).sum())
        vector = self.network.vector[part]
        state = {name: array[part] if array.ndim else array for name, array in self.state.items()}
        weights = max(self.network.weight_count - part.start, 0)
        self.optimizer.update(vector, gradient, state, rate, weights, norm)
        if self.optimizer.max_norm is not None:
            self.team.barrier()
            for weight in self.network.weights:
                self.optimizer.limit(weight[:, self.team.part(weight.shape[1])])
            self.team.barrier()
        self.optimizer.average(vector, state)
        self.team.barrier()

    def score(self) -> dict[str, float]:
        """The scores of the validation set, from the main process; the others get its loss."""
        if self.validation is None:
            return {}
        scores = {} if self.team.rank else super().score()
        loss = self.team.gather(scores.get("loss", 0.0))[0, 0]
        return scores or {"loss": float(loss)}

    def first_non_finite(self, x: Array) -> str | None:
        """The first parameter or output with an infinity or NaN, over all rows of a batch."""
        return super().first_non_finite(self.train.take(*self._batch)[0])


class Team:
    """``size`` processes that do the same work on different parts; ``rank`` is this one's number.

    OSError where the system has no semaphores.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.rank = 0
        self._main = os.getpid()
        self._partners: dict[int, int] = {}  # of the main process: rank → process
        self._barriers = 0
        # Two sets in turn: a process may be at the next barrier before all have left this.
        context = multiprocessing.get_context("fork")
        self._gates = [[context.Semaphore(0) for _ in range(size)] for _ in range(2)]
        self._given = shared(np.zeros((2, size, 2)))
        self._last_words = shared(np.zeros((size, LAST_WORDS), np.uint8))

    def part(self, n: int) -> slice:
        """This process's part of ``n`` things; the parts differ by one in length at most."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def gather(self, *values: float) -> Array:
        """What each process gave, one or two numbers: a row for each. A `barrier`."""
        given = self._given[self._barriers % 2, :, : len(values)]
        given[self.rank] = values
        self.barrier()
        return given.copy()

    def barrier(self) -> None:
        """Wait until all are here. What each wrote to shared memory before, all see after."""
        gates = self._gates[self._barriers % 2]
        self._barriers += 1
        for rank, gate in enumerate(gates):
            if rank != self.rank:
                gate.release()
        for _ in range(self.size - 1):
            if not any(gates[self.rank].acquire(block=False) for _ in range(SPINS)):
                while not gates[self.rank].acquire(timeout=PATIENCE):
                    self._look_after_others()

    def start(self, work: Callable[[], object]) -> None:
        """Run ``work`` in the other processes, until `end`; OSError if there can be none.

        They are forks: they have only `shared` arrays in common with this one.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # for good in the others
        try:
            with one_blas_thread():
                for rank in range(1, self.size):
                    if process := os.fork():
                        self._partners[rank] = process
                    else:
                        self._serve(rank, work)
        except OSError:
            self.end()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def end(self) -> None:
        """End the other processes, which hold nothing that could be lost."""
        for process in self._partners.values():
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self._partners.clear()

    def _serve(self, rank: int, work: Callable[[], object]) -> None:
        """Do ``work`` in a process that has just been forked, and wait for its `end`."""
        try:
            with contextlib.suppress(OSError, AttributeError):  # a C library without it
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
            self.rank, self._partners = rank, {}
            self._keep_to_a_core()
            work()
            while os.getppid() == self._main:
                time.sleep(PATIENCE)
        except BaseException as error:
            words = f"{type(error).__name__}: {error}".encode()[:LAST_WORDS]
            self._last_words[rank, : len(words)] = np.frombuffer(words, np.uint8)
        finally:
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

    def _look_after_others(self) -> None:
        """Continue those that were stopped; ChildProcessError if one has failed or was killed."""
        if self.rank and os.getppid() != self._main:
            raise ChildProcessError("the main process has ended")
        for rank, process in self._partners.items():
            os.kill(process, signal.SIGCONT)
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._partners[rank]
                words = self._last_words[rank].tobytes().rstrip(b"\0").decode(errors="replace")
                how = f"failed with {words}" if words else "was killed"
                raise ChildProcessError(f"process {rank + 1} of {self.size} of the training {how}")


def shared(array: Array) -> Array:
    """A copy of ``array`` in memory that this process shares with those forked from now on."""
    memory = mmap.mmap(-1, max(1, array.nbytes))
    copy: Array = np.frombuffer(memory, array.dtype, array.size).reshape(array.shape)
    copy[...] = array
    return copy
