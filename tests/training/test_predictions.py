"""A network's answers: their figures, and the file that holds them."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.training import Predictions, RunError


@pytest.fixture
def predictions() -> Predictions:
    """Ten images of three classes; nothing is ever taken for class 2."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    predicted = np.array([0, 0, 0, 1, 1, 1, 0, 0, 1, 0])
    return Predictions(labels, predicted, np.eye(3)[predicted])


def test_the_figures_by_hand(predictions: Predictions) -> None:
    assert predictions.accuracy == 0.5
    assert predictions.confusion().tolist() == [[3, 1, 0], [1, 2, 0], [2, 1, 0]]
    first, second, third = predictions.per_class()
    assert first == {"class": 0, "precision": 0.5, "recall": 0.75, "f1": 0.6, "support": 4}
    assert second["precision"] == 0.5
    assert second["recall"] == pytest.approx(2 / 3)
    assert second["f1"] == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert third == {"class": 2, "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 3}


def test_a_class_that_no_label_names_has_a_row(predictions: Predictions) -> None:
    wide = dataclasses.replace(predictions, probabilities=np.zeros((10, 4)))
    assert wide.confusion().shape == (4, 4)
    assert wide.per_class()[3] == {
        "class": 3, "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0,
    }  # fmt: skip


def test_the_file_holds_plain_arrays(tmp_path: Path, predictions: Predictions) -> None:
    predictions.save(tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz", allow_pickle=False) as file:
        assert sorted(file) == ["labels", "predicted", "probabilities"]
        assert file["labels"].dtype == file["predicted"].dtype == np.uint8
        assert file["probabilities"].dtype == np.float32
    again = Predictions.load(tmp_path / "p.npz")
    for field in ("labels", "predicted", "probabilities"):
        assert getattr(again, field).tolist() == getattr(predictions, field).tolist()
    assert again.confusion().tolist() == predictions.confusion().tolist()


def test_more_classes_than_a_byte_can_count(tmp_path: Path) -> None:
    wide = Predictions(np.array([1]), np.array([256]), np.eye(257)[[256]])
    wide.save(tmp_path / "p.npz")
    assert Predictions.load(tmp_path / "p.npz").predicted.tolist() == [256]


@pytest.mark.parametrize(
    "change",
    [
        {"labels": None},
        {"labels": np.zeros(9, np.uint8)},
        {"predicted": np.zeros(10)},
        {"probabilities": np.zeros(10)},
        {"probabilities": np.full((10, 3), np.nan)},
        {"labels": np.full(10, 3, np.uint8)},
        {"predicted": np.full(10, -1)},
        {"labels": np.zeros(0, int), "predicted": np.zeros(0, int), "probabilities": np.eye(3)[:0]},
        {"labels": np.array([{}] * 10, object)},
    ],
)
def test_anything_else_is_refused(
    tmp_path: Path, predictions: Predictions, change: dict[str, Any]
) -> None:
    path = tmp_path / "p.npz"
    content = {k: v for k, v in (dataclasses.asdict(predictions) | change).items() if v is not None}
    np.savez(path, **content)
    with pytest.raises(RunError) as error:
        Predictions.load(path)
    assert str(error.value).startswith(f"{path}")
    assert "damaged" in str(error.value)
    assert "\n" not in str(error.value)
