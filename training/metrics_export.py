"""Runs for other programs: a CSV file for spreadsheets, event files for TensorBoard."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from nnbasic.data.files import replacing
from nnbasic.training.choices import in_spreadsheet, shown, tell_apart
from nnbasic.training.collection import RunData
from nnbasic.training.record import EpochRow
from nnbasic.training.selection import is_number
from nnbasic.training.storage import RunError, needs_extra, run_error

SCALARS = {
    "train_loss": "loss/train",
    "val_loss": "loss/validation",
    "train_accuracy": "accuracy/train",
    "val_accuracy": "accuracy/validation",
    "learning_rate": "learning_rate",
}
"""What metrics are called in TensorBoard: the same part before the slash, the same panel."""

LAYER_SCALARS = (
    *("dead", "saturated", "gradient_norm", "preactivation_gradient_norm", "update_ratio"),
)


def write_csv(data: Sequence[RunData], path: Path, *, overwrite: bool = False) -> tuple[int, int]:
    """Write a row for each epoch of each run; return the numbers of rows and of runs with any.

    The columns are the run's id, name and seed, the keys that differ among the runs, and the
    metrics. RunError if ``path`` exists, unless ``overwrite``, or cannot be written.
    """
    _, differs, implied = tell_apart([run.values for run in data])
    keys = (*differs, *implied)
    own = (field.name for field in fields(EpochRow) if field.name not in ("scores", "non_finite"))
    scores = (key for run in data for row in run.metrics for key in row.scores)
    figures = list(dict.fromkeys([*own, *scores]))
    text, rows = io.StringIO(), 0
    writer = csv.writer(text)
    writer.writerow(map(in_spreadsheet, ["run", "name", "seed", *keys, *figures]))
    for run in data:
        rows += len(run.metrics)
        choices = [shown(run.values[key]) if key in run.values else "" for key in keys]
        for row in run.metrics:
            known = vars(row) | row.scores | row.non_finite
            cells = [run.run.id, run.user.name, run.seed, *choices, *map(known.get, figures)]
            writer.writerow(map(in_spreadsheet, cells))
    with run_error(path):
        try:
            with replacing(path, new=not overwrite) as file:
                file.write(text.getvalue().encode())
        except FileExistsError:
            raise RunError(f"{path}: already exists; name a new file") from None
    return rows, sum(bool(run.metrics) for run in data)


def write_tensorboard(
    data: Sequence[RunData], folder: Path, *, overwrite: bool = False
) -> list[str]:
    """Write the metrics, layers and config of each run to event files in ``folder``/<its id>.

    A step is an epoch, and its time that of the training. Returns a line for each run that is
    broken, and was written in part. RunError if the extra ``tensorboard`` is not installed, or one
    of the folders cannot be written, or exists; with ``overwrite`` its event files are replaced.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise RunError(needs_extra("event files", "tensorboard")) from None
    for run in data:
        if (folder / run.run.id).exists() and not overwrite:
            raise RunError(f"{folder / run.run.id}: already exists; name another folder")
    problems = []
    for run in data:
        with run_error(folder):
            # two commands cannot both make it
            (folder / run.run.id).mkdir(parents=True, exist_ok=overwrite)
            for old in (folder / run.run.id).glob("events.out.tfevents.*"):
                old.unlink()
            with SummaryWriter(str(folder / run.run.id)) as writer:
                try:
                    _write_run(run, writer)
                except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                    said = f"{run.run.directory}: broken, it is exported in part: {error!r}"
                    problems.append(said)
    return problems


def _write_run(data: RunData, writer: Any) -> None:
    record = data.record
    start = datetime.fromisoformat(record.started).timestamp()
    times = {row.epoch: start + row.elapsed_seconds for row in data.metrics}
    config = yaml.safe_dump(record.config, default_flow_style=None, sort_keys=False)
    writer.add_text("config", "".join(f"    {line}\n" for line in config.splitlines()), 0, start)
    for row in data.metrics:
        known = {name: getattr(row, key) for key, name in SCALARS.items()}
        known |= {f"{key.removeprefix('val_')}/validation": row.scores[key] for key in row.scores}
        for name, value in known.items():
            if value is not None:
                writer.add_scalar(name, value, row.epoch, times[row.epoch])
    if record.best and record.test_accuracy is not None and record.test_loss is not None:
        at = record.best.epoch, times.get(record.best.epoch, start)
        writer.add_scalar("accuracy/test", record.test_accuracy, *at)
        writer.add_scalar("loss/test", record.test_loss, *at)
    for line in data.diagnostics:
        for layer in line["layers"]:
            _write_layer(layer, line["epoch"], times.get(line["epoch"], start), writer)


def _write_layer(layer: dict[str, Any], epoch: int, time: float, writer: Any) -> None:
    for key in LAYER_SCALARS:
        if is_number(layer[key]):
            writer.add_scalar(f"{key}/{layer['layer']}", layer[key], epoch, time)
    histogram = layer["histogram"]
    if histogram is None:
        return
    low, high, counts = histogram["low"], histogram["high"], histogram["counts"]
    number, mean, sd, bins = sum(counts), layer["mean"], layer["sd"], len(counts)
    writer.add_histogram_raw(
        f"activations/{layer['layer']}",
        min=low,
        max=high,
        num=number,
        sum=number * mean,
        sum_squares=number * (sd**2 + mean**2),
        bucket_limits=[low + (high - low) * (i + 1) / bins for i in range(bins)],
        bucket_counts=counts,
        global_step=epoch,
        walltime=time,
    )
