"""Comparisons of runs that were really trained, and of records that were edited afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from nnbasic.configs import Config
from nnbasic.data import Dataset
from nnbasic.runs import RunError, start, train
from nnbasic.runs.collect import collect
from nnbasic.runs.compare import Comparison, compare, p_values_of_pairs
from nnbasic.runs.formats import table
from nnbasic.runs.statistics import holm

Make = Callable[..., Path]
THRESHOLD = 0.25


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> Make:
    """Give the directory of the run of a config, trained when it is first asked for."""
    cache: dict[str, Path] = {}

    def trained(**changes: Any) -> Path:
        small = {
            "layers": [784, 8, 10],
            "epochs": 3,
            "batch_size": 32,
            "data": {"validation": 100},
        }
        config = Config.model_validate({**small, **changes})
        if repr(config) not in cache:
            run = start(config, dataset, runs=tmp_path_factory.mktemp("runs"), name="small")
            for _ in train(run, dataset):
                pass
            cache[repr(config)] = run.directory
        return cache[repr(config)]

    return trained


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def make(trained: Make, runs: Path) -> Make:
    """Put a copy of a trained run into ``runs``; ``edited`` replaces keys of its record."""

    def make(edited: dict[str, Any] | None = None, **changes: Any) -> Path:
        source = trained(**changes)
        number = len(list(runs.iterdir())) if runs.exists() else 0
        copy = runs / f"{number:03}-{source.name}"
        shutil.copytree(source, copy)
        # in this order, whichever order the cache was filled in
        edit(copy, started=f"2026-01-01T00:{number // 60:02}:{number % 60:02}")
        edit(copy, **(edited or {}))
        return copy

    return make


def edit(run: Path, **changes: Any) -> None:
    """Replace keys of `run.json`, also within mappings."""
    (run / "run.json").write_text(json.dumps(merged(record(run), changes)))


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    deep = {
        key: merged(old[key], value)
        for key, value in new.items()
        if isinstance(value, dict) and isinstance(old[key], dict)
    }
    return {**old, **new, **deep}


def record(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text())
    return content


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def compared(runs: Path, **options: Any) -> Comparison:
    data, problems = collect(runs)
    comparison = compare(data, problems=problems, **{"threshold": THRESHOLD, **options})
    json.dumps(comparison.to_dict(), allow_nan=False)  # always strict JSON
    # a path may be longer than a line, and is not broken
    assert all(
        len(line) <= 80 or " " not in line.strip() for line in table(comparison).splitlines()
    )
    return comparison


def said(sentences: tuple[str, ...], *words: str) -> bool:
    """Whether one of the sentences holds all of the words."""
    return any(all(word in sentence for word in words) for sentence in sentences)


def test_runs_that_differ_in_the_seed_make_a_row(make: Make, runs: Path) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    comparison = compared(runs)
    assert comparison.differs == ("activation",)
    assert comparison.implied == ("activation.grad_at_zero",)
    assert comparison.same["optimizer.lr"] == 0.1
    assert comparison.same["dataset"] == "digits " + "ab" * 32
    assert "seed" not in comparison.same
    assert comparison.warnings == ()
    assert {group.label for group in comparison.groups} == {"activation=relu", "activation=tanh"}
    for group in comparison.groups:
        assert [run.run.id for run in group.runs] == [
            run.name for run in made[str(group.key["activation"])]
        ]


def test_the_figures_of_a_row(make: Make, runs: Path) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    rows = compared(runs).to_dict()["groups"]
    accuracies = {
        name: np.array([max(row["val_accuracy"] for row in metrics(run)) for run in each])
        for name, each in made.items()
    }
    best, other = sorted(accuracies, key=lambda name: -accuracies[name].mean())
    assert [row["key"] for row in rows] == [{"activation": best}, {"activation": other}]
    for row in rows:
        name = row["key"]["activation"]
        values = accuracies[name]
        interval = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
        assert row["n"] == 6
        assert row["statuses"] == {"finished": 6}
        assert row["val_accuracy"]["mean"] == pytest.approx(values.mean())
        assert row["val_accuracy"]["sd"] == pytest.approx(values.std(ddof=1))
        assert row["val_accuracy"]["ci95"] == pytest.approx(interval)
        tests = [record(run)["test_accuracy"] for run in made[name]]
        assert row["test_accuracy"]["mean"] == pytest.approx(np.mean(tests))
        firsts = [
            next((r for r in metrics(run) if r["val_accuracy"] >= THRESHOLD), None)
            for run in made[name]
        ]
        reached = [first for first in firsts if first]
        assert reached, "choose another threshold: this tests nothing"
        assert row["epochs_to_threshold"] == {
            "reached": len(reached),
            "of": 6,
            "median": np.median([first["epoch"] for first in reached]),
        }
        assert row["seconds_to_threshold"]["median"] == pytest.approx(
            np.median([first["elapsed_seconds"] for first in reached])
        )
        epochs = [r["epoch_seconds"] for run in made[name] for r in metrics(run)]
        assert row["seconds_per_epoch"] == pytest.approx(np.median(epochs))
    differences = accuracies[other] - accuracies[best]
    expected = stats.permutation_test(
        (np.rint(100 * differences),),
        lambda d, axis: d.sum(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
        vectorized=True,
    )
    assert rows[0]["difference"] is rows[0]["p"] is None
    assert rows[1]["difference"] == pytest.approx(differences.mean())
    assert rows[1]["pairs"] == 6
    assert rows[1]["p"] == pytest.approx(expected.pvalue)


def test_only_shared_seeds_are_paired(make: Make, runs: Path) -> None:
    for seed in range(5):
        make(activation="relu", seed=seed)
    for seed in range(2, 9):
        make(activation="tanh", seed=seed)
    group = compared(runs).groups[1]
    assert group.difference is not None
    assert group.difference.pairs == 3

    shutil.rmtree(runs)
    make(activation="relu", seed=1)
    make(activation="tanh", seed=2)
    comparison = compared(runs)
    assert comparison.groups[1].difference is None
    assert said(comparison.notes, "Too few shared seeds", "with 6")


def test_the_test_set_does_not_order(make: Make, runs: Path) -> None:
    make({"best": {"val_accuracy": 0.5}, "test_accuracy": 0.9}, activation="relu")
    make({"best": {"val_accuracy": 0.6}, "test_accuracy": 0.1}, activation="tanh")
    assert [group.key["activation"] for group in compared(runs).groups] == ["tanh", "relu"]


@pytest.mark.parametrize(
    ("status", "derived"),
    [("diverged", "diverged"), ("running", "crashed"), ("failed", "failed")],
)
def test_a_run_that_did_not_finish_is_counted(
    make: Make, runs: Path, status: str, derived: str
) -> None:
    finished = [make(seed=seed) for seed in range(5)]
    lost = make({"status": status, "best": {"val_accuracy": 0.0}, "test_accuracy": None}, seed=5)
    comparison = compared(runs)
    row = comparison.to_dict()["groups"][0]
    assert row["n"] == 6
    assert row["statuses"] == {"finished": 5, derived: 1}
    assert row["val_accuracy"]["n"] == 5
    expected = np.mean([record(run)["best"]["val_accuracy"] for run in finished])
    assert row["val_accuracy"]["mean"] == pytest.approx(expected)
    assert row["epochs_to_threshold"]["of"] == (6 if derived == "diverged" else 5)
    assert said(comparison.warnings, f"of 6 runs 5 finished, 1 {derived} ({lost.name})")
    assert "5/6" in table(comparison)


def test_a_row_without_a_finished_run(make: Make, runs: Path) -> None:
    make(activation="relu")
    make({"status": "diverged"}, activation="tanh")
    last = compared(runs).groups[-1]
    assert last.key == {"activation": "tanh"}
    assert last.measures.val_accuracy.mean is None
    assert last.difference is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset_sha256": "cd" * 32}, ["dataset digits cdcdcdcd instead of digits abababab"]),
        ({"config": {"epochs": 9}}, ["epochs 9 instead of 3"]),
        ({"config": {"data": {"validation": 50}}}, ["data.validation 50 instead of 100"]),
        ({"versions": {"nnbasic": "9.9"}}, ["code 9.9", "instead of"]),
        ({"versions": {"git_commit": "f" * 40}}, ["ffffffff instead of"]),
    ],
)
def test_what_forbids_a_comparison(
    make: Make, runs: Path, changes: dict[str, Any], words: list[str]
) -> None:
    for seed in range(3):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    better = {"best": {"val_accuracy": 1.0}}
    odd = make({**changes, **better}, activation="relu", seed=7)
    comparison = compared(runs)
    assert [len(group.runs) for group in comparison.groups] == [3, 3, 1]
    first, _, last = comparison.groups
    assert last.runs[0].run.id == odd.name
    assert not last.comparable
    assert last.difference is None
    assert set(first.key) == {"activation"}, "what all compared rows share names none of them"
    assert set(last.key) > set(first.key)
    assert said(comparison.warnings, odd.name, "No fair comparison", *words)


def test_unequal_terms_are_apart_however_rows_are_made(make: Make, runs: Path) -> None:
    for seed in range(2):
        make(seed=seed)
    make({"dataset_sha256": "cd" * 32}, seed=2)
    assert [len(group.runs) for group in compared(runs, by=["init"]).groups] == [2, 1]


def test_equally_many_of_two_terms_take_the_latest(make: Make, runs: Path) -> None:
    make({"versions": {"nnbasic": "1"}})
    newer = make({"versions": {"nnbasic": "2"}})
    assert compared(runs).groups[0].runs[0].run.id == newer.name


def test_what_is_only_noted(make: Make, runs: Path) -> None:
    for seed in range(3):
        make({"threads": 1}, seed=seed)
    odd = make({"threads": 64, "versions": {"numpy": "1.0", "blas": "other"}}, seed=3)
    comparison = compared(runs)
    assert len(comparison.groups) == 1
    assert comparison.warnings == ()
    assert said(comparison.notes, "Seconds do not compare", "threads 64 instead of 1", odd.name)
    assert said(comparison.notes, "NumPy 1.0 instead of", "BLAS other", odd.name)


def test_a_repeated_seed_counts_once(make: Make, runs: Path) -> None:
    older = make({"best": {"val_accuracy": 0.1}}, seed=0)
    make({"best": {"val_accuracy": 0.2}}, seed=0)
    make({"best": {"val_accuracy": 0.4}}, seed=1)
    comparison = compared(runs)
    group = comparison.groups[0]
    assert group.measures.val_accuracy.n == 2
    assert group.measures.val_accuracy.mean == pytest.approx(0.3)
    assert len(group.runs) == 3
    assert said(comparison.warnings, "repeats config and seed", older.name)


def test_too_few_seeds_for_significance(make: Make, runs: Path) -> None:
    for seed in range(5):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    assert said(compared(runs).notes, "5 paired seeds cannot go below p = 0.0625", "with 6")
    for name in ("relu", "tanh"):
        make(activation=name, seed=5)
    assert not said(compared(runs).notes, "cannot go below")
    for seed in range(6):
        make(activation="elu", seed=seed)
    comparison = compared(runs)
    assert said(comparison.notes, "p = 0.0312, corrected 0.0938", "with 7")
    assert said(comparison.notes, "all 3 pairs")


def test_names_are_made_of_what_differs(make: Make, runs: Path) -> None:
    make(activation="prelu", init="he")
    make(activation="relu", init="he")
    assert {g.label for g in compared(runs).groups} == {"activation=prelu", "activation=relu"}
    make(activation={"name": "prelu", "slope": 0.1}, init="he")
    assert {g.label for g in compared(runs).groups} == {
        "activation=prelu slope=0.25",
        "activation=prelu slope=0.1",
        "activation=relu",
    }
    make(activation="relu", init="xavier", optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9})
    labels = [group.label for group in compared(runs).groups]
    assert "activation=relu init=xavier lr=0.05" in labels
    assert "activation=prelu slope=0.25 init=he lr=0.1" in labels


def test_an_activation_for_each_layer(make: Make, runs: Path) -> None:
    make(layers=[784, 8, 8, 10], activation="relu")
    make(layers=[784, 8, 8, 10], activation=["relu", "tanh"])
    labels = {group.label for group in compared(runs).groups}
    assert "activation=relu" in labels
    assert any(label.startswith("activation=[{") and "tanh" in label for label in labels)


def test_by_names_what_it_mixes(make: Make, runs: Path) -> None:
    slow = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
    for seed in range(3):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    odd = [make(activation="relu", optimizer=slow, seed=seed) for seed in range(2)]
    comparison = compared(runs, by=["activation"])
    assert {g.label: len(g.runs) for g in comparison.groups} == {
        "activation=relu": 5,
        "activation=tanh": 3,
    }
    assert comparison.differs == ("activation", "optimizer.lr")
    relu = next(group for group in comparison.groups if len(group.runs) == 5)
    assert relu.measures.val_accuracy.n == 3, "a seed is no more often repeated for being mixed"
    assert said(comparison.warnings, "activation=relu mixes", "0.1 (", "0.01 (", odd[0].name)
    assert said(comparison.warnings, "optimizer.lr is not the same in all rows")
    assert said(comparison.warnings, "activation=relu", "other configs for some seeds")
    assert not said(comparison.warnings, "activation=tanh")
    assert not said(compared(runs).warnings, "mixes")


def test_by_keys_that_are_unknown(make: Make, runs: Path) -> None:
    make()
    make(activation="tanh")
    with pytest.raises(RunError, match=r"'activaton'.*did you mean activation"):
        compared(runs, by=["init", "activaton"])
    with pytest.raises(RunError, match="these differ: activation"):
        compared(runs, by=["seed"])
    assert len(compared(runs, by=["activation.name"]).groups) == 2
    assert len(compared(runs, by=["init"]).groups) == 1


def test_nothing_to_compare() -> None:
    with pytest.raises(RunError, match=r"a: broken\n.*no run"):
        compare([], problems=["a: broken"])


def test_one_run(make: Make, runs: Path) -> None:
    make()
    comparison = compared(runs)
    (row,) = comparison.to_dict()["groups"]
    assert (row["key"], row["label"], row["n"]) == ({}, "all runs", 1)
    assert row["val_accuracy"]["sd"] is row["val_accuracy"]["ci95"] is row["p"] is None
    assert not said(comparison.notes, "paired")


def test_one_learning_rate_is_said(make: Make, runs: Path) -> None:
    make(activation="relu")
    make(activation="tanh")
    assert said(compared(runs).notes, "learning rate 0.1")
    make(activation="elu", optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9})
    assert not said(compared(runs).notes, "learning rate")


def test_uncommitted_code_is_said(make: Make, runs: Path) -> None:
    dirty = {"versions": {"git_commit": "a" * 40 + "-dirty"}}
    make(dirty, seed=0)
    make(dirty, seed=1)
    assert said(compared(runs).notes, "Uncommitted", "all runs")


def test_diagnostics_of_the_last_epoch(make: Make, runs: Path) -> None:
    def layer(dead: float | None, saturated: float | None, norm: float | None) -> dict[str, Any]:
        return {"dead": dead, "saturated": saturated, "gradient_norm": norm}

    lasts = [
        [layer(0.1, None, 1.0), layer(0.5, None, 3.0), layer(None, None, 4.0)],
        [layer(0.2, None, 2.0), layer(0.1, None, 3.0), layer(None, None, 4.0)],
        [layer(0.0, None, 3.0), layer(0.0, None, 3.0), layer(None, None, 0.0)],
    ]
    for seed, last in enumerate(lasts):
        rows = [{"epoch": 0, "layers": [layer(1.0, 1.0, 9.0)] * 3}, {"epoch": 3, "layers": last}]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (make(seed=seed) / "diagnostics.jsonl").write_text(text)
    measures = compared(runs).groups[0].measures
    assert measures.dead_units == pytest.approx((0.5 + 0.2 + 0.0) / 3)
    assert measures.saturated_units is None
    assert measures.gradient_ratio == pytest.approx((0.25 + 0.5) / 2)


def test_real_diagnostics_are_read(make: Make, runs: Path) -> None:
    run = make(activation="sigmoid")
    last = json.loads((run / "diagnostics.jsonl").read_text().splitlines()[-1])["layers"]
    measures = compared(runs).groups[0].measures
    assert measures.dead_units == last[0]["dead"]
    assert measures.saturated_units == last[0]["saturated"]
    assert measures.gradient_ratio == last[0]["gradient_norm"] / last[1]["gradient_norm"]


@pytest.mark.parametrize("content", ["", "[1]\n", '{"layers": 3}\n', '{"layers": [3, {}]}\n'])
def test_without_diagnostics(make: Make, runs: Path, content: str) -> None:
    (make() / "diagnostics.jsonl").write_text(content)
    measures = compared(runs).groups[0].measures
    assert (measures.dead_units, measures.saturated_units, measures.gradient_ratio) == (None,) * 3


def test_two_runs_have_a_mcnemar_test(make: Make, runs: Path) -> None:
    made = {run.name: run for run in (make(activation="relu"), make(activation="tanh"))}
    comparison = compared(runs)
    found = comparison.mcnemar
    assert found is not None
    right = {}
    for name, run in made.items():
        with np.load(run / "predictions.npz") as file:
            right[name] = file["labels"] == file["predicted"]
    alone = (right[found.first] & ~right[found.second]).sum()
    other = (right[found.second] & ~right[found.first]).sum()
    assert (found.only_first, found.only_second) == (alone, other)
    assert alone != other, "choose other runs: this tests nothing"
    assert found.p == pytest.approx(stats.binomtest(int(alone), int(alone + other)).pvalue)
    assert said(comparison.notes, "McNemar", f"{found.p:.3g}")
    make(activation="elu")
    assert compared(runs).mcnemar is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing"), (b"PK", "damaged"), ("others", "not the same"), ("short", "for each")],
)
def test_predictions_that_do_not_compare(
    make: Make, runs: Path, content: bytes | str | None, reason: str
) -> None:
    make(activation="relu")
    path = make(activation="tanh") / "predictions.npz"
    path.unlink()
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        labels = np.zeros(100, np.uint8)
        np.savez(path, labels=labels, predicted=labels[: None if content == "others" else 7])
    comparison = compared(runs)
    assert comparison.mcnemar is None
    assert said(comparison.notes, "No McNemar test", reason)


def test_other_data_have_no_mcnemar_test(make: Make, runs: Path) -> None:
    make()
    make({"dataset_sha256": "cd" * 32})
    assert said(compared(runs).notes, "No McNemar test", "different test sets")


def test_the_error_of_the_test_set(make: Make, runs: Path) -> None:
    make({"test_accuracy": 0.9})
    comparison = compared(runs)
    expected = stats.binom.std(100, 0.9) / 100
    assert comparison.to_dict()["test_set"] == {
        "images": 100,
        "standard_error": pytest.approx(expected),
    }
    assert said(comparison.notes, "100 images", f"{100 * expected:.2f} points")
    (next(runs.iterdir()) / "predictions.npz").unlink()
    assert compared(runs).to_dict()["test_set"] is None


def test_torn_metrics_are_named(make: Make, runs: Path) -> None:
    make(seed=0)
    torn = make(seed=1)
    path = torn / "metrics.jsonl"
    path.write_text(path.read_text()[:-30])
    comparison = compared(runs)
    reached = comparison.groups[0].measures.epochs_to_threshold
    assert reached.of == 1
    assert said(comparison.warnings, torn.name, "figures to the threshold")
    assert comparison.groups[0].measures.val_accuracy.n == 2


def test_figures_that_are_no_numbers(make: Make, runs: Path) -> None:
    run = make()
    huge = "9" * 400
    line = f'{{"epoch": 1, "val_accuracy": true, "epoch_seconds": {huge}, "elapsed_seconds": 1}}\n'
    (run / "metrics.jsonl").write_text(line * 3)
    comparison = compared(runs)
    row = comparison.to_dict()["groups"][0]
    assert row["seconds_per_epoch"] is None
    assert row["epochs_to_threshold"] == {"reached": 0, "of": 0, "median": None}
    assert said(comparison.warnings, run.name, "figures to the threshold")


def test_without_a_validation_set(make: Make, runs: Path) -> None:
    names = [
        make({"best": {"val_accuracy": None}}, data={"validation": 0}, activation=name).name
        for name in ("relu", "tanh")
    ]
    comparison = compared(runs)
    assert said(comparison.warnings, "No validation accuracy", *names)
    assert all(group.difference is None for group in comparison.groups)


@pytest.mark.parametrize(("rows", "seeds"), [(2, 6), (3, 8), (5, 10)])
def test_without_a_difference_the_first_row_rarely_wins(
    rows: int, seeds: int, rng: np.random.Generator
) -> None:
    """The family-wise error over all rows, though the first row is the best of them."""
    false = 0
    for _ in range(2000):
        accuracies = rng.normal(0.98, 0.001, seeds) + rng.normal(0, 0.001, (rows, seeds))
        ranked = sorted(accuracies, key=lambda row: -row.mean())
        p_values = p_values_of_pairs([dict(enumerate(row)) for row in ranked], 5000)
        corrected = dict(zip(p_values, holm(list(p_values.values())), strict=True))
        false += any(corrected[0, index] < 0.05 for index in range(1, rows))
    assert false <= 0.05 * 2000
    assert false > 0
