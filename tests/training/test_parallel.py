"""Several processes at one training: the result of one alone, its own bits again, and its end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from nnbasic.data import Batches
from nnbasic.model import (
    MLP,
    OPTIMIZERS,
    DivergedError,
    EpochResult,
    evaluate,
    steps,
    stream,
)
from nnbasic.model.parallel import ALONE, AVAILABLE, Team, shared
from support import examples

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="teams need Linux")

SIZES = [6, 9, 7, 3]
TEAMS = [2, 3, 4, 8]
SETTINGS: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": {"name": "sgd", "lr": 0.2}},
    "decay and clipping": {
        "optimizer": {
            "name": "sgd",
            "momentum": 0.9,
            "nesterov": True,
            "weight_decay": 0.01,
            "clip_norm": 0.2,
        }
    },
    "adamw": {"optimizer": {"name": "adamw", "weight_decay": 0.1}, "schedule": "one_cycle"},
}


def train(
    processes: int,
    dtype: Any = np.float64,
    network: MLP | None = None,
    **settings: Any,
) -> tuple[MLP, list[Any]]:
    """Two epochs of batches of 16 and a last one of 1, of which not everybody has a row."""
    network = network or MLP(SIZES, "prelu", seed=1, dtype=dtype)
    batches = Batches(
        *examples(49, seed=1), batch_size=16, dtype=dtype, order=stream(0, "batch_order")
    )
    validation = Batches(*examples(33, seed=2), batch_size=16, dtype=dtype)
    settings = {"epochs": 2, "validation": validation, "processes": processes} | settings
    return network, list(steps(network, batches, **settings))


def figures(results: list[Any]) -> list[tuple[float, ...]]:
    """All that was told but the seconds."""
    return [
        (r.train_loss, r.train_accuracy, r.val_loss, r.val_accuracy)
        if isinstance(r, EpochResult)
        else (r.step, r.loss, r.accuracy, r.learning_rate)
        for r in results
    ]


@pytest.mark.parametrize("processes", TEAMS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_team_learns_what_one_process_does(setting: str, processes: int) -> None:
    alone, told = train(1, **SETTINGS[setting])
    together, told_together = train(processes, **SETTINGS[setting])
    np.testing.assert_allclose(together.vector, alone.vector, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(figures(told_together), figures(told), rtol=1e-9)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_same_bits_each_time_and_after_a_stop(setting: str) -> None:
    network, told = train(2, np.float32, **SETTINGS[setting])
    again, told_again = train(2, np.float32, **SETTINGS[setting])
    assert network.vector.tobytes() == again.vector.tobytes()
    assert figures(told) == figures(told_again)

    stopped = MLP(SIZES, "prelu", seed=1)
    state = OPTIMIZERS.build(SETTINGS[setting]["optimizer"]).init(stopped.vector)
    batches = Batches(
        *examples(49, seed=1), batch_size=16, dtype=np.float32, order=stream(0, "batch_order")
    )
    events = steps(stopped, batches, epochs=2, processes=2, state=state, **SETTINGS[setting])
    while not isinstance(next(events), EpochResult):
        pass
    saved = stopped.vector.copy(), {name: array.copy() for name, array in state.items()}
    events.close()
    resumed = MLP(SIZES, "prelu", seed=5)
    resumed.vector[:] = saved[0]
    resumed, _ = train(2, np.float32, resumed, state=saved[1], done=1, **SETTINGS[setting])
    assert resumed.vector.tobytes() == network.vector.tobytes()
    assert saved[1]["steps"] == 8


def test_divergence_is_told_as_by_one_process() -> None:
    """The first layer with a bad output may be that of another process's row."""
    x, labels = examples(49, seed=1)
    x[40] = np.inf
    found = []
    for processes in (1, 2):
        batches = Batches(x, labels, batch_size=16, dtype=np.float32)
        with pytest.raises(DivergedError) as caught:
            list(steps(MLP(SIZES), batches, epochs=2, processes=processes))
        found.append((caught.value.epoch, caught.value.step, caught.value.where))
    assert found == [(1, 3, "layer1 (pre-activation)")] * 2


def test_one_blas_thread_each_and_what_there_was_before_afterwards() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    batches = Batches(*examples(49, seed=1), batch_size=16, dtype=np.float32)
    with threadpool_limits(2, user_api="blas"):
        for result in steps(MLP(SIZES), batches, epochs=1, processes=2):
            # an epoch's end is the time to score and to diagnose, while the others wait
            assert set(threads()) == {2 if isinstance(result, EpochResult) else 1}
        assert set(threads()) == {2}


@pytest.mark.parametrize("processes", [2, 3])
def test_the_others_keep_to_a_core_where_there_is_one_for_each(processes: int) -> None:
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("needs two cores")
    first, second, *_ = sorted(before)
    batches = Batches(*examples(49, seed=1), batch_size=16, dtype=np.float32)
    there = partners()
    try:
        os.sched_setaffinity(0, {first, second})
        for _ in steps(MLP(SIZES), batches, epochs=1, processes=processes):
            others = [os.sched_getaffinity(pid) for pid in partners() if pid not in there]
            assert others == ([{second}] if processes == 2 else [{first, second}] * 2)
            assert os.sched_getaffinity(0) == {first, second}  # what is started now inherits it
    finally:
        os.sched_setaffinity(0, before)


def partners() -> list[int]:
    """The child processes of this one."""
    pid = os.getpid()
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_nobody_stays_behind() -> None:
    batches = Batches(*examples(49, seed=1), batch_size=16, dtype=np.float32)
    before = partners()
    events = steps(MLP(SIZES), batches, epochs=100, processes=3)
    next(events)
    assert len(partners()) == len(before) + 2
    events.close()
    assert partners() == before


def test_a_process_that_dies_is_noticed() -> None:
    batches = Batches(*examples(49, seed=1), batch_size=16, dtype=np.float32)
    before = partners()
    events = steps(MLP(SIZES), batches, epochs=10**9, processes=2)
    next(events)
    (pid,) = set(partners()) - set(before)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ChildProcessError, match="process 2 of 2 of the training was killed"):
        for _ in events:
            pass
    assert partners() == before


def test_where_child_processes_leave_no_status() -> None:
    """SIGCHLD may be ignored from the start: a process inherits that."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        *_, last = train(2)[1]
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert last.epoch == 2


def test_a_divergence_that_only_the_parameters_show() -> None:
    """After the last update there is no loss that would tell."""
    found = []
    for processes in (1, 2):
        batches = Batches(*examples(16, seed=1), batch_size=16, dtype=np.float32)
        optimizer = {"name": "sgd", "lr": 3e38}
        with pytest.raises(DivergedError) as caught:
            list(steps(MLP(SIZES), batches, optimizer=optimizer, epochs=1, processes=processes))
        found.append((caught.value.step, caught.value.where))
    assert found == [(1, "layer2.weight")] * 2


def test_a_process_that_fails_says_why() -> None:
    team = Team(2)

    def work() -> None:
        if team.rank:
            raise LookupError("why")
        team.barrier()

    with pytest.raises(ChildProcessError, match="failed with LookupError: why"), team.at_work(work):
        work()


def test_others_do_not_hold_files_open(tmp_path: Path) -> None:
    """A lock on a file is held by whoever has it open: it must end with the main process."""
    team = Team(2)
    with (tmp_path / "file").open("w") as file:

        def work() -> None:
            try:
                os.fstat(file.fileno())
                is_open = 1
            except OSError:
                is_open = 0
            said.append(team.all_reduce(is_open)[0])

        said: list[float] = []
        with team.at_work(work):
            work()
    assert said == [1]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [0, 1, 6, 7, 100])
def test_the_parts_are_the_whole(size: int, n: int) -> None:
    team = Team(size)
    parts = []
    for team.rank in range(size):
        parts.append(range(n)[team.part(n)])
    assert [i for part in parts for i in part] == [*range(n)]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_sums_are_those_of_everybody_at_every_barrier() -> None:
    """Whoever is slow still reads the numbers of its own barrier, not those of the next."""
    team = Team(3)
    told = []

    def work() -> None:
        for turn in range(50):
            if turn % 3 == team.rank:
                time.sleep(0.3 if turn < 3 else 0.001)  # the others go to sleep, or do not
            total, ranks = team.all_reduce(turn, team.rank)
            assert (total, ranks) == (3 * turn, 3)
            told.append(total)

    with team.at_work(work):
        work()
    assert len(told) == 50


def test_alone() -> None:
    assert ALONE.all_reduce(1.5, 2) == [1.5, 2]
    assert ALONE.all_gather(3) == [(3,)]
    ALONE.barrier()
    for size in (0, -1):
        with pytest.raises(ValueError, match="processes is"):
            Team(size)


def test_shared_arrays() -> None:
    array = shared((2, 3), np.float32)
    assert (array.shape, array.dtype, array.any()) == ((2, 3), np.float32, False)
    assert shared((0,), np.float64).size == 0


def test_what_looks_at_the_parameters_after_each_update() -> None:
    """It may change them, as a bound on the norm of each unit's weights does."""

    def bounded(parameters: dict[str, np.ndarray]) -> None:
        calls.append(parameters["layer1.weight"].shape)
        for name in ("layer1.weight", "layer2.weight"):
            norm = np.linalg.norm(parameters[name], axis=0)
            parameters[name] *= np.minimum(1, 0.5 / norm)

    found = []
    for processes in (1, 3):
        calls: list[Any] = []
        network, _ = train(processes, after_update=bounded)
        assert calls == [(6, 9)] * 8
        found.append(network.vector)
        assert np.linalg.norm(network.parameters["layer1.weight"], axis=0).max() <= 0.5 + 1e-12
        assert np.linalg.norm(network.parameters["layer3.weight"], axis=0).max() > 0.5
    np.testing.assert_allclose(*found, rtol=1e-9)


@pytest.mark.parametrize("count", [1, 4, 70, 96])
def test_a_score_has_the_same_bits_however_many_compute_it(count: int) -> None:
    network = MLP([300, 200, 3], seed=1)
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(count, 300)).astype(np.float32), rng.integers(0, 3, count)
    batches = Batches(x, labels, batch_size=16)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(evaluate(network, batches))
    for processes in (2, 3):
        team = Team(processes)

        def work(team: Team = team) -> None:
            found.append(evaluate(network, batches, team))

        with team.at_work(work):
            work()
    assert len(found) == 4
    assert set(found) == {found[0]}
