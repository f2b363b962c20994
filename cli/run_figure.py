"""The figure of `nnbasic runs show --figure`: a run's accuracy and loss by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnbasic.cli.numbers import tested
from nnbasic.configs import printable
from nnbasic.training.collection import RunData

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINING, VALIDATION, INK, GRID = "#767676", "#0072b2", "#222222", "#dddddd"


def draw(run: RunData) -> Figure:
    """Accuracy on the left, loss on the right; the best epoch is marked."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, run, "accuracy", 100)
    _panel(right, run, "loss", 1)
    left.set_ylabel("accuracy, %")
    right.set_ylabel("loss")
    handles, labels = left.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    score, record = "", run.record
    if record.test_accuracy is not None:
        score = f", {tested(record)} % on the test images of {record.dataset}"
    title = figure.suptitle(f"{printable(run.user.name)[:60]}{score}", color=INK, fontsize=11)
    title.set_parse_math(False)  # a name may hold dollars
    return figure


def _panel(axes: Axes, run: RunData, what: str, factor: float) -> None:
    from matplotlib.ticker import MaxNLocator

    best = run.record.best.epoch if run.record.best else None
    for key, name, colour, dash in (
        (f"train_{what}", "training", TRAINING, (0, (4, 1.5))),
        (f"val_{what}", "validation", VALIDATION, "-"),
    ):
        rows = [row for row in run.metrics if getattr(row, key) is not None]
        x, y = [row.epoch for row in rows], [factor * getattr(row, key) for row in rows]
        if rows:
            marker = "o" if len(rows) == 1 else ""
            axes.plot(x, y, color=colour, linestyle=dash, marker=marker, label=name)
        if key.startswith("val") and best is not None and best in x:
            axes.plot(best, y[x.index(best)], "o", color=colour, label=f"best: epoch {best}")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.grid(color=GRID, linewidth=0.6)
    axes.tick_params(length=0, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
