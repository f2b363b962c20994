"""Data parallelism: several processes, each with its share of every batch.

NumPy uses several cores for matrix products only, and one for all else. A `Team` puts all of a
step on several cores: each process takes some rows of the batch through the whole network, and
updates some part of the parameters. They meet twice a step, and once more where the gradient is
clipped.
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
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from nnbasic.model.arrays import Array
from nnbasic.model.blas import loaded, one_blas_thread

if TYPE_CHECKING:
    from multiprocessing.synchronize import Semaphore

SPINS = 2000
"""How often a process polls before it sleeps: for some 0.3 ms; waking up takes 0.05 ms."""

PATIENCE = 0.2
"""Seconds asleep after which a process looks whether the others still live, and for which it waits
until threads that are ending have ended."""

AVAILABLE = sys.platform == "linux"
"""Whether there are teams of more than one: they need a fork, which macOS's own BLAS forbids."""

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""The main process decides what these mean, not a copy of its handlers."""

PR_SET_PDEATHSIG = 1
"""The number of Linux's prctl by which a process asks for a signal when its parent ends."""

LAST_WORDS = 500
"""The bytes in which a process can say what it failed with."""


class Team:
    """``size`` processes that do the same work on different parts; ``rank`` is this one's number.

    A team of one shares nothing and waits for nobody. OSError where the system has no semaphores.
    """

    def __init__(self, size: int = 1) -> None:
        if size < 1 or (size > 1 and not AVAILABLE):
            raise ValueError(f"processes is {size}; it must be 1{' or more' * AVAILABLE}")
        self.size = size
        self.rank = 0
        self._main = os.getpid()
        self._partners: dict[int, int] = {}  # process id → rank
        self._barriers = 0
        if size > 1:
            try:
                # Two sets in turn: a process may be at the next barrier before all have left this.
                self._gates = [[_gate() for _ in range(size)] for _ in range(2)]
            except (ImportError, OSError) as error:  # no /dev/shm
                raise OSError(
                    f"no semaphores for {size} processes ({error}); train in one process"
                ) from error
            self._given = shared((2, size, 2), np.float64)  # in turn, too
            self._last_words = shared((size, LAST_WORDS), np.uint8)

    def part(self, n: int) -> slice:
        """This process's part of ``n`` things; the parts differ by one in length at most."""
        return slice(n * self.rank // self.size, n * (self.rank + 1) // self.size)

    def all_gather(self, *values: float) -> list[tuple[float, ...]]:
        """What each process gave, one or two numbers, in the order of the ranks. A `barrier`."""
        if self.size == 1:
            return [values]
        given = self._given[self._barriers % 2, :, : len(values)]
        given[self.rank] = values
        self.barrier()
        return [tuple(row) for row in given.tolist()]

    def all_reduce(self, *values: float) -> list[float]:
        """The sum of each value over the processes, added in one order by all. A `barrier`."""
        return [sum(column) for column in zip(*self.all_gather(*values), strict=True)]

    def barrier(self) -> None:
        """Wait until all are here. What each wrote to shared memory before, all see after."""
        if self.size == 1:
            return
        gates = self._gates[self._barriers % 2]
        self._barriers += 1
        for rank, gate in enumerate(gates):
            if rank != self.rank:
                gate.release()
        for _ in range(self.size - 1):
            self._wait(gates[self.rank])

    @contextlib.contextmanager
    def at_work(self, work: Callable[[], object]) -> Iterator[None]:
        """Run ``work`` in the other processes while this one is in the block; then end them.

        They are forks: they have only `shared` arrays in common with this one.
        """
        try:
            with self.one_thread_each():
                for rank in range(1, self.size):
                    self._fork(rank, work)
            yield
        finally:
            for pid in self._partners:  # they hold nothing that could be lost
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            while self._partners:
                pid, _ = self._partners.popitem()
                with contextlib.suppress(ChildProcessError):  # with SIGCHLD ignored
                    os.waitpid(pid, 0)

    @contextlib.contextmanager
    def one_thread_each(self) -> Iterator[None]:
        """A block in which each process of a team has one thread for its products."""
        if self.size == 1 or self.rank:  # the others were forked in such a block
            yield
        else:
            with one_blas_thread():
                yield

    def _fork(self, rank: int, work: Callable[[], object]) -> None:
        numbers = [getattr(signal, name) for name in SIGNALS]
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        try:
            signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
            pid = os.fork()
            if pid:
                self._partners[pid] = rank
                return
            self._serve(rank, work, numbers, before)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _serve(
        self, rank: int, work: Callable[[], object], ignored: list[int], mask: Iterable[int]
    ) -> None:
        """Do ``work`` in a process that has just been forked, and end it."""
        status = 1
        try:
            _end_with(self._main)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for file in list(Path("/proc/self/fd").iterdir()):
                if int(file.name) > 2:  # the main process's files, and its locks
                    with contextlib.suppress(OSError):
                        os.close(int(file.name))
            self.rank = rank
            self._partners.clear()
            self._keep_to_a_core()
            work()
            status = 0
        except BaseException as error:
            words = f"{type(error).__name__}: {error}".encode()[:LAST_WORDS]
            self._last_words[rank, : len(words)] = np.frombuffer(words, np.uint8)
        finally:
            os._exit(status)

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
        ended: dict[int, str] = {}  # rank → how
        while not gate.acquire(timeout=PATIENCE):
            if self.rank and os.getppid() != self._main:
                os._exit(1)
            if ended:  # had they been here before they ended, the gate would have opened
                rank, how = ended.popitem()
                raise ChildProcessError(f"process {rank + 1} of {self.size} of the training {how}")
            for pid, rank in list(self._partners.items()):
                if (end := self._end(pid, rank)) is not None:
                    del self._partners[pid]
                    ended[rank] = end

    def _end(self, pid: int, rank: int) -> str | None:
        """How another process has ended; None if it lives."""
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # the system has reaped it: there is no status
            ended, status = pid, 0
        if not ended:
            return None
        words = self._last_words[rank].tobytes().rstrip(b"\0").decode(errors="replace")
        if words:
            return f"failed with {words}"
        code = os.waitstatus_to_exitcode(status)
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else "has ended"


ALONE = Team()


def obstacle() -> str | None:
    """Why this process cannot be forked now, or not safely; None if it may have a team.

    A fork has only the thread that called it: what another one had locked stays locked there. So
    this forks once, which also has OpenBLAS end its threads, and counts those that are left.
    """
    if (others := threading.active_count() - 1) > 0:
        return f"it has {others} other thread{'s' * (others > 1)}, beside which a fork may deadlock"
    try:
        _gate()
    except (ImportError, OSError) as error:  # no /dev/shm
        return f"there are no semaphores ({error})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12's, of the same danger
        try:
            pid = os.fork()
        except OSError as error:
            return f"no process can be started ({error.strerror})"
    if not pid:
        os._exit(0)
    with contextlib.suppress(ProcessLookupError, ChildProcessError):  # with SIGCHLD ignored
        os.kill(pid, signal.SIGKILL)  # somebody may have stopped it
        os.waitpid(pid, 0)
    pools = [pool for pool in loaded().info() if pool["internal_api"] != "openblas"]
    known = 1 + sum(pool["num_threads"] - 1 for pool in pools)
    end = time.monotonic() + PATIENCE
    while len(list(Path("/proc/self/task").iterdir())) > known:
        if time.monotonic() > end:
            return "a library has threads of its own here, beside which a fork may deadlock"
        time.sleep(PATIENCE / 100)  # one that has been joined may still be on its way out
    return None


def ask_for_signal_at_end_of_parent(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent ends, where it can: on Linux."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library without it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def _gate() -> Semaphore:
    return multiprocessing.get_context("fork").Semaphore(0)


def _end_with(parent: int) -> None:
    """Have the kernel kill this process as soon as ``parent``, which forked it, has ended.

    It kills a stopped process too, which cannot look for itself as `Team._wait` does.
    """
    ask_for_signal_at_end_of_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it had ended before this was asked for
        os._exit(1)


def shared(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """Zeros in memory that this process shares with those forked from now on."""
    count = math.prod(shape)
    memory = mmap.mmap(-1, max(1, count * np.dtype(dtype).itemsize))
    array: Array = np.frombuffer(memory, dtype, count)
    return array.reshape(shape)
