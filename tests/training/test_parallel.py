"""Several processes at one training: the result of one alone, and how it ends."""

import os
import signal
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from nnbasic.data import Batches, Dataset
from nnbasic.model import (
    MLP,
    OPTIMIZERS,
    SCHEDULES,
    DivergedError,
    Epoch,
    Layer,
    Step,
    StepRandom,
    Trainer,
    stream,
)
from nnbasic.model.arrays import Array
from nnbasic.training import parallel
from nnbasic.training.parallel import AVAILABLE, Team, shared_by
from support import Begin, content, examples, finish

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="teams need Linux")

SIZES = [6, 9, 7, 3]
SETTINGS: dict[str, tuple[Any, Any]] = {
    "decay and clipping": (
        {"name": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "clip_norm": 0.2},
        "constant",
    ),
    "adamw": ({"name": "adamw", "weight_decay": 0.1}, "one_cycle"),
    "max-norm": ({"name": "sgd", "momentum": 0.9, "max_norm": 0.9, "averaging": 0.9}, "constant"),
}


def trainer(
    processes: int = 1,
    network: MLP | None = None,
    optimizer: Any = "sgd",
    schedule: Any = "constant",
    **more: Any,
) -> Trainer:
    """Two epochs of batches of 16 and a last one of 1, of which not every process has a row."""
    loss = {"name": "cross_entropy", "label_smoothing": 0.1}
    noise = {"dropout": 0.5, "input_dropout": 0.2, "input_noise": 0.1}
    network = network or MLP(SIZES, "prelu", loss=loss, seed=1, dtype=np.float64, **noise)  # type: ignore[arg-type]
    dtype, order = network.dtype, stream(0, "batch_order")
    settings: dict[str, Any] = {
        "train": Batches(*examples(49, seed=1), batch_size=16, dtype=dtype, order=order),
        "validation": Batches(*examples(33, seed=2), batch_size=16, dtype=dtype),
        "epochs": 2,
    }
    alone = Trainer(
        network,
        optimizer=OPTIMIZERS.build(optimizer),
        schedule=SCHEDULES.build(schedule),
        **settings | more,
    )
    return shared_by(alone, processes)


def figures(results: list[Any]) -> list[tuple[float, ...]]:
    """All that the results say but the seconds."""
    return [
        tuple(r.metrics.values()) if isinstance(r, Epoch) else (r.step, r.loss, r.accuracy)
        for r in results
    ]


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("setting", SETTINGS)
def test_several_processes_learn_what_one_does(setting: str, processes: int) -> None:
    optimizer, schedule = SETTINGS[setting]
    runs = [trainer(n, None, optimizer, schedule) for n in (1, processes)]
    alone, together = ([*map(list, zip(*figures([*run.results()])))] for run in runs)  # noqa: B905
    for mine, theirs in zip(together, alone, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    for mine, theirs in zip(*([run.network.vector, *run.state.values()] for run in runs)):  # noqa: B905
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)
    assert runs[1].state["steps"] == runs[0].state["steps"] == 8


def test_batch_normalisation_trains_in_one_process() -> None:
    alone = trainer(network=MLP(SIZES, batch_norm=True, dtype=np.float64))
    assert shared_by(alone, 2) is alone


@pytest.mark.parametrize(
    "draw",
    [
        StepRandom.random,
        StepRandom.standard_normal,
        lambda rng, shape: rng.bernoulli(0.5, shape),
    ],
)
def test_processes_draw_the_rows_that_one_process_would(draw: Callable[..., np.ndarray]) -> None:
    def drawn(rows: slice | None, n: int) -> list[np.ndarray]:
        rng = StepRandom(3, 2, 17)
        if rows is not None:
            rng.rows, rng.size = rows, 7
        return [draw(rng, shape) for shape in ((n, 4), (n, 2))]

    whole = drawn(None, 7)
    parts = [drawn(slice(start, stop), stop - start) for start, stop in ((0, 2), (2, 2), (2, 7))]
    for number, expected in enumerate(whole):
        joined = np.concatenate([part[number] for part in parts])
        np.testing.assert_array_equal(joined, expected)


def test_divergence_is_that_of_one_process() -> None:
    """The first layer with a bad output may be that of another process's row."""
    x, labels = examples(49, seed=1)
    x[40] = np.inf
    found = []
    for processes in (1, 2):
        batches = Batches(x, labels, batch_size=16, dtype=np.float32)
        run = trainer(processes, MLP(SIZES), train=batches)
        with pytest.raises(DivergedError) as caught:
            list(run.results())
        found.append((caught.value.epoch, caught.value.step, caught.value.where))
        assert run.state["steps"] == 2
    assert found == [(1, 3, "layer1 (pre-activation)")] * 2


def test_one_blas_thread_each_and_what_there_was_before_afterwards() -> None:
    def threads() -> set[int]:
        """Those of NumPy's BLAS; a test before this one may have loaded SciPy's too."""
        return {pool["num_threads"] for pool in threadpool_info() if "numpy" in pool["filepath"]}

    with threadpool_limits(2, user_api="blas"):
        for result in trainer(2).results():
            # an epoch's end is the time to score and to diagnose, while the others wait
            assert threads() == {2 if isinstance(result, Epoch) else 1}
        assert threads() == {2}


def partners() -> list[int]:
    """The child processes of this one."""
    pid = os.getpid()
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_no_process_is_left() -> None:
    before = partners()
    results = trainer(3, epochs=100).results()
    next(results)
    assert len(partners()) == len(before) + 2
    results.close()
    assert partners() == before


Two = tuple[Generator[Step | Epoch, None, None], int]


@pytest.fixture
def two() -> Iterator[Two]:
    """The results of a training in two processes, and the other process; it is gone afterwards."""
    before = partners()
    results = trainer(2, epochs=10**9).results()
    next(results)
    (pid,) = set(partners()) - set(before)
    yield results, pid
    results.close()
    assert partners() == before


def test_a_process_that_is_killed_is_noticed(two: Two) -> None:
    results, pid = two
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ChildProcessError, match="process 2 of 2 of the training was killed"):
        for _ in results:
            pass


def test_a_process_that_is_stopped_is_continued(two: Two) -> None:
    """As by a debugger or a suspended job."""
    results, pid = two
    os.kill(pid, signal.SIGSTOP)
    for _ in range(20):
        next(results)
    os.kill(pid, signal.SIGSTOP)


def test_a_process_that_fails_says_why() -> None:
    class Failing(Layer):
        main = os.getpid()

        def forward(self, x: Array, rng: StepRandom | None = None) -> Array:
            if os.getpid() != self.main:
                raise LookupError("why")
            return x

        def backward(self, gradient: Array) -> Array:
            return gradient

    run = trainer(2, MLP(SIZES, Failing()))
    expected = "process 2 of 2 of the training failed with LookupError: why"
    with pytest.raises(ChildProcessError, match=expected):
        list(run.results())


def test_beside_threads_one_process_trains(
    begin: Begin, dataset: Dataset, plain: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork has what another thread had locked, and not the thread: it would wait for ever."""
    monkeypatch.setattr(parallel, "blas_threads", lambda: 2)
    runs = [begin(), begin()]
    said = r"in one process, not in 2: it has \d other threads?, beside which a fork may deadlock"
    with ThreadPoolExecutor(2) as pool, pytest.warns(RuntimeWarning, match=said):
        ended = [*pool.map(lambda run: finish(run, dataset), runs)]
    assert [content(run) for run in ended] == [plain, plain]


def test_each_barrier_has_its_own_numbers() -> None:
    """A slow process still reads the numbers of its own barrier, not those of the next."""
    team = Team(3)
    gathered = []

    def work() -> None:
        for turn in range(50):
            if turn % 3 == team.rank:
                time.sleep(0.1 if turn < 3 else 0.001)  # the others go to sleep, or do not
            assert team.gather(turn, team.rank).tolist() == [[turn, 0], [turn, 1], [turn, 2]]
            gathered.append(turn)

    team.start(work)
    try:
        work()
    finally:
        team.end()
    assert len(gathered) == 50
