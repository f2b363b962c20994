"""What `run.json` holds."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta

import pytest
from scipy import stats

from nnbasic.data import Dataset
from nnbasic.training import EpochFigures, Predictions, Run, User
from nnbasic.training.record import SCHEMA_VERSION, binomial_error


def test_a_finished_run_has_all_that_the_design_promises(finished: Run, dataset: Dataset) -> None:
    record = finished.record()
    assert record.status == finished.status() == "finished"
    assert record.id == finished.id
    assert record.schema_version == SCHEMA_VERSION
    assert record.dataset_sha256 == dataset.sha256
    assert set(record.versions) == {"python", "numpy", "blas", "nnbasic", "git_commit", "kernels"}
    assert record.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"host", "system", "processor", "cores"} <= set(record.machine)
    assert record.threads >= 1
    assert record.process == os.getpid()
    times = [record.started, record.heartbeat, record.ended or ""]
    assert [datetime.fromisoformat(time).utcoffset() for time in times] == [timedelta(0)] * 3
    assert max(times) > times[0]
    assert record.epoch == 3
    assert record.best is not None
    assert record.last is not None
    assert record.last.epoch == 3
    assert record.seconds > 0
    assert finished.user() == User(name="small", tags=[], notes="")


def test_the_record_is_strict_json(finished: Run) -> None:
    text = (finished.directory / "run.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["id"] == finished.id


def test_a_number_that_is_not_finite_is_null_in_the_record(finished: Run) -> None:
    record = finished.record()
    assert record.last is not None
    infinite = {"val_loss": float("inf"), "train_loss": float("nan")}
    last = record.last.model_copy(update=infinite)
    finished.write_record(record.model_copy(update={"last": last}))
    assert finished.record().last == last.model_copy(update=dict.fromkeys(infinite))


def test_accuracies_are_counts_of_images(finished: Run, dataset: Dataset) -> None:
    record, rows = finished.record(), finished.metrics()
    assert record.best is not None
    assert (record.best.val_images, record.test_images) == (100, 100)
    assert record.best.val_correct == 100 * max(row["val_accuracy"] for row in rows)
    predictions = Predictions.read(finished.predictions)
    assert record.test_correct == (predictions.predicted == dataset.test.labels).sum()
    # and shares, to be read by people and other programs
    written = json.loads((finished.directory / "run.json").read_text())
    assert written["best"]["val_accuracy"] == record.val_accuracy == record.best.val_correct / 100
    assert written["test_accuracy"] == record.test_accuracy == record.test_correct / 100
    assert record.test_error == binomial_error(record.test_accuracy, 100)
    assert finished.record().model_copy(update={"test_images": None}).test_error is None


def test_the_standard_error_of_an_accuracy() -> None:
    expected = stats.binom.std(10_000, 0.98) / 10_000
    assert binomial_error(0.98, 10_000) == pytest.approx(expected)
    assert binomial_error(1.0, 10) == 0


@pytest.mark.parametrize("images", [3, 7, 99, 4999, 5000, 9001, 59_999])
def test_a_count_comes_back_from_the_share_in_the_metrics(finished: Run, images: int) -> None:
    row = finished.metrics()[0]
    for correct in {0, 1, images // 3, images - 1, images}:
        share = json.loads(json.dumps(correct / images))
        figures = EpochFigures.from_metrics(row | {"val_accuracy": share}, images)
        assert (figures.val_correct, figures.val_accuracy) == (correct, share)


def test_without_validation_there_is_no_accuracy(finished: Run) -> None:
    row = finished.metrics()[0] | {"val_accuracy": None, "val_loss": None}
    figures = EpochFigures.from_metrics(row, 0)
    assert (figures.val_correct, figures.val_images, figures.val_accuracy) == (None, None, None)
