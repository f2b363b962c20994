"""`nnbasic eval`: score a trained network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click
import numpy as np

from nnbasic import training
from nnbasic.cli import options
from nnbasic.cli.failures import low
from nnbasic.cli.finding import find_one
from nnbasic.cli.loading import load
from nnbasic.cli.numbers import accuracy, short
from nnbasic.cli.tables import Column, table
from nnbasic.cli.terminal import out, paragraph, print_json, terminal_width
from nnbasic.model.arrays import Array
from nnbasic.training.predictions import Predictions
from nnbasic.training.trained import Checkpoint

MOST_CLASSES = 12
"""Of up to how many classes the confusion matrix fits a terminal."""

WORST = 10
"""How many classes, and how many of the pairs most confused, are shown otherwise."""

FIGURES = {"prec.": "precision", "rec.": "recall", "F1": "f1"}


@click.command("eval")
@click.argument("run", required=False, shell_complete=options.complete_run)
@click.option(
    "--checkpoint",
    type=click.Choice(["best", "last"]),
    default="best",
    help="Best by validation accuracy, or the last epoch's.",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation", "train"]),
    default="test",
    help="Which images to score.",
)
@click.option(
    "--all", "every", is_flag=True, help="Show all classes, also if they are more than a dozen."
)
@options.fail_under
@options.runs
@options.data
@options.trust
@options.json
def evaluate(
    run: str | None,
    checkpoint: Checkpoint,
    split: Literal["test", "validation", "train"],
    every: bool,
    fail_under: float | None,
    runs_dir: Path,
    data_dir: Path | None,
    trust_plugins: bool,
    as_json: bool,
) -> int:
    """Evaluate a trained network.

    RUN is an id, its beginning, a name or a directory.  [default: the newest run]
    """
    chosen = find_one(run, runs_dir)
    record, config = chosen.record(), chosen.config(trust_plugins=trust_plugins)
    dataset = load(config.data, record.dataset, data_dir=data_dir)
    predictions = training.evaluate_run(
        chosen, dataset, split, checkpoint, trust_plugins=trust_plugins
    )
    names = record.class_names(predictions.probabilities.shape[1])
    if as_json:
        print_json(
            {
                "run": chosen.id,
                "checkpoint": checkpoint,
                "split": split,
                "examples": len(predictions.labels),
                "accuracy": predictions.accuracy,
                "loss": predictions.loss,
                "classes": names,
                "per_class": predictions.per_class(),
                "confusion": predictions.confusion().tolist(),
            }
        )
    else:
        count = len(predictions.labels)
        score = accuracy(predictions.accuracy, count)
        out(
            f"{chosen.id}, {checkpoint} checkpoint, {count} {split} images of {dataset.name}",
            f"accuracy {score} %, loss {short(predictions.loss)}",
            "",
            *by_class(predictions, names, terminal_width(), every),
        )
    return low(predictions.accuracy, fail_under, f"{split} accuracy")


def by_class(
    predictions: Predictions, names: Sequence[str], room: int, every: bool = False
) -> list[str]:
    """Figures of each class beside the confusion matrix, in which a dot stands for zero.

    A row is a true class, with its name if that is not its number; the columns after the bar say
    what its images were taken for. Of many classes, the worst are shown, or ``every`` one, and
    below them the pairs most confused.
    """
    confusion = predictions.confusion()
    rows = predictions.per_class()
    many = len(rows) > MOST_CLASSES
    if many and not every:
        rows = sorted((row for row in rows if row["support"]), key=lambda row: row["f1"])[:WORST]
    columns = [Column(" true", [str(row["class"]) for row in rows], justify="right")]
    if any(name != str(number) for number, name in enumerate(names)):
        columns.append(Column("", [names[row["class"]] for row in rows], min_width=8))
    for head, key in FIGURES.items():
        columns.append(Column(f"{head:>6}", [f"{row[key]:.3f}" for row in rows], justify="right"))
    if many:
        note = f"The {len(rows)} classes of {len(names)} with the lowest F1; all of them: --all."
        figures = [*table(columns, room, gap=" "), *most_confused(confusion, names, room)]
        return figures if every else [*paragraph(note, room), "", *figures]
    columns.append(Column("|", ["|"] * len(rows)))
    for number, counts in enumerate(confusion.T.tolist()):
        cells = [str(count or "·") for count in counts]
        columns.append(Column(f"{number:>4}", cells, justify="right"))
    lines = table(columns, room, gap=" ")
    return [" " * lines[0].index("|") + " taken for", *lines]


def most_confused(confusion: Array, names: Sequence[str], room: int) -> list[str]:
    """The pairs of a true class and another that most of its images were taken for."""
    errors = confusion - np.diag(np.diag(confusion))
    most = np.argsort(-errors, axis=None, kind="stable")[:WORST]
    pairs = [
        (true, taken)
        for true, taken in zip(*np.unravel_index(most, errors.shape), strict=True)
        if errors[true, taken]
    ]
    if not pairs:
        return []
    columns = [
        Column("true", [names[true] for true, _ in pairs], min_width=8),
        Column("taken for", [names[taken] for _, taken in pairs], min_width=9),
        Column("images", [str(errors[pair]) for pair in pairs], justify="right"),
    ]
    return ["", "The pairs most confused:", "", *table(columns, room)]
