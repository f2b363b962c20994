"""What makes a row, what names it, which rows are ranked, and over which seeds."""

from itertools import product
from typing import Any

import pytest

from nnbasic.compare import Comparison, tables
from nnbasic.compare.grouping import name, parts
from nnbasic.compare.standing import APART, RANKED, shared_seeds
from support import Compared, Holds, Make, scored

FAST = {"name": "sgd", "lr": 0.2, "momentum": 0.9}


def names(comparison: Comparison) -> set[str]:
    return {row.name for row in comparison.rows}


def test_runs_that_differ_in_the_seed_make_a_row(make: Make, compared: Compared) -> None:
    made = {
        activation: [make(activation=activation, seed=seed).name for seed in range(3)]
        for activation in ("relu", "tanh")
    }
    comparison = compared()
    assert comparison.differs == ("activation",)
    assert comparison.implied == ("activation.grad_at_zero",)
    assert comparison.same["optimizer.lr"] == 0.1
    assert comparison.same["dataset"] == "digits " + "ab" * 32
    assert "seed" not in comparison.same
    assert comparison.warnings == ()
    assert {row.name: [run.run.id for run in row.runs] for row in comparison.rows} == made


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([{"activation": "relu", "init": "he"}], ["relu/he"]),
        ([{"activation": "relu", "optimizer.lr": 0.1}], ["relu/lr=0.1"]),
        ([{"layers": "[784, 10]"}, {"layers": "[784, 8, 10]"}], ["layers=[784, 10]", None]),
        ([{}], ["the network"]),
        (
            [{"activation": "relu"}, {"activation": "leaky_relu", "activation.slope": 0.2}],
            ["relu", "leaky_relu slope=0.2"],
        ),
        (
            [
                {"early_stopping": None},
                {"early_stopping.monitor": "val_loss", "early_stopping.patience": 3},
            ],
            ["early_stopping=null", "monitor=val_loss patience=3"],
        ),
    ],
)
def test_a_row_has_one_name(keys: list[dict[str, Any]], expected: list[str | None]) -> None:
    for row, text in zip(parts(keys), expected, strict=True):
        assert text is None or name(row) == text


def test_a_hyperparameter_that_was_set_is_shown(make: Make, compared: Compared) -> None:
    for seed in range(2):
        make(activation="relu", seed=seed)
        make(activation={"name": "leaky_relu", "slope": 0.3}, seed=seed)
        make(activation="elu", seed=seed)
    assert names(compared()) == {"relu", "leaky_relu slope=0.3", "elu"}


def test_a_plugin_is_part_of_its_activation(make: Make, compared: Compared) -> None:
    """One's own beside a built-in one, for which it was not loaded."""
    own = []
    for seed in range(2):
        make(activation="relu", seed=seed)
        own += [make({"plugins": {"/a/mine.py": "ab" * 32}}, activation="tanh", seed=seed)]
    comparison = compared()
    assert {row.name: row.state for row in comparison.rows} == {"relu": RANKED, "tanh": RANKED}
    assert own[0].name in comparison.next_steps[0], "the other config does not name the plugin"


def test_a_plugin_that_was_edited_makes_rows_of_its_own(make: Make, compared: Compared) -> None:
    for seed, content in product(range(2), ("ab", "cd")):
        make({"plugins": {"/a/mine.py": content * 32}}, seed=seed)
    comparison = compared()
    assert names(comparison) == {"class=abababab", "class=cdcdcdcd"}
    assert "`" not in comparison.next_steps[0], "the older one cannot be trained any more"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dataset_sha256": "cd" * 32}, "dataset digits cdcdcdcd instead of digits abababab"),
        ({"config": {"epochs": 9}}, "epochs 9 instead of 3"),
        ({"config": {"data": {"validation": 50}}}, "data.validation 50 instead of 100"),
        ({"code_sha256": "ef" * 32}, "code efefefef instead of"),
    ],
)
def test_what_forbids_a_comparison(
    make: Make, changes: dict[str, Any], reason: str, compared: Compared, said: Holds
) -> None:
    for activation, seed in product(("relu", "tanh"), range(3)):
        make(activation=activation, seed=seed)
    odd = make({**changes, "best": {"val_correct": 100}}, activation="relu", seed=7)
    comparison = compared()
    assert [run.run.id for run in comparison.rows[-1].runs] == [odd.name]
    assert comparison.rows[-1].state == APART
    assert reason in comparison.rows[-1].reason
    assert comparison.verdict[-1].startswith("Listed separately, not comparable: ")
    assert reason in comparison.verdict[-1]
    assert all(row.name in ("relu", "tanh") for row in comparison.rows[:-1])


def test_other_epochs_in_many_runs_are_a_choice(
    make: Make, compared: Compared, said: Holds
) -> None:
    for seed in range(3):
        make({"best": scored(0.8)}, activation="relu", seed=seed)
        make({"config": {"epochs": 9}, "best": scored(0.9)}, activation="tanh", seed=seed)
    comparison = compared()
    assert [row.name for row in comparison.rows] == ["tanh/epochs=9", "relu/epochs=3"]
    assert comparison.verdict[0].startswith("Best: tanh/epochs=9")
    assert said(comparison.warnings, "different numbers of epochs")
    assert said(comparison.warnings, "activation and epochs change together")


@pytest.mark.parametrize(
    "changes",
    [
        {"versions": {"git_commit": "another", "nnbasic": "9"}},
        {"config": {"diagnostics": False}},
        {"config": {"data": {"dataset": "digits"}}},
    ],
)
def test_what_does_not_change_the_result_splits_no_row(
    make: Make, changes: dict[str, Any], compared: Compared
) -> None:
    make(seed=0)
    make(changes, seed=1)
    make(changes, seed=2)
    assert names(compared()) == {"the network"}


def test_what_is_only_noted(make: Make, compared: Compared, said: Holds) -> None:
    make(seed=0)
    make(seed=1)
    odd = make({"threads": 64, "versions": {"numpy": "1.0"}}, seed=2)
    comparison = compared()
    assert comparison.warnings == ()
    assert said(comparison.notes, "Times are not comparable: threads 64 instead of", odd.name)
    assert said(comparison.notes, "last digits may differ", "NumPy 1.0 instead of", odd.name)


def test_keys_that_are_asked_for_name_the_rows(make: Make, compared: Compared) -> None:
    for seed in range(2):
        make(activation="relu", init="he", seed=seed)
        make(activation="tanh", init="xavier", optimizer=FAST, seed=seed)
    assert names(compared(by=["activation"])) == {"relu", "tanh"}
    assert names(compared(by=["lr"])) == {"lr=0.1", "lr=0.2"}
    assert names(compared(by=["optimizer.lr", "init"])) == {"lr=0.1/he", "lr=0.2/xavier"}


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ([range(6), range(10)], range(6)),
        ([range(3), range(3), range(1)], range(3)),
        ([range(3), range(1, 4)], range(1, 3)),
        ([range(2), range(2, 4)], range(2)),
        ([range(1), range(1), range(1)], range(1)),
        ([], range(0)),
    ],
)
def test_the_seeds_that_leave_most_to_compare(rows: list[range], shared: range) -> None:
    assert shared_seeds([dict.fromkeys(row, 0.9) for row in rows]) == set(shared)


def test_a_lucky_run_does_not_lead(make: Make, compared: Compared) -> None:
    for activation, seed in product(("relu", "tanh"), range(3)):
        make({"best": scored(0.8 + 0.01 * seed)}, activation=activation, seed=seed)
    make({"best": scored(1.0)}, activation="elu", seed=0)
    make({"status": "failed"}, activation="elu", seed=1)
    comparison = compared()
    assert comparison.rows[-1].name == "elu"
    assert comparison.rows[-1].reason == "no result for seed 1, 2, failed"
    assert "elu (no result for seed 1, 2, failed)" in comparison.verdict[-1]
    assert comparison.seeds == (0, 1, 2)


def test_means_and_differences_are_of_the_same_seeds(
    make: Make, compared: Compared, said: Holds
) -> None:
    for seed in range(3):
        make({"best": scored(0.9)}, activation="relu", seed=seed)
        make({"best": scored(0.8)}, activation="tanh", seed=seed)
    extra = make({"best": scored(0.2)}, activation="relu", seed=3)
    comparison = compared()
    first, second = comparison.rows
    assert first.val_accuracy[:2] == (3, pytest.approx(0.9))
    assert second.difference is not None
    assert second.difference.mean == pytest.approx(-0.1)
    assert said(comparison.warnings, "not all ranked rows have their seed", extra.name)


def on_all_images(make: Make, activation: str, seed: int) -> None:
    """A run that held nothing out, though its record is otherwise that of one that did."""
    blind, config = scored(None), {"data": {"validation": 0}}
    edited = {"best": blind, "last": blind, "val_images": 0, "config": config}
    make({**edited, "test_accuracy": 0.9 + seed / 100}, activation=activation, seed=seed)


def test_runs_on_all_training_images_are_ranked_by_nothing(make: Make, compared: Compared) -> None:
    for activation, seed in product(("relu", "tanh"), range(2)):
        on_all_images(make, activation, seed)
    comparison = compared()
    assert {row.reason for row in comparison.rows} == {"nothing held out for validation"}
    assert comparison.verdict == (
        "No row can be ranked.",
        "Listed separately, not comparable: relu and tanh (nothing held out for validation).",
    )
    (table,) = tables.rows(comparison, tables.Wanted())
    assert table.rows[0] == ("relu", "2", "90.50 ± 0.71", "nothing held out for validation")


def test_runs_with_validation_are_ranked_however_many_had_none(
    make: Make, compared: Compared
) -> None:
    for seed in range(3):
        on_all_images(make, "relu", seed)
    for activation, seed in product(("relu", "tanh"), range(1)):
        make({"best": scored(0.9)}, activation=activation, seed=seed)
    comparison = compared()
    assert [row.state for row in comparison.rows] == [RANKED, RANKED, APART]
    assert comparison.rows[-1].reason == "nothing held out for validation"


def test_two_runs_of_which_one_held_nothing_out(make: Make, compared: Compared) -> None:
    make({"best": scored(0.9)})
    on_all_images(make, "relu", 0)
    assert compared().verdict[0] == (
        "validation=100 reached 90.00 % validation accuracy; validation=0 has nothing held out for"
        " validation (test accuracy 90.00 %)."
    )
