"""`diagnostics.jsonl`: its lines, its warnings, and that training does not notice it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic import configs, training
from nnbasic.data import Dataset, Split, digits
from nnbasic.training import Run, Trained, build, diagnostics
from nnbasic.training.diagnostics import FILE, PROBE, Watcher
from nnbasic.training.storage import LARGEST
from support import finish, stop_after, timeless

SMALL = ("layers=[784, 12, 8, 10]", "epochs=3", "batch_size=64", "data.dataset=digits")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    images, labels, *_ = digits.load()
    cuts = [slice(0, 600), slice(600, 1300), slice(1300, 1500)]
    return Dataset("digits", *(Split(images[c], labels[c]) for c in cuts), "0" * 64, "generated")


def started(runs_dir: Path, dataset: Dataset, *overrides: str) -> Run:
    config = configs.load("relu", (*SMALL, *overrides))
    return training.start(config, dataset, runs=runs_dir, name="probed")


def trained(runs_dir: Path, dataset: Dataset, *overrides: str) -> Run:
    return finish(started(runs_dir, dataset, *overrides), dataset)


def text(run: Run) -> str:
    return (run.directory / FILE).read_text()


def test_a_line_for_step_0_and_for_every_epoch(tmp_path: Path, dataset: Dataset) -> None:
    run = started(tmp_path, dataset)
    assert [line["epoch"] for line in run.diagnostics()] == [0]
    lines = finish(run, dataset).diagnostics()
    assert [line["epoch"] for line in lines] == [0, 1, 2, 3]
    assert [line["step"] for line in lines] == [0, 10, 20, 30]
    for line in lines:
        assert [layer["layer"] for layer in line["layers"]] == ["layer1", "layer2", "layer3"]
        for layer in line["layers"]:
            assert (layer["update_ratio"] is None) == (line["epoch"] == 0)
            histogram = layer["histogram"]
            assert histogram["low"] <= layer["mean"] <= histogram["high"]
        assert sum(line["layers"][2]["histogram"]["counts"]) == PROBE * 10


def test_a_file_that_cannot_be_read_stops_no_run(tmp_path: Path, dataset: Dataset) -> None:
    run = started(tmp_path, dataset)
    os.truncate(run.directory / FILE, LARGEST + 1)
    assert run.diagnostics().problem
    assert finish(run, dataset).status() == "finished"


def test_of_a_long_training_some_epochs_are_kept(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "MOST", 6)
    run = started(tmp_path, dataset)
    stop_after(2, run, dataset)
    lines = finish(run, dataset).diagnostics()
    assert [line["epoch"] for line in lines] == [0, 2, 3]


def test_update_ratio_is_that_of_the_last_step(tmp_path: Path, dataset: Dataset) -> None:
    """Whose rate is 0 in the last epoch, so that nothing moves in it."""
    run = trained(tmp_path, dataset, "epochs=2", "schedule=linear")
    lines = [[layer["update_ratio"] for layer in line["layers"]] for line in run.diagnostics()]
    assert min(lines[1]) > 0
    assert lines[2] == [0, 0, 0]


def test_training_does_not_notice(tmp_path: Path, dataset: Dataset) -> None:
    momentum = ("optimizer.momentum=0.9", "batch_size=50")
    with_it = trained(tmp_path, dataset, *momentum)
    without = trained(tmp_path, dataset, *momentum, "diagnostics=false")
    assert not (without.directory / FILE).exists()
    with np.load(with_it.last) as a, np.load(without.last) as b:
        assert all(a[name].tobytes() == b[name].tobytes() for name in a)
    rows: list[list[dict[str, Any]]] = [
        [timeless(asdict(row)) for row in run.metrics()] for run in (with_it, without)
    ]
    assert rows[0] == rows[1]


def test_training_images_stand_in_for_missing_validation_ones(dataset: Dataset) -> None:
    none = Split(dataset.validation.images[:0], dataset.validation.labels[:0])
    bare = Dataset("digits", dataset.train, none, dataset.test, "0" * 64, "generated")
    config = configs.load("relu", SMALL)
    trained = Trained(build(config), dataset.scale("unit"), config)
    for given, split in ((bare, dataset.train), (dataset, dataset.validation)):
        watcher = Watcher(trained, given)
        assert np.allclose(watcher.x * 255, split.images[:PROBE])
        assert (watcher.labels == split.labels[:PROBE]).all()


def test_what_is_not_finite_is_null(tmp_path: Path, dataset: Dataset) -> None:
    run = started(tmp_path, dataset, "init={name: normal, std: 1.0e+25}")
    line = json.loads(text(run), parse_constant=pytest.fail)
    assert line["layers"][2]["mean"] is None
    assert line["layers"][2]["histogram"] is None
    (warning,) = run.record().warnings
    assert "grows to infinity" in warning


DEEP = "layers=[784, 100, 100, 100, 100, 100, 10]"


@pytest.mark.parametrize(
    ("activation", "init", "layers", "change"),
    [
        ("relu", "normal", DEEP, "shrinks by a factor of"),
        ("sigmoid", "he", DEEP, "shrinks by a factor of"),
        ("relu", "{name: normal, std: 1.0}", DEEP, "grows by a factor of"),
        ("relu", "he", DEEP, None),
        ("sigmoid", "{name: xavier, gain: 4}", DEEP, None),
        ("relu", "normal", "layers=[784, 256, 128, 10]", None),
        ("relu", "normal", "layers=[784, 10]", None),
    ],
)
def test_a_mismatched_pair_is_warned_of(
    tmp_path: Path, dataset: Dataset, activation: str, init: str, layers: str, change: str | None
) -> None:
    run = started(tmp_path, dataset, f"activation={activation}", f"init={init}", layers)
    warnings = run.record().warnings
    if change is None:
        assert warnings == []
    else:
        assert [change in warning for warning in warnings] == [True]
        assert activation in warnings[0]
        assert "from layer1 to layer5" in warnings[0]


def test_batch_normalisation_prevents_a_mismatch(tmp_path: Path, dataset: Dataset) -> None:
    run = started(tmp_path, dataset, "activation=sigmoid", DEEP, "batch_norm=true")
    assert run.record().warnings == []


def test_one_name_of_several_activations(tmp_path: Path, dataset: Dataset) -> None:
    activations = "activation=[sigmoid, tanh, sigmoid, sigmoid, sigmoid]"
    (warning,) = started(tmp_path, dataset, activations, DEEP, "init=normal").record().warnings
    assert warning.startswith("activation sigmoid and tanh does not go with init normal")
