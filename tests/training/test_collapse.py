"""Runs that end near chance, and the cause that is named."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnbasic.data import Dataset
from nnbasic.training import start
from small_runs import make_config
from support import Begin, finish


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"optimizer": {"name": "sgd", "lr": 10.0}}, "all units of layer1 are dead"),
        (
            {"activation": "tanh", "optimizer": {"name": "sgd", "lr": 100.0}},
            "100 % of the activations of layer1 are saturated",
        ),
        (
            {"activation": "sigmoid", "layers": [784, *[16] * 4, 10], "init": "xavier"},
            "activation sigmoid does not go with init xavier",
        ),
        ({"init": "zeros"}, "all units of a layer stay alike"),
        ({"optimizer": {"name": "sgd", "lr": 1e-6}}, "too low for so few epochs"),
        (
            {"optimizer": {"name": "sgd", "lr": 10.0}, "diagnostics": False},
            "the learning rate may be too high",
        ),
    ],
)
def test_a_run_near_chance_has_collapsed_and_says_why(
    begin: Begin, dataset: Dataset, changes: dict[str, Any], cause: str
) -> None:
    record = finish(begin(**changes), dataset).record()
    assert (record.status, record.outcome) == ("finished", "collapsed")
    assert cause in (record.reason or "")


def test_a_validation_set_of_one_class_does_not_accuse_a_run_that_learned(
    begin: Begin, dataset: Dataset, tmp_path: Path
) -> None:
    """As where the images are sorted by label; here none of its labels is right."""
    labels = (dataset.validation.labels + 1) % 10
    other = replace(dataset, validation=replace(dataset.validation, labels=labels))
    run = start(make_config(epochs=6), other, runs=tmp_path, name="x")
    record = finish(run, other).record()
    assert record.last_accuracy is not None
    assert record.last_accuracy < 0.15
    assert (record.outcome, record.reason) == ("finished", None)
