"""The figures of rows whose runs did not all end well, or whose files are not whole."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic.compare import Comparison, tables
from nnbasic.compare.measures import Measures
from nnbasic.compare.tables import Block, Wanted
from support import Compared, Holds, Make, figures, scored


def measures_of(comparison: Comparison) -> Measures:
    """The measures of the first row."""
    measures = comparison.rows[0].measures
    assert measures is not None
    return measures


def cells(table: Block) -> set[str]:
    return {cell for row in table.rows for cell in row}


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def test_diagnostics_of_the_last_epoch(make: Make, compared: Compared) -> None:
    def layer(dead: float | None, saturated: float | None, norm: float | None) -> dict[str, Any]:
        return {"dead": dead, "saturated": saturated, "gradient_norm": norm}

    lasts = [
        [layer(0.1, None, 1.0), layer(0.5, None, 3.0), layer(None, None, 4.0)],
        [layer(0.2, None, 2.0), layer(0.1, None, 3.0), layer(None, None, 4.0)],
        [layer(0.0, None, 3.0), layer(0.0, None, 3.0), layer(0.9, None, 0.0)],  # no hidden one
        [layer(0.0, None, 1e100), layer(0.0, None, 3.0), layer(None, None, 1e-300)],
    ]
    for seed, last in enumerate(lasts):
        rows = [{"epoch": 0, "layers": [layer(1.0, 1.0, 9.0)] * 3}, {"epoch": 3, "layers": last}]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (make(seed=seed) / "diagnostics.jsonl").write_text(text)
    measures = measures_of(compared())
    assert measures.dead_units == pytest.approx((0.5 + 0.2 + 0.0 + 0.0) / 4)
    assert measures.saturated_units is None
    assert measures.gradient_ratio == pytest.approx((0.25 + 0.5) / 2)


@pytest.mark.parametrize("content", ["", "[1]\n", '{"layers": 3}\n', '{"layers": [3, {}]}\n'])
def test_without_diagnostics(make: Make, content: str, compared: Compared) -> None:
    (make() / "diagnostics.jsonl").write_text(content)
    measures = measures_of(compared())
    assert (measures.dead_units, measures.saturated_units, measures.gradient_ratio) == (None,) * 3


@pytest.mark.parametrize("share", [0.0, 0.9, 1.0])
def test_the_error_of_the_test_set(
    make: Make, compared: Compared, said: Holds, share: float
) -> None:
    make({"test_accuracy": share})
    comparison = compared()
    expected = stats.binom.std(100, share) / 100
    assert comparison.to_dict()["test_set"] == {
        "images": 100,
        "standard_error": pytest.approx(expected),
    }
    assert said(comparison.notes, "100 images", f"{100 * expected:.2f} points")


def test_torn_metrics_are_named(make: Make, compared: Compared, said: Holds) -> None:
    make(seed=0)
    torn = make(seed=1)
    path = torn / "metrics.jsonl"
    path.write_text(path.read_text()[:-30])
    comparison = compared()
    reached = measures_of(comparison).epochs_to_threshold
    assert reached.of == 1
    assert said(comparison.warnings, torn.name, "figures to the threshold")
    assert comparison.rows[0].val_accuracy.n == 2


def test_a_repeated_seed_counts_once(make: Make, compared: Compared) -> None:
    older = make({"best": scored(0.1)}, seed=0)
    make({"best": scored(0.2)}, seed=0)
    make({"best": scored(0.4)}, seed=1)
    comparison = compared()
    row = comparison.rows[0]
    assert row.val_accuracy[:2] == (2, pytest.approx(0.3))
    assert len(row.runs) == 3
    assert [*comparison.warnings] == [
        f"1 run is not counted, as a later one repeats its seed: {older.name}."
    ]


@pytest.mark.parametrize(
    ("status", "derived"),
    [("running", "crashed"), ("failed", "failed")],
)
def test_a_run_that_did_not_finish_is_counted(
    make: Make, status: str, derived: str, compared: Compared, said: Holds
) -> None:
    finished = [make(seed=seed) for seed in range(5)]
    lost = make({"status": status, "best": scored(0.0), "test_accuracy": None}, seed=5)
    comparison = compared()
    row = comparison.to_dict()["groups"][0]
    assert row["n"] == 6
    assert row["statuses"] == {"finished": 5, derived: 1}
    assert row["val_accuracy"]["n"] == 5
    expected = np.mean([record(run)["best"]["val_accuracy"] for run in finished])
    assert row["val_accuracy"]["mean"] == pytest.approx(expected)
    assert row["epochs_to_threshold"]["of"] == 5
    assert said(comparison.warnings, f"1 of 6 runs {derived} ({lost.name}); not counted")
    (table,) = tables.rows(comparison, Wanted())
    assert "5/6" in cells(table)


def test_runs_that_did_not_reach_the_threshold_count_as_later(
    make: Make, compared: Compared
) -> None:
    """First epochs at or above 90 %: 1, 3, never and never; so the median is later than epoch 3."""
    curves = [(0.95, 0.8, 0.8), (0.7, 0.8, 0.9), (0.5, 0.6, 0.7), (0.89, 0.89, 0.89)]
    for seed, curve in enumerate(curves):
        write_metrics(make(seed=seed), curve)
    comparison = compared()
    row = comparison.to_dict()["groups"][0]
    assert row["epochs_to_threshold"] == {"reached": 2, "of": 4, "median": None, "beyond": 3.0}
    assert row["seconds_to_threshold"]["beyond"] == 30.0
    assert ">3 (2/4)" in cells(tables.course(comparison, Wanted()))
    write_metrics(make(seed=4), (0.8, 0.92, 0.9))
    row = compared().to_dict()["groups"][0]
    assert row["epochs_to_threshold"] == {"reached": 3, "of": 5, "median": 3.0, "beyond": None}


def test_a_run_that_stopped_early_is_later_than_it_stopped(make: Make, compared: Compared) -> None:
    write_metrics(make({"epoch": 2}, seed=0), (0.5, 0.6))
    write_metrics(make(seed=1), (0.5, 0.6, 0.7))
    assert measures_of(compared()).epochs_to_threshold.beyond == 2


def test_a_diverged_run_that_was_trained_twice_counts_once(make: Make, compared: Compared) -> None:
    for seed in range(3):
        write_metrics(make(seed=seed), (0.95, 0.95, 0.95))
    for _ in range(2):
        write_metrics(make({"status": "diverged", "epoch": 1}, seed=3), (0.1,))
    comparison = compared()
    (row,) = comparison.rows
    assert measures_of(comparison).epochs_to_threshold[:3] == (3, 4, 1.0)
    assert row.reason == "1 of 4 runs failed"
    assert row.statuses == {"finished": 3, "diverged": 2}, "all runs are listed"


def write_metrics(run: Path, accuracies: tuple[float, ...]) -> None:
    """Give ``run`` these validation accuracies, ten seconds apart."""
    rows = [
        figures(accuracy, epoch=n, elapsed_seconds=10.0 * n, epoch_seconds=10.0)
        for n, accuracy in enumerate(accuracies, 1)
    ]
    (run / "metrics.jsonl").write_text("".join(row.line() for row in rows))
