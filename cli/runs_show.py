"""`nnbasic runs show` and `diff`: one run in full, and two by their differences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnbasic.cli import options
from nnbasic.cli.charts import accuracy_curve
from nnbasic.cli.finding import read_all, read_one, summary
from nnbasic.cli.numbers import NONE, percent, short, tested
from nnbasic.cli.runs_list import epochs
from nnbasic.cli.tables import Column, pairs, table
from nnbasic.cli.terminal import (
    GAP,
    Printable,
    err,
    indented,
    out,
    paragraph,
    print_json,
    terminal_width,
)
from nnbasic.compare import figure_file
from nnbasic.compare.style import DASHES, MUTED, SERIES, SETTINGS
from nnbasic.configs import printable
from nnbasic.configs.text import flow
from nnbasic.training.choices import shown
from nnbasic.training.collection import RunData
from nnbasic.training.record import EpochRow
from nnbasic.training.storage import RunError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "train": ("training", {"color": MUTED, "linestyle": DASHES[1]}),
    "val": ("validation", {"color": SERIES[0]}),
}
"""The parts of the data whose curves are drawn, their names and looks."""

HEAD, TAIL = 5, 10
"""How many epochs of a long run are shown, from its start and from its end."""


@click.command()
@click.argument("run", required=False, shell_complete=options.complete_run)
@options.curve
@options.figure
@options.force
@options.runs
@options.json
def show(
    run: str | None, curve: bool, figure: Path | None, force: bool, runs_dir: Path, as_json: bool
) -> None:
    """Show all about RUN: an id, its beginning, a name or a directory.  [default: the newest run]

    A name that several runs share means the newest of them, and `latest` the newest of all; so in
    all commands that take a RUN, but for rm and restore.
    """
    data = read_one(run, runs_dir)
    if figure is not None:
        figure_file.check()
        figure_file.save(draw(data), figure)
        err(f"The figure is in {figure}")
    if as_json:
        print_json(complete(data))
    else:
        out(*showing(data, terminal_width()))
        if curve:
            out("", *accuracy_curve(data.metrics, terminal_width()))


@click.command()
@click.argument("a", metavar="[RUN]", required=False, shell_complete=options.complete_run)
@click.argument("b", metavar="[RUN]", required=False, shell_complete=options.complete_run)
@options.runs
def diff(a: str | None, b: str | None, runs_dir: Path) -> None:
    """Show only what differs between two runs.

    Compares their configs, environments and results. With one RUN, it is compared with the newest;
    with none, the two newest are compared.
    """
    if a is None:
        data, _ = read_all(runs_dir)
        if len(data) < 2:
            raise RunError(f"{runs_dir}: there are no two runs to tell apart")
        first, second = data[-2:]
    else:
        first, second = read_one(a, runs_dir), read_one(b, runs_dir)
    out(*difference(first, second, terminal_width()))


def complete(data: RunData) -> dict[str, Any]:
    """What `runs show --json` says: all that is recorded of the run."""
    record = asdict(data.record)
    for key in ("schema_version", "id", "status", "epoch"):  # which the summary says
        del record[key]
    return {**summary(data), **record, "metrics": [asdict(row) for row in data.metrics]}


def showing(data: RunData, room: int) -> list[str]:
    """The lines that show a run: what came of it, its config, where it ran, its epochs."""
    inner = room - len(GAP)
    config = {key: flow(value) for key, value in data.record.config.items()}
    lines = [data.run.id, "", *pairs(_facts(data), room)]
    lines += ["", "Config", *indented(pairs(config, inner))]
    lines += ["", "Environment", *indented(pairs(_environment(data), inner))]
    if data.metrics:
        lines += ["", "Epochs", *indented(_course(data, inner))]
    return lines


def difference(a: RunData, b: RunData, room: int) -> list[str]:
    """The lines that show how two runs differ in config, environment and results."""
    lines = [f"A  {a.run.id}", f"B  {b.run.id}"]
    same = []
    for title, of in ("Config", _config), ("Environment", _environment), ("Results", _results):
        of_a, of_b = of(a), of(b)
        keys = list(dict.fromkeys([*of_a, *of_b]))
        differ = [key for key in keys if of_a.get(key) != of_b.get(key)]
        if differ:
            columns = [
                Column(title, differ),
                Column("A", [of_a.get(key, NONE) for key in differ], no_wrap=False, min_width=8),
                Column("B", [of_b.get(key, NONE) for key in differ], no_wrap=False, min_width=8),
            ]
            lines += ["", *table(columns, room)]
        same.append(f"{title.lower()} {len(keys) - len(differ)} of {len(keys)}")
    return [*lines, "", *paragraph(f"The same: {', '.join(same)}.", room)]


def _facts(data: RunData) -> dict[str, str]:
    """What is shown of a run first, without what is not known or not there."""
    record, best = data.record, data.record.best
    started = record.started[:19].replace("T", " ")
    facts = {
        "name": data.user.name,
        "tags": " ".join(data.user.tags),
        "notes": data.user.notes,
        "directory": str(data.run.directory),
        "status": data.status,
        "reason": record.reason or "",
        "data": f"{record.dataset}, SHA-256 {record.dataset_sha256[:12]}…",
        "training": f"{epochs(data)} epochs from {started} UTC, {record.seconds:.1f} s",
    }
    if record.rate_search is not None:
        facts["search"] = str(record.rate_search)
    if best is not None and best.val_accuracy is not None:
        score = f"{percent(best.val_accuracy)} %, loss {short(best.val_loss)}"
        facts["validation"] = f"{score}, best at epoch {best.epoch}"
    if not record.val_images:
        facts["validation"] = "none: nothing was held out"
    if record.test_accuracy is not None:
        score = f"{tested(record)} %, loss {short(record.test_loss)}"
        facts["test"] = f"{score}, with the {'best' if record.val_images else 'last'} weights"
    return {key: text for key, text in facts.items() if text}


def _config(data: RunData) -> dict[str, str]:
    config = {key: value for key, value in data.values.items() if key not in ("dataset", "code")}
    return {key: shown(value) for key, value in {**config, "seed": data.seed}.items()}


def _environment(data: RunData) -> dict[str, str]:
    record = data.record
    code = {"code": record.code_sha256}
    values = {**code, **record.versions, **record.machine, "threads": record.threads}
    return {key: str(value) for key, value in values.items() if value is not None}


def _results(data: RunData) -> dict[str, str]:
    record, best = data.record, data.record.best
    return {
        "status": data.status,
        "data": f"{record.dataset} {record.dataset_sha256[:12]}",
        "epochs": epochs(data),
        "seconds": f"{record.seconds:.1f}",
        "best epoch": str(best.epoch) if best else NONE,
        "val. %": percent(record.val_accuracy),
        "val. loss": short(best.val_loss if best else None),
        "test %": tested(record),
        "test loss": short(record.test_loss),
    }


def _course(data: RunData, room: int) -> list[Printable]:
    """A table of the epochs; if there are many, of the first, the last and the best."""
    best = data.record.best.epoch if data.record.best and data.record.val_images else None
    rows: list[EpochRow] = data.metrics
    if len(rows) > HEAD + TAIL:
        between = [row for row in rows[HEAD:-TAIL] if row.epoch == best]
        rows = [*rows[:HEAD], *between, *rows[-TAIL:]]
    rates = [row.learning_rate for row in rows]
    figures = {
        "epoch": [str(row.epoch) for row in rows],
        "train loss": [short(row.train_loss) for row in rows],
        "train %": [percent(row.train_accuracy) for row in rows],
        "val. loss": [short(row.val_loss) for row in rows],
        "val. %": [percent(row.val_accuracy) for row in rows],
        "learning rate": [NONE if rate is None else f"{rate:.3g}" for rate in rates],
        "seconds": [f"{row.epoch_seconds:.2f}" for row in rows],
    }
    columns = [
        Column(head, cells, justify="right", may_drop=True) for head, cells in figures.items()
    ]
    columns.append(Column("", ["best" if row.epoch == best else "" for row in rows]))
    return table(columns, room)


def draw(run: RunData) -> Figure:
    """Accuracy on the left, loss on the right; the best epoch is marked."""
    import matplotlib

    from nnbasic.compare import plotting

    with matplotlib.rc_context(SETTINGS):
        figure, (left, right) = plotting.grid(2, (3.75, 2.7), sharey=False)
        _panel(left, run, "accuracy", 100)
        _panel(right, run, "loss", 1)
        left.set_ylabel("accuracy, %")
        handles, labels = left.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside lower center", ncols=3)
        score, record = "", run.record
        if record.test_accuracy is not None:
            score = f", {tested(record)} % on the test images of {record.dataset}"
        figure.suptitle(f"{printable(run.user.name)[:60]}{score}", fontsize=11)
    return figure


def _panel(axes: Axes, run: RunData, what: str, factor: float) -> None:
    from matplotlib.ticker import MaxNLocator

    best = run.record.best and run.record.best.epoch
    for key, (name, look) in LINES.items():
        values = {row.epoch: getattr(row, f"{key}_{what}") for row in run.metrics}
        points = {x: factor * y for x, y in values.items() if y is not None}
        if points:
            marker = "o" if len(points) == 1 else ""
            axes.plot(list(points), list(points.values()), marker=marker, label=name, **look)
        if key == "val" and best in points:
            axes.plot(best, points[best], "o", color=look["color"], label=f"best: epoch {best}")
    axes.set(xlabel="epoch", ylabel=what)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
