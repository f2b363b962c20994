"""Confusions and the most wrong images, from predictions written by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nnbasic.compare.pooling import answers
from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.training import Predictions, evaluate_run, start, train
from nnbasic.training.collection import RunData

LABELS = np.array([0, 0, 1, 2], dtype=np.uint8)


def run(path: Path, rows: list[list[float]], labels: np.ndarray = LABELS) -> Any:
    probabilities = np.array(rows)
    Predictions(labels, probabilities.argmax(axis=1), probabilities).save(path)
    return SimpleNamespace(run=SimpleNamespace(predictions=path))


@pytest.fixture
def two(tmp_path: Path) -> list[Any]:
    return [
        run(tmp_path / "a.npz", [[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.6, 0.4], [0.05, 0.8, 0.15]]),
        run(tmp_path / "b.npz", [[0.8, 0.2, 0], [0.6, 0.3, 0.1], [0, 0.9, 0.1], [0, 0.7, 0.3]]),
    ]


def test_confusion_is_summed_over_the_runs(two: list[Any]) -> None:
    found = answers(two)
    assert found is not None
    assert found.runs == 2
    assert found.confusion.tolist() == [[3, 1, 0], [0, 2, 0], [0, 2, 0]]


def test_the_most_wrong_image_comes_first(two: list[Any]) -> None:
    found = answers(two)
    assert found is not None
    worst, second = found.most_wrong(5)
    assert worst == (3, 2, 1, pytest.approx(0.225))
    assert second[:3] == (1, 0, 1)
    assert len(found.most_wrong(1)) == 1


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_other_images_and_unreadable_files_are_left_out(
    two: list[Any], tmp_path: Path, content: bytes | None
) -> None:
    other = run(tmp_path / "c.npz", [[1, 0, 0]] * 4, np.array([2, 1, 0, 0], dtype=np.uint8))
    shorter = run(tmp_path / "d.npz", [[1, 0, 0]] * 2, LABELS[:2])
    path = tmp_path / "broken.npz"
    if content is not None:
        path.write_bytes(content)
    broken: Any = SimpleNamespace(run=SimpleNamespace(predictions=path))
    assert answers([broken]) is None
    found = answers([broken, *two, other, shorter])
    assert found is not None
    assert found.runs == 2


def test_wrong_is_what_eval_calls_wrong(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    """Large weights make several sigmoids exactly 1, among which only the logits can choose."""
    setting = config(
        loss={"name": "mse", "output": "sigmoid"}, init={"name": "normal", "std": 30}, epochs=1
    )
    run = start(setting, dataset, runs=tmp_path, name="x")
    for _ in train(run, dataset):
        pass
    evaluation = evaluate_run(run, dataset)
    guessed = evaluation.probabilities.argmax(axis=1)
    assert (guessed != evaluation.predicted).any(), "choose larger weights: this tests nothing"
    found = answers([RunData.read(run)])
    assert found is not None
    assert found.wrong.tolist() == (evaluation.predicted != evaluation.labels).tolist()
    assert found.confusion.tolist() == evaluation.confusion().tolist()
    assert {image for image, *_ in found.most_wrong(100)} == set(np.flatnonzero(found.wrong))
