"""What `nnbasic eval` does: a checkpoint is scored on a split, as a whole and by class."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nnbasic import runs
from nnbasic.cli.loading import recorded_data
from nnbasic.cli.numbers import percent, short
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import out, print_json, terminal_width
from nnbasic.runs.predictions import Predictions
from nnbasic.runs.trained import Checkpoint

FIGURES = {"prec.": "precision", "rec.": "recall", "F1": "f1"}


def evaluate(
    run: str | None,
    checkpoint: Checkpoint,
    split: Literal["test", "validation", "train"],
    runs_dir: Path,
    data_dir: Path | None,
    trust_plugins: bool,
    as_json: bool,
) -> None:
    """Print the scores of ``run``, of the newest one if it is None."""
    chosen = runs.newest(runs_dir) if run is None else runs.find(run, runs_dir)
    config = chosen.config(trust_plugins=trust_plugins)
    dataset = recorded_data(chosen.record(), config, data_dir)
    predictions = runs.evaluate_run(chosen, dataset, split, checkpoint, trust_plugins=trust_plugins)
    if as_json:
        print_json(
            {
                "run": chosen.id,
                "checkpoint": checkpoint,
                "split": split,
                "examples": len(predictions.labels),
                "accuracy": predictions.accuracy,
                "loss": predictions.loss,
                "per_class": predictions.per_class(),
                "confusion": predictions.confusion().tolist(),
            }
        )
        return
    images = f"{len(predictions.labels)} {split} images of {dataset.name}"
    out(
        f"{chosen.id}, {checkpoint} checkpoint, {images}",
        f"accuracy {percent(predictions.accuracy)} %, loss {short(predictions.loss)}",
        "",
        *by_class(predictions, terminal_width()),
    )


def by_class(predictions: Predictions, room: int) -> list[str]:
    """Figures of each class beside the confusion matrix, in which a dot stands for zero.

    A row is a true class; the columns after the bar say what its images were taken for.
    """
    confusion = predictions.confusion().tolist()
    rows = predictions.per_class()
    columns = [Column(" true", [str(row["class"]) for row in rows], number=True)]
    for head, key in FIGURES.items():
        columns.append(Column(f"{head:>6}", [f"{row[key]:.3f}" for row in rows], number=True))
    columns.append(Column("|", ["|"] * len(rows)))
    for each, counts in enumerate(zip(*confusion, strict=True)):
        cells = [str(count or "·") for count in counts]
        columns.append(Column(f"{each:>4}", cells, number=True))
    lines = table(columns, room, gap=" ")
    return [" " * lines[0].index("|") + " taken for", *lines]
