"""A run goes on with the same bits wherever it was stopped, and its time adds up."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Dataset
from nnbasic.model import METRICS, Epoch
from nnbasic.training import parallel, train
from small_runs import make_config
from support import Begin, Straight, content, finish, stop_after

pytest.importorskip("resource")

REGULARISED: dict[str, Any] = {
    "dropout": 0.5,
    "input_dropout": 0.2,
    "input_noise": 0.1,
    "augmentation": {"shift": 2, "rotation": 15, "elastic": 34},
    "loss": {"name": "cross_entropy", "label_smoothing": 0.1},
    "optimizer": {"name": "sgd", "lr": 0.02, "momentum": 0.9, "max_norm": 2, "averaging": 0.95},
}
SETTINGS: dict[str, dict[str, Any]] = {
    "early stopping": {
        "activation": "prelu",
        "optimizer": {"name": "sgd", "lr": 0.03, "nesterov": True, "momentum": 0.9, "clip_norm": 1},
        "data": {"validation": 5000, "scale": "standard"},
        "early_stopping": {"patience": 1, "metric": "val_loss", "min_delta": 0.05},
        "epochs": 6,
    },
    "regularised, two processes": REGULARISED,
    "batch norm, adam": {
        **REGULARISED,
        "batch_norm": True,
        "batch_size": 23,  # and a last one of 1
        "optimizer": {"name": "adam", "lr": 0.003, "weight_decay": 0.001, "clip_norm": 0.1},
        "schedule": {"name": "one_cycle", "warmup": 0.1},
    },
}


@pytest.mark.parametrize(
    ("name", "stops"),
    [
        ("early stopping", (0, 2)),
        ("regularised, two processes", (1, 2)),
        ("batch norm, adam", (1,)),
    ],
)
def test_stopped_and_resumed(
    begin: Begin,
    dataset: Dataset,
    straight: Straight,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    stops: tuple[int, ...],
) -> None:
    threads = 2 if name.endswith("two processes") else 1
    monkeypatch.setattr(parallel, "blas_threads", lambda: threads)
    run = begin(**SETTINGS[name])
    for epochs in stops:
        stop_after(epochs, run, dataset)
        assert run.record().status == run.status() == "interrupted"
        assert run.record().epoch == epochs == len(run.metrics())
    assert content(finish(run, dataset)) == straight(name, make_config(**SETTINGS[name]))


def test_a_new_metric_is_recorded(
    begin: Begin, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METRICS, "twos", lambda logits, labels: labels == 2)
    share = np.mean(dataset.validation.labels == 2)
    assert [row.scores for row in finish(begin(epochs=1), dataset).metrics()] == [
        {"val_twos": share}
    ]


def test_the_metrics_of_an_epoch_are_on_disk_when_it_is_told(
    begin: Begin, dataset: Dataset
) -> None:
    run = begin()
    seen = 0.0
    for event in train(run, dataset):
        if isinstance(event, Epoch):
            row = run.metrics()[-1]
            assert event.metrics.items() <= asdict(row).items()
            assert (row.epoch, row.step, row.epoch_seconds) == (
                event.epoch,
                event.step,
                event.seconds,
            )
            assert row.elapsed_seconds >= seen + event.seconds
            seen = row.elapsed_seconds
            assert run.record().last == row
            assert event.step == event.epoch * 10


def test_time_adds_up_over_sessions(begin: Begin, dataset: Dataset) -> None:
    run = begin()
    stop_after(2, run, dataset)
    spent = run.metrics()[-1].elapsed_seconds
    finish(run, dataset)
    assert run.metrics()[-1].elapsed_seconds > spent
    assert run.record().seconds > spent


@pytest.mark.parametrize(
    ("threads", "batch_size", "expected"),
    [(1, 128, 1), (2, 128, 2), (2, 32, 2), (2, 31, 1), (2, 1, 1), (8, 128, 8), (64, 128, 8)],
)
def test_how_many_processes_share_a_batch(
    monkeypatch: pytest.MonkeyPatch, threads: int, batch_size: int, expected: int
) -> None:
    monkeypatch.setattr(parallel, "blas_threads", lambda: threads)
    assert parallel.processes(batch_size) == (expected if parallel.AVAILABLE else 1)
