"""How a run ends that does not finish: refused, diverged, or failed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnbasic.data import Dataset, Split
from nnbasic.model import DivergedError
from nnbasic.training import FailedError, Run, RunError
from support import Begin, content, edit, finish, limited_files, stop_after

pytest.importorskip("resource")


class TestRefused:
    def test_a_run_that_has_finished(self, finished: Run, dataset: Dataset) -> None:
        before = content(finished)
        with pytest.raises(RunError, match="the run has finished; there is nothing to resume"):
            finish(finished, dataset)
        assert content(finished) == before

    def test_a_config_that_was_edited(self, begin: Begin, dataset: Dataset) -> None:
        run = begin()
        stop_after(1, run, dataset)
        before = run.record().config
        edit(run, config=before | {"epochs": 4})
        with pytest.raises(RunError, match="another config than it was started with"):
            finish(run, dataset)
        edit(run, config=before)
        (run.directory / "config.yaml").write_text("only for people")
        assert finish(run, dataset).status() == "finished"


class TestDiverged:
    HOT = {"optimizer": {"name": "sgd", "lr": 1e25}, "schedule": "constant"}  # noqa: RUF012

    def test_the_record_says_where_and_why(self, begin: Begin, dataset: Dataset) -> None:
        run = begin(**self.HOT)
        with pytest.raises(DivergedError, match="at epoch 1, step 2; first in layer"):
            finish(run, dataset)
        record = run.record()
        assert record.status == run.status() == "diverged"
        assert record.reason is not None
        for words in ("epoch 1, step 2", "optimizer.lr is 1e+25", "init is he", "clip_norm"):
            assert words in record.reason
        assert record.ended is not None
        assert run.metrics() == []
        with pytest.raises(RunError, match="the run has diverged; there is nothing to resume"):
            finish(run, dataset)

    @pytest.mark.parametrize("held_out", [True, False])
    def test_in_the_very_last_step(self, begin: Begin, dataset: Dataset, held_out: bool) -> None:
        """No further training step would see it: the validation set does, or the test set."""
        if not held_out:
            nothing = Split(dataset.train.images[:0], dataset.train.labels[:0])
            dataset = Dataset(
                "digits", dataset.train, nothing, dataset.test, "ab" * 32, "generated"
            )
        run = begin(**self.HOT, batch_size=len(dataset.train.labels), epochs=1)
        with pytest.raises(DivergedError, match="at epoch 1, step 1; first in"):
            finish(run, dataset)
        record = run.record()
        assert record.status == "diverged"
        assert record.test_accuracy is None
        json.loads((run.directory / "run.json").read_text(), parse_constant=pytest.fail)
        json.loads((run.directory / "metrics.jsonl").read_text() or "0", parse_constant=pytest.fail)


class TestFailed:
    def test_a_full_disk_and_space_again(
        self, begin: Begin, dataset: Dataset, plain: dict[str, Any]
    ) -> None:
        run = begin()
        stop_after(1, run, dataset)
        with limited_files(40_000), pytest.raises(FailedError, match="File too large") as error:
            finish(run, dataset)
        assert isinstance(error.value.__cause__, OSError)
        record = run.record()
        assert record.status == run.status() == "failed"
        assert record.reason == str(error.value) == "OSError: [Errno 27] File too large"
        assert content(finish(run, dataset)) == plain
        assert run.record().reason is None

    def test_a_fault_of_the_code(self, begin: Begin, dataset: Dataset) -> None:
        run = begin()
        broken = Dataset(
            "digits", dataset.train, dataset.validation, Split(*[np.zeros(3)] * 2), "ab" * 32, ""
        )
        with pytest.raises(FailedError) as error:
            finish(run, broken)
        assert error.value.__cause__ is not None
        assert run.record().status == "failed"
        assert run.record().reason == str(error.value)


def test_a_batch_larger_than_the_data_is_refused(
    begin: Begin, dataset: Dataset, tmp_path: Path
) -> None:
    images = len(dataset.train.labels)
    with pytest.raises(RunError, match=f"has {images} training images; a batch takes at most"):
        begin(batch_size=images + 1)
    assert not list(tmp_path.glob("*/run.json"))
