"""The choice of a learning rate, from trials whose accuracies are known beforehand."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.sweeps.learning_rates import choose_rates
from nnbasic.sweeps.plan import Attempt, Cell, Job, Key, attempts
from nnbasic.training import RunError, start
from nnbasic.training.record import RateSearch, Status
from support import figures

Curve = Callable[[float, Job], float | Status]
"""A trial's accuracy, or how else it ended, by its learning rate and what else it is."""


class Laboratory:
    """Leaves the record of each trial without training: ``curve`` says how it would have ended."""

    def __init__(self, runs: Path, dataset: Dataset, curve: Curve) -> None:
        self.runs = runs
        self.dataset = dataset
        self.curve = curve
        self.rounds: list[list[float]] = []
        self.jobs: list[Job] = []

    def carry_out(self, jobs: list[Job]) -> Mapping[Key, Sequence[Attempt]]:
        self.jobs += jobs
        self.rounds.append(sorted({job.config.optimizer.lr for job in jobs}))
        for job in jobs:
            ended = self.curve(job.config.optimizer.lr, job)
            run = start(job.config, self.dataset, runs=self.runs, name=job.name)
            change: dict[str, Any] = {"status": ended}
            if not isinstance(ended, str):
                change = {"status": "finished", "best": figures(ended)}
            run.write(replace(run.record(), **change))
        return attempts(self.runs)

    def choose(self, cells: Sequence[Cell]) -> tuple[list[Cell], list[str]]:
        images = self.dataset.name, self.dataset.sha256
        return choose_rates(cells, {"auto": images}, self.carry_out)


@pytest.fixture
def laboratory(tmp_path: Path, dataset: Dataset) -> Callable[[Curve], Laboratory]:
    return lambda curve: Laboratory(tmp_path / "runs", dataset, curve)


@pytest.fixture
def cell(config: Callable[..., Config]) -> Cell:
    return Cell("net", config(optimizer={"name": "sgd", "lr": 0.1}, seed=3, diagnostics=True))


def peak(at: float) -> Curve:
    """Accuracy falls by a tenth with every decade from the best rate."""
    return lambda rate, job: round(0.9 - 0.1 * abs(math.log10(rate / at)), 4)


def with_optimizer(cell: Cell, **changes: Any) -> Config:
    optimizer = replace(cell.config.optimizer, **changes)
    return replace(cell.config, optimizer=optimizer)


def test_the_best_rate_of_the_grid(laboratory: Any, cell: Cell) -> None:
    lab = laboratory(peak(0.0316))
    (chosen,), problems = lab.choose([cell])
    assert problems == []
    assert chosen.config.optimizer == replace(cell.config.optimizer, lr=0.0316)
    assert replace(chosen.config, optimizer=cell.config.optimizer) == cell.config
    assert chosen.name == "net"
    assert chosen.rate_search == RateSearch(
        given=0.1,
        chosen=0.0316,
        tried={0.01: 0.85, 0.0316: 0.9, 0.1: 0.85, 0.316: 0.8, 1.0: 0.75},
        seeds=2,
    )
    assert str(chosen.rate_search) == (
        "optimizer.lr 0.0316 chosen by the mean validation accuracy of 2 other seeds:"
        " 85.00 % at 0.01, 90.00 % at 0.0316, 85.00 % at 0.1, 80.00 % at 0.316, 75.00 % at 1"
    )
    assert lab.rounds == [[0.01, 0.0316, 0.1, 0.316, 1.0]]


def test_the_trials_are_no_part_of_the_comparison(laboratory: Any, cell: Cell) -> None:
    lab = laboratory(peak(0.1))
    lab.choose([cell])
    assert {job.config.seed for job in lab.jobs} == {1_000_003, 1_000_004}
    assert {job.name for job in lab.jobs} >= {"net-lr-0.1", "net-lr-0.316"}
    assert {job.config.diagnostics for job in lab.jobs} == {False}


@pytest.mark.parametrize(
    ("best", "rounds", "chosen", "edge"),
    [
        (0.00316, [[0.00316], [0.001]], 0.00316, False),
        (0.001, [[0.00316], [0.001]], 0.001, True),
        (1e-7, [[0.00316], [0.001]], 0.001, True),
        (1.0, [[3.16]], 1.0, False),
        (1e5, [[3.16], [10.0]], 10.0, True),
    ],
)
def test_the_grid_grows_while_the_best_is_at_its_edge(
    laboratory: Any, cell: Cell, best: float, rounds: list[list[float]], chosen: float, edge: bool
) -> None:
    lab = laboratory(peak(best))
    (found,), _ = lab.choose([cell])
    assert lab.rounds[1:] == rounds
    assert found.config.optimizer.lr == chosen
    assert ("(at the edge of the grid)" in str(found.rate_search)) == edge


def test_a_rate_with_many_digits_is_tried_as_it_is(laboratory: Any, cell: Cell) -> None:
    config = with_optimizer(cell, lr=0.12345)
    (found,), _ = laboratory(peak(0.12345)).choose([Cell("net", config)])
    assert found.config == config


def test_the_mean_over_the_seeds_decides(laboratory: Any, cell: Cell) -> None:
    """A rate that is best with one seed and poor with the other is not the best."""

    def curve(rate: float, job: Job) -> float:
        return {0.1: 0.8, 0.316: 0.95 if job.config.seed % 2 else 0.6}.get(rate, 0.1)

    (found,), _ = laboratory(curve).choose([cell])
    assert found.config.optimizer.lr == 0.1


def test_of_equal_rates_the_lowest(laboratory: Any, cell: Cell) -> None:
    (found,), _ = laboratory(lambda rate, job: 0.9 if 0.02 < rate < 0.5 else 0.5).choose([cell])
    assert found.config.optimizer.lr == 0.0316


def test_a_rate_that_diverges_counts_as_none_right(laboratory: Any, cell: Cell) -> None:
    def curve(rate: float, job: Job) -> float | Status:
        if rate > 0.2:
            return "diverged"
        return 0.9 if rate > 0.05 else 0.8

    (found,), problems = laboratory(curve).choose([cell])
    assert problems == []
    assert found.config.optimizer.lr == 0.1
    assert found.rate_search is not None
    assert (found.rate_search.tried[0.316], found.rate_search.tried[1.0]) == (0, 0)


def test_each_cell_has_its_own(laboratory: Any, cell: Cell) -> None:
    def curve(rate: float, job: Job) -> float:
        return {0.01: 0.7, 0.1: 0.9}.get(rate, 0.5)

    other = with_optimizer(cell, momentum=0.5)
    lab = laboratory(curve)
    lab.choose([cell, Cell("slow", other)])
    assert len(lab.jobs) == 2 * 5 * 2
    assert len(lab.rounds) == 1


@pytest.mark.parametrize("ended", ["failed", "interrupted", "running"])
def test_a_cell_with_a_trial_that_did_not_end_does_not_stop_the_others(
    laboratory: Any, cell: Cell, ended: Status
) -> None:
    """Neither is it given a rate that is only the best of those that happened to work."""

    def curve(rate: float, job: Job) -> float | Status:
        if job.name == "broken-lr-1" and job.config.seed % 2:
            return ended
        return peak(0.1)(rate, job)

    broken = Cell("broken", replace(cell.config, batch_size=7))
    chosen, problems = laboratory(curve).choose([broken, cell])
    assert [each.name for each in chosen] == ["net"]
    assert problems == ["broken: no learning rate chosen, because trials at 1 did not end"]


def test_a_cell_that_diverges_everywhere_has_no_rate(laboratory: Any, cell: Cell) -> None:
    chosen, problems = laboratory(lambda rate, job: "diverged").choose([cell])
    assert chosen == []
    assert problems == ["net: no learning rate chosen, because it diverges at each"]


def test_what_cannot_be_searched(laboratory: Any, cell: Cell) -> None:
    lab = laboratory(peak(0.1))
    data = replace(cell.config.data, validation=0)
    with pytest.raises(RunError, match="net has no validation data to choose by"):
        lab.choose([Cell("net", replace(cell.config, data=data))])
    faster = with_optimizer(cell, lr=0.2)
    with pytest.raises(RunError, match=r"--lr-search chooses optimizer\.lr"):
        lab.choose([cell, Cell("faster", faster)])
    assert not lab.runs.exists()
