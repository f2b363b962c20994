"""Scoring a trained run on the data set that it was trained on."""

from __future__ import annotations

from typing import Literal

from nnbasic.data import Dataset, Split
from nnbasic.training.directory import Run
from nnbasic.training.predictions import Evaluation
from nnbasic.training.record import Record
from nnbasic.training.storage import RunError
from nnbasic.training.trained import Checkpoint, restored

SplitName = Literal["train", "validation", "test"]


def evaluate_run(
    run: Run,
    dataset: Dataset,
    split: SplitName = "test",
    checkpoint: Checkpoint = "best",
    *,
    trust_plugins: bool = False,
) -> Evaluation:
    """Score a checkpoint of ``run`` on a split of the data set that it was trained on.

    RunError if the checkpoint cannot be used, the data set is another one, or the split is empty.
    """
    record = run.record()
    check_dataset(run, record, dataset)
    chosen: Split = getattr(dataset, split)
    if not len(chosen.labels):
        raise RunError(f"{run.directory}: the run was trained without a {split} split")
    config = run.config(trust_plugins=trust_plugins)
    return restored(run, record, config, checkpoint).evaluate(chosen)


def check_dataset(run: Run, record: Record, dataset: Dataset) -> None:
    """RunError unless ``dataset`` is, byte for byte, what ``run`` was trained on."""
    if record.dataset_sha256 != dataset.sha256:
        raise RunError(
            f"{run.directory}: trained on {record.dataset} {record.dataset_sha256[:12]}…, but the"
            f" data at hand is {dataset.name} {dataset.sha256[:12]}…; scores would not compare"
        )
