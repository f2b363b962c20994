"""What `run.json`, `user.json` and a line of `metrics.jsonl` hold."""

import json
import math
import os
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from scipy import stats

from nnbasic.data import Dataset
from nnbasic.training import EpochRow, Predictions, Run, User
from nnbasic.training.record import binomial_error, from_json

ROW: dict[str, Any] = {
    "epoch": 1,
    "step": 10,
    "train_loss": 0.1 + 0.2,
    "train_accuracy": 1 / 3,
    "val_loss": 5e-324,
    "val_accuracy": 0.5,
    "learning_rate": 12345678.9,
    "epoch_seconds": 0.5,
    "elapsed_seconds": 1.5,
}


def test_a_finished_run_has_all_that_the_design_promises(finished: Run, dataset: Dataset) -> None:
    record = finished.record()
    assert record.status == finished.status() == "finished"
    assert record.id == finished.id
    assert record.dataset_sha256 == dataset.sha256
    assert (record.val_images, record.test_images) == (100, 100)
    assert set(record.versions) == {"python", "numpy", "blas", "nnbasic", "git_commit", "kernels"}
    assert record.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"host", "system", "processor", "cores"} <= set(record.machine)
    assert record.process == os.getpid()
    times = [datetime.fromisoformat(time) for time in (record.started, record.ended or "")]
    assert [time.utcoffset() for time in times] == [timedelta(0)] * 2
    assert times[1] > times[0]
    assert finished.user() == User(name="small", tags=[], notes="")
    # what is best and last are lines of the metrics
    rows = finished.metrics()
    assert record.epoch == len(rows) == 3
    assert record.last == rows[-1]
    assert record.best in rows
    assert record.val_accuracy == max(row.val_accuracy or 0 for row in rows)
    predictions = Predictions.load(finished.predictions)
    assert record.test_accuracy == (predictions.predicted == dataset.test.labels).mean()
    assert record.test_error == binomial_error(record.test_accuracy, 100)


def test_the_standard_error_of_an_accuracy() -> None:
    expected = stats.binom.std(10_000, 0.98) / 10_000
    assert binomial_error(0.98, 10_000) == pytest.approx(expected)
    assert binomial_error(1.0, 10) == 0


class TestRows:
    def test_what_is_written_is_read_bit_for_bit(self) -> None:
        row = EpochRow(**ROW)
        assert json.loads(row.line()) == ROW | {"scores": {}, "non_finite": {}}
        assert from_json(EpochRow, json.loads(row.line())) == row

    def test_without_validation_there_are_no_figures_of_it(self) -> None:
        row = EpochRow(**{key: value for key, value in ROW.items() if key[:4] != "val_"})
        assert (row.val_loss, row.val_accuracy) == (None, None)

    def test_a_number_that_is_not_finite_is_null_and_named(self) -> None:
        scores = {"val_top3": -math.inf}
        row = EpochRow(**(ROW | {"train_loss": math.inf, "val_loss": math.nan, "scores": scores}))
        assert (row.train_loss, row.val_loss, row.scores) == (None, None, {"val_top3": None})
        written = json.loads(row.line(), parse_constant=pytest.fail)
        assert written["non_finite"] == {
            "train_loss": "inf", "val_loss": "nan", "val_top3": "-inf"
        }  # fmt: skip
        assert from_json(EpochRow, json.loads(row.line())) == row

    @pytest.mark.parametrize(
        "changes",
        [
            {"epoch": 0}, {"epoch": 2**53}, {"epoch": 1.5}, {"epoch": True}, {"step": -1},
            {"train_accuracy": None}, {"train_accuracy": "0.5"}, {"val_accuracy": 1.1},
            {"scores": {"loss": 1.0}}, {"scores": {f"val_{n}": 1.0 for n in range(101)}},
            {"epoch_seconds": -1}, {"elapsed_seconds": 1e300}, {"val_loss": []},
        ],
        ids=str,
    )  # fmt: skip
    def test_anything_else_is_refused_in_one_line(self, changes: dict[str, Any]) -> None:
        (key,) = changes
        with pytest.raises(ValueError, match=f"^{key}: [^\n]+$"):
            from_json(EpochRow, ROW | changes)
