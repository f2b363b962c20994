"""Choosing runs by conditions, and ordering them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import RunError, User, start
from nnbasic.training.collection import RunData, collect
from nnbasic.training.selection import resolve, select
from support import figures

CONFIGS: list[dict[str, Any]] = [
    {"activation": "relu", "seed": 10},
    {"activation": {"name": "leaky_relu", "slope": 0.2}, "seed": 9},
    {"activation": {"name": "leaky_relu", "slope": 0.001}, "optimizer": {"name": "adam"}},
    {"activation": ["relu"], "layers": [784, 20, 10], "early_stopping": {"patience": 3}},
]
ACCURACIES = [0.9, 0.97, None, 0.98]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> list[RunData]:
    """Four runs that have just been started, with figures as if they were done."""
    runs = tmp_path_factory.mktemp("runs")
    for number, (config, accuracy) in enumerate(zip(CONFIGS, ACCURACIES, strict=True)):
        small = {"layers": [784, 16, 10], "diagnostics": False}
        run = start(Config.model_validate(small | config), dataset, runs=runs, name="x")
        record = run.record()
        changes = {
            "best": accuracy and figures(accuracy),
            "epoch": number,
            "seconds": 10.0 - number,
        }
        run.write(replace(record, **changes))
        run.write(User(name=f"{number}e3", tags=["odd", f"n{number}"] if number % 2 else []))
    return collect(runs)[0]


Numbers = Callable[..., list[int]]


@pytest.fixture
def numbers(data: list[RunData]) -> Numbers:
    """The places in `CONFIGS` of the runs that are selected."""

    def numbers(*where: str, sort: str | None = None) -> list[int]:
        return [each.record.epoch for each in select(data, where, sort)]

    return numbers


@pytest.mark.parametrize(
    ("condition", "chosen"),
    [
        ("activation=relu", [0]),
        ("activation!=relu", [1, 2, 3]),
        ("activation=[{name: relu, grad_at_zero: 0}]", [3]),
        ("slope=0.2", [1]),
        ("activation.slope<0.1", [2]),
        ("layers=[784,20,10]", [3]),
        ("optimizer=adam", [2]),
        ("lr<=0.01", [2]),
        ("nesterov=false", [0, 1, 3]),
        ("clip_norm=null", [0, 1, 2, 3]),
        ("early_stopping!=null", [3]),
        ("patience>=3", [3]),
        ("val_accuracy>97", [3]),
        ("val_accuracy>=97%", [1, 3]),
        ("val_accuracy>0.97%", [0, 1, 3]),
        ("val_accuracy=null", [2]),
        ("status=interrupted", [0, 1, 2, 3]),
        ("name=1e3", [1]),
        ("name=1000", []),
        ("tag=odd", [1, 3]),
        ("tag!=n3", [0, 1, 2]),
        ("dataset=digits", [0, 1, 2, 3]),
        ("seed>9", [0]),
        ("seconds<=8", [2, 3]),
    ],
)
def test_a_condition_chooses(numbers: Numbers, condition: str, chosen: list[int]) -> None:
    assert numbers(condition) == chosen


def test_all_conditions_have_to_hold(numbers: Numbers) -> None:
    assert numbers("activation=leaky_relu", "val_accuracy>90") == [1]
    assert numbers() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        ("val_accuracy", [3, 1, 0, 2]),
        ("seconds", [3, 2, 1, 0]),
        ("seed", [2, 3, 1, 0]),
        ("slope", [2, 1, 0, 3]),
        ("activation", [3, 1, 2, 0]),
        ("tag", [1, 3, 0, 2]),
    ],
)
def test_runs_are_ordered_as_numbers_or_words_and_those_without_a_value_last(
    numbers: Numbers, key: str, order: list[int]
) -> None:
    assert numbers(sort=key) == order


@pytest.mark.parametrize(
    ("key", "words"),
    [("test_accuracy", "sort by val_accuracy"), ("second", "did you mean 'seconds'")],
)
def test_runs_are_not_ordered_by_the_test_set_nor_by_nothing(
    numbers: Numbers, key: str, words: str
) -> None:
    with pytest.raises(RunError, match=words):
        numbers(sort=key)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("activatoin=relu", "did you mean 'activation'"),
        ("optimiser.lr=1", "did you mean 'optimizer.lr'"),
        ("qqq=1", "there are layers, activation,"),
        ("relu", "no condition"),
        ("val_accuracy>high", "compares with a number"),
        ("seed>9%", "compares with a number"),
        ("val_accuracy>0.97", "in percent, such as 97; if 0.97 % is what you mean"),
        ("test_accuracy<1", "write test_accuracy<1%"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
    ],
)
def test_what_cannot_be_asked_is_an_error(numbers: Numbers, condition: str, words: str) -> None:
    with pytest.raises(RunError) as error:
        numbers(condition)
    assert words in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_key_may_be_shortened_as_long_as_no_other_ends_so() -> None:
    assert resolve("lr", ["a.lr", "b"]) == "a.lr"
    assert resolve("a", ["a", "b.a"]) == "a"
    with pytest.raises(RunError, match=r"could mean a\.lr or b\.lr"):
        resolve("lr", ["a.lr", "b.lr"])


def test_there_is_nothing_to_ask_of_no_runs(tmp_path: Path) -> None:
    assert select(collect(tmp_path)[0], ["anything=1"], "whatever") == []
    with pytest.raises(RunError):
        select([], ["nothing"])
