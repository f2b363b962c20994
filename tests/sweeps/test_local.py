"""A run in a process of its own, and what is known of it when the process is gone.

How it ends with the sweep, or by a signal, is tested with the command.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnbasic import data
from nnbasic.configs import load
from nnbasic.sweeps.local import run_local
from nnbasic.sweeps.plan import Cell, Job, Outcome, jobs, outcome
from nnbasic.sweeps.worker import Server, train_in_process
from nnbasic.training import RateSearch, Run, all_runs, start

SEARCH = RateSearch(given=0.1, chosen=0.1, tried={0.1: 0.9, 1.0: 0.1}, seeds=2)


@pytest.fixture
def job(workplace: Path) -> Job:
    """Train `small.yaml` for one epoch."""
    config = load("small.yaml", ["epochs=1"])
    digits = data.load("digits", validation=9000)
    images = digits.name, digits.sha256
    return jobs([Cell("small", config, SEARCH)], [0], {"digits": images})[0]


def carried_out(*wanted: Job, workers: int = 2) -> list[Outcome]:
    events = run_local(wanted, Path("runs"), None, workers)
    return [event for event in events if isinstance(event, Outcome)]


def test_a_run_and_what_is_known_of_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")  # the process itself asks for one thread
    (ended,) = carried_out(job)
    assert ended.run is not None
    record = ended.run.record()
    assert record.best is not None
    assert ended == Outcome(job, "finished", "", record.best.val_accuracy, ended.run)
    assert ended.ended
    assert (record.threads, record.dataset) == (1, "digits")
    assert record.process != os.getpid()
    assert ended.run.user().name == "small"
    assert record.rate_search == SEARCH
    assert record.queued == job.queued
    assert ended.run.config() == job.config


def test_two_sweeps_at_once_share_the_runs(job: Job) -> None:
    second = replace(job, config=replace(job.config, seed=1))
    with ThreadPoolExecutor(2) as pool:
        sweeps = list(pool.map(lambda _: carried_out(job, second), range(2)))
    assert all(ended.ended for outcomes in sweeps for ended in outcomes)
    assert sorted(run.record().config["seed"] for run in all_runs()) == [0, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sha256": "ab" * 32}, "runs on other data would not compare"),
        ({"dataset": "mnist"}, "MNIST could not be fetched into data/mnist"),
    ],
)
def test_what_cannot_begin_has_failed_and_says_why(
    job: Job, change: dict[str, Any], words: str
) -> None:
    (ended,) = carried_out(replace(job, **change))
    assert (ended.status, ended.run, ended.val_accuracy) == ("failed", None, None)
    assert not ended.ended
    assert words in ended.message
    assert not list(all_runs())


@pytest.mark.slow
def test_a_run_is_not_resumed_twice_at_once(job: Job) -> None:
    run = start(job.config, data.load("digits", validation=9000), runs=Path("runs"), name="x")
    with run.claim():
        (ended,) = carried_out(replace(job, begun=run))
    assert ended.status == "interrupted"
    assert "another process is training this run" in ended.message
    (resumed,) = carried_out(replace(job, begun=run))
    assert (resumed.status, resumed.message) == ("finished", "")


def test_nothing_begins_once_stopped(job: Job) -> None:
    task = job.task(Path("runs"), None)
    assert train_in_process(Server(), task, lambda: True) == (None, "not started")
    assert not Path("runs").exists()


def test_where_no_process_can_be_started(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    (ended,) = carried_out(job)
    assert ended.status == "failed"
    assert ended.message == "no process could be started: No such file or directory"


def test_a_record_that_cannot_be_read_is_a_failure(job: Job, tmp_path: Path) -> None:
    ended = outcome(job, Run(tmp_path), "words")
    assert ended.status == "failed"
    assert ended.message == f"{tmp_path}: not a run, it has no run.json"
