"""What a trained network says of a split."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.runs import Predictions, Run, RunError, build, evaluate_run, start, train
from nnbasic.runs.scoring import predict, scoring_batches


@pytest.fixture
def predictions() -> Predictions:
    """Ten images of three classes; nothing is ever taken for class 2."""
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    predicted = np.array([0, 0, 0, 1, 1, 1, 0, 0, 1, 0])
    return Predictions(labels, predicted, np.eye(3)[predicted], 0.25)


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
        assert file["labels"].tolist() == predictions.labels.tolist()
        assert file["predicted"].tolist() == predictions.predicted.tolist()
        assert file["labels"].dtype == file["predicted"].dtype == np.uint8
        assert file["probabilities"].dtype == np.float32


def test_the_test_score_can_be_had_again_bit_for_bit(finished: Run, dataset: Dataset) -> None:
    record = finished.record()
    again = evaluate_run(finished, dataset)
    assert (again.accuracy, again.loss) == (record.test_accuracy, record.test_loss)
    assert again.accuracy > 0.3  # it has learned
    with np.load(finished.predictions) as file:
        assert file["predicted"].tolist() == again.predicted.tolist()
        assert (file["probabilities"] == again.probabilities).all()


def test_the_validation_score_of_a_checkpoint_is_that_of_its_epoch(
    finished: Run, dataset: Dataset
) -> None:
    record = finished.record()
    assert record.best is not None
    assert record.last is not None
    for name, metrics in (("best", record.best), ("last", record.last)):
        scored = evaluate_run(finished, dataset, "validation", name)
        assert (scored.accuracy, scored.loss) == (metrics["val_accuracy"], metrics["val_loss"])


def test_the_class_of_saturated_outputs_is_the_one_that_training_counts(
    dataset: Dataset, config: Callable[..., Config]
) -> None:
    """Several sigmoids at exactly 1 are a tie; the logits behind them are none."""
    setting = config(loss={"name": "mse", "output": "sigmoid"})
    network = build(setting)
    network.vector *= 1000
    batches = scoring_batches(setting, dataset, dataset.test)
    x, labels, _ = next(batches.epoch(0))
    _, correct = network.score(x, labels)
    predictions = predict(network, batches)
    assert ((predictions.probabilities == 1).sum(axis=1) > 1).any()
    assert (predictions.labels == predictions.predicted).sum() == correct


def test_the_scores_do_not_depend_on_how_the_images_are_grouped(
    finished: Run, dataset: Dataset
) -> None:
    network = build(finished.config())
    batches = scoring_batches(finished.config(), dataset, dataset.test)
    before = predict(network, batches)
    images = dataset.test.images.astype(np.float32) / 255
    np.testing.assert_allclose(before.probabilities, network.probabilities(images), rtol=1e-4)


def test_other_data_is_refused(finished: Run, dataset: Dataset) -> None:
    other = dataclasses.replace(dataset, name="mnist", sha256="cd" * 32)
    with pytest.raises(
        RunError, match=r"trained on digits abababababab…, .* is mnist cdcdcdcdcdcd"
    ):
        evaluate_run(finished, other)


def test_an_empty_split_is_refused(
    tmp_path: Path, dataset: Dataset, config: Callable[..., Config]
) -> None:
    nothing = dataclasses.replace(
        dataset,
        validation=dataclasses.replace(
            dataset.validation,
            images=dataset.validation.images[:0],
            labels=dataset.validation.labels[:0],
        ),
    )
    run = start(config(epochs=1, data={"validation": 0}), nothing, runs=tmp_path, name="x")
    for _ in train(run, nothing):
        pass
    with pytest.raises(RunError, match="trained without a validation split"):
        evaluate_run(run, nothing, "validation")


@pytest.mark.parametrize("checkpoint", ["best", "last"])
def test_a_run_without_the_checkpoint(finished: Run, dataset: Dataset, checkpoint: str) -> None:
    (finished.directory / f"{checkpoint}.npz").unlink()
    with pytest.raises(RunError, match=rf"{checkpoint}\.npz: there is no such checkpoint"):
        evaluate_run(finished, dataset, "test", checkpoint)
