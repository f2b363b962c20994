"""Scoring a run again, on any split."""

import dataclasses
from typing import Literal

import pytest

from nnbasic.data import Dataset, Split
from nnbasic.training import Predictions, Run, RunError, evaluate_run
from support import Begin, finish


def test_the_test_score_can_be_had_again_bit_for_bit(finished: Run, dataset: Dataset) -> None:
    record = finished.record()
    again = evaluate_run(finished, dataset)
    assert (again.accuracy, again.loss) == (record.test_accuracy, record.test_loss)
    assert again.accuracy > 0.3  # it has learned
    saved = Predictions.load(finished.predictions)
    assert saved.predicted.tolist() == again.predicted.tolist()
    assert saved.probabilities.tobytes() == again.probabilities.tobytes()


def test_the_validation_score_of_a_checkpoint_is_that_of_its_epoch(
    finished: Run, dataset: Dataset
) -> None:
    record = finished.record()
    checkpoints: list[Literal["best", "last"]] = ["best", "last"]
    for name in checkpoints:
        figures = getattr(record, name)
        scored = evaluate_run(finished, dataset, "validation", name)
        assert (scored.accuracy, scored.loss) == (figures.val_accuracy, figures.val_loss)


def test_other_data_is_refused(finished: Run, dataset: Dataset) -> None:
    other = dataclasses.replace(dataset, name="mnist", sha256="cd" * 32)
    words = "trained on digits abababababab…, .* is mnist cdcdcdcdcdcd…; scores would not compare"
    with pytest.raises(RunError, match=words):
        evaluate_run(finished, other)


def test_an_empty_split_is_refused(begin: Begin, dataset: Dataset) -> None:
    nothing = Split(dataset.validation.images[:0], dataset.validation.labels[:0])
    without = dataclasses.replace(dataset, validation=nothing)
    run = finish(begin(epochs=1, data={"validation": 0}), without)
    assert run.record().val_accuracy is None
    with pytest.raises(RunError, match="trained without a validation split"):
        evaluate_run(run, without, "validation")
