"""The names of rows in figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nnbasic.compare.comparison import compare
from nnbasic.compare.entries import Entry, entries
from nnbasic.training.collection import collect

Make = Callable[..., Path]


def entries_of(folder: Path) -> list[Entry]:
    data, _ = collect(folder)
    return entries(compare(data).groups)


def test_rows_are_named_by_what_differs_and_stand_as_they_were_started(swept: Path) -> None:
    found = entries_of(swept)
    titles = ["relu · he", "relu · xavier", "tanh · he", "tanh · xavier"]
    assert [entry.title for entry in found] == titles
    assert found[0].parts == {"activation": "relu", "init": "he"}
    assert [len(entry.runs) for entry in found] == [2, 2, 2, 2]


def test_runs_of_a_sweep_stand_as_it_planned_them(make: Make, runs: Path) -> None:
    """Two that were started at the same time may have been ready in any order."""
    for place, activation in ((2, "relu"), (1, "tanh"), (3, "elu")):
        make({"queued": f"2026-01-01T00:00:00.00000{place}+00:00"}, activation=activation)
    assert [entry.title for entry in entries_of(runs)] == ["tanh", "relu", "elu"]


def test_a_single_row_has_a_name(make: Make, runs: Path) -> None:
    make()
    (entry,) = entries_of(runs)
    assert (entry.title, entry.parts) == ("all runs", {})


def test_hyperparameters_stand_with_their_component(make: Make, runs: Path) -> None:
    make(activation={"name": "leaky_relu", "slope": 0.2})
    make(activation={"name": "leaky_relu", "slope": 0.01})
    for distribution in ("uniform", "normal"):
        make(activation="relu", init={"name": "xavier", "distribution": distribution})
    first, *_, last = (entry.parts for entry in entries_of(runs))
    assert list(first) == ["activation", "init"]
    assert first["activation"] == "leaky_relu slope=0.2"
    assert last == {"activation": "relu", "init": "xavier normal"}


def test_rows_of_other_terms_are_not_drawn(make: Make, runs: Path) -> None:
    for seed in (0, 1):
        make(seed=seed)
    make(activation="tanh", epochs=2)
    (entry,) = entries_of(runs)
    assert [run.record.epoch for run in entry.runs] == [3, 3]
