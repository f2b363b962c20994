"""Data parallelism: several processes, each with its share of every batch.

NumPy computes elementwise on one core, and only its matrix products on several. A `Team` puts all
of a step on several cores: each process takes some rows of the batch through the whole network,
and some part of the parameters through the update. They meet twice a step.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike
from threadpoolctl import ThreadpoolController

from nnbasic.model.arrays import Array

if TYPE_CHECKING:
    from multiprocessing.synchronize import Semaphore

SPINS = 2000
"""How often a process looks for another before it goes to sleep: for some 0.3 ms.

To be woken takes longer than most steps of a small network leave one waiting.
"""

PATIENCE = 0.2
"""Seconds asleep after which a process looks whether the other one still lives."""

AVAILABLE = sys.platform == "linux"
"""Whether there are teams of more than one: they need a fork, which is not safe elsewhere."""


class Team:
    """``size`` processes that do the same work on different parts; ``rank`` is this one's number.

    A team of one shares nothing and waits for nobody.
    """

    def __init__(self, size: int = 1) -> None:
        if size < 1 or (size > 1 and not AVAILABLE):
            raise ValueError(f"processes is {size}; it must be 1{' or more' * AVAILABLE}")
        self.size = size
        self.rank = 0
        self._main = os.getpid()
        self._partners: list[int] = []
        self._barriers = 0
        if size > 1:
            self._pools = ThreadpoolController()
            context = multiprocessing.get_context("fork")
            pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
            try:
                self._gates = {pair: context.Semaphore(0) for pair in pairs}  # who came, who waits
            except OSError as error:  # no /dev/shm
                raise OSError(
                    error.errno,
                    f"no semaphores for {size} processes ({error.strerror}); train in one, with"
                    " processes=1 or on the command line with OPENBLAS_NUM_THREADS=1",
                ) from error
            # Two in turn: while some still read those of one barrier, others write for the next.
            self._given = shared((2, size, 4), np.float64)

    def part(self, n: int) -> slice:
        """This process's part of ``n`` things; the parts differ by one in length at most."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def gather(self, *values: float) -> list[tuple[float, ...]]:
        """What each process gave, at most four numbers, in the order of the ranks."""
        if self.size == 1:
            return [values]
        given = self._given[self._barriers % 2, :, : len(values)]
        given[self.rank] = values
        self.barrier()
        return [tuple(row) for row in given.tolist()]

    def sums(self, *values: float) -> list[float]:
        """The sums of each of the values over the processes, added in one order by all."""
        return [sum(column) for column in zip(*self.gather(*values), strict=True)]

    def barrier(self) -> None:
        """Wait until all are here. What each wrote to shared memory before, all see after."""
        self._barriers += 1
        others = [rank for rank in range(self.size) if rank != self.rank]
        for other in others:
            self._gates[self.rank, other].release()
        for other in others:
            self._wait(self._gates[other, self.rank])

    @contextlib.contextmanager
    def at_work(self, work: Callable[[], object]) -> Iterator[None]:
        """Have the other processes do ``work`` while this one is in the block; then they end.

        They are forks: what they change, but for `shared` arrays, is theirs alone.
        """
        try:
            for rank in range(1, self.size):
                self._partners.append(self._fork(rank, work))
            yield
        finally:
            for pid in self._partners:
                os.kill(pid, signal.SIGKILL)  # they hold nothing that could be lost
                os.waitpid(pid, 0)
            self._partners.clear()

    @contextlib.contextmanager
    def one_thread_each(self) -> Iterator[None]:
        """A block in which this process has one thread for its products, if there are others."""
        if self.size == 1:
            yield
        else:
            with self._pools.limit(limits=1, user_api="blas"):
                yield

    def _fork(self, rank: int, work: Callable[[], object]) -> int:
        # What these signals mean the main process decides, not a copy of its handlers.
        numbers = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        try:
            pid = os.fork()
            if not pid:
                for number in numbers:
                    signal.signal(number, signal.SIG_IGN)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if pid:
            return pid
        status = 1
        try:
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # nor are its files and locks ours
            self.rank = rank
            self._partners.clear()
            work()
            status = 0
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(status)

    def _wait(self, gate: Semaphore) -> None:
        for _ in range(SPINS):
            if gate.acquire(block=False):
                return
        while not gate.acquire(timeout=PATIENCE):
            if self.rank and os.getppid() != self._main:
                os._exit(1)
            for pid in self._partners:
                if os.waitpid(pid, os.WNOHANG) != (0, 0):
                    self._partners.remove(pid)
                    raise ChildProcessError("a process that shared in the training has died")


ALONE = Team()


def shared(shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros in memory that processes forked from now on have in common with this one."""
    count = math.prod(np.atleast_1d(shape).tolist())
    memory = mmap.mmap(-1, max(1, count * np.dtype(dtype).itemsize))
    array: Array = np.frombuffer(memory, dtype, count)
    return array.reshape(shape)
