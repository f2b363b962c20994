"""`nnbasic eval`: score a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from nnbasic.cli.options import (
    complete_run,
    data_option,
    json_option,
    print_json,
    runs_option,
    short,
)

if TYPE_CHECKING:
    from nnbasic.runs import Predictions


@click.command("eval")
@click.argument("run", required=False, shell_complete=complete_run)
@click.option(
    "--checkpoint",
    type=click.Choice(["best", "last"]),
    default="best",
    show_default=True,
    help="Best by validation accuracy, or the last epoch's.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train"]),
    default="test",
    show_default=True,
    help="Which images to score.",
)
@runs_option
@data_option
@json_option
def evaluate(
    run: str | None,
    checkpoint: str,
    split: Literal["test", "validation", "train"],
    runs_dir: Path,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Score RUN: an id, its beginning, a name or a directory.  [default: the newest run]"""
    from nnbasic import runs
    from nnbasic.cli.loading import recorded_data

    chosen = runs.newest(runs_dir) if run is None else runs.find(run, runs_dir)
    dataset = recorded_data(chosen.config(), chosen.record(), data_dir)
    predictions = runs.evaluate_run(chosen, dataset, split, checkpoint)
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
    click.echo(f"{chosen.id}, {checkpoint} checkpoint, {images}")
    click.echo(f"accuracy {100 * predictions.accuracy:.2f} %, loss {short(predictions.loss)}\n")
    click.echo(table(predictions))


def table(predictions: Predictions) -> str:
    """Per-class figures beside the confusion matrix, in which a dot stands for zero.

    A row is a true class, and a column after the bar what its images were taken for.
    """
    confusion = predictions.confusion().tolist()
    classes = "".join(f"{c:>5}" for c in range(len(confusion)))
    lines = [f"{'taken for':>37}", f"{'true':>5}  {'prec.':>5}  {'rec.':>5}  {'F1':>5} |{classes}"]
    for row, counts in zip(predictions.per_class(), confusion, strict=True):
        figures = "  ".join(f"{row[key]:.3f}" for key in ("precision", "recall", "f1"))
        cells = "".join(f"{count or '·':>5}" for count in counts)
        lines.append(f"{row['class']:>5}  {figures} |{cells}")
    return "\n".join(lines)
