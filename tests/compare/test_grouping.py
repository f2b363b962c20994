"""What makes a row, what names it, and what keeps runs apart."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from nnbasic.cli.comparing import in_terminal
from nnbasic.compare.blocks import Wanted
from nnbasic.compare.comparison import Comparison
from nnbasic.training import RunError
from nnbasic.training.collection import collect

Make = Callable[..., Path]
Compared = Callable[..., Comparison]
Said = Callable[..., bool]


def test_runs_that_differ_in_the_seed_make_a_row(make: Make, compared: Compared) -> None:
    made = {
        name: [make(activation=name, seed=seed) for seed in range(6)] for name in ("relu", "tanh")
    }
    comparison = compared()
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset_sha256": "cd" * 32}, ["dataset digits cdcdcdcd instead of digits abababab"]),
        ({"config": {"epochs": 9}}, ["epochs 9 instead of 3"]),
        ({"config": {"data": {"validation": 50}}}, ["data.validation 50 instead of 100"]),
        ({"code_sha256": "ef" * 32}, ["code efefefef instead of"]),
    ],
)
def test_what_forbids_a_comparison(
    make: Make, changes: dict[str, Any], words: list[str], compared: Compared, said: Said
) -> None:
    for seed in range(3):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    better = {"best": {"val_accuracy": 1.0}}
    odd = make({**changes, **better}, activation="relu", seed=7)
    comparison = compared()
    assert [len(group.runs) for group in comparison.groups] == [3, 3, 1]
    first, _, last = comparison.groups
    assert last.runs[0].run.id == odd.name
    assert not last.comparable
    assert last.difference is None
    assert set(first.key) == {"activation"}, "what all compared rows share names none of them"
    assert set(last.key) > set(first.key)
    assert said(comparison.warnings, odd.name, "No fair comparison", *words)


def test_unequal_terms_are_apart_however_rows_are_made(make: Make, compared: Compared) -> None:
    for seed in range(2):
        make(seed=seed)
    make({"dataset_sha256": "cd" * 32}, seed=2)
    assert [len(group.runs) for group in compared(by=["init"]).groups] == [2, 1]


def test_equally_many_of_two_terms_take_the_latest(make: Make, compared: Compared) -> None:
    make({"code_sha256": "1" * 64})
    newer = make({"code_sha256": "2" * 64})
    assert compared().groups[0].runs[0].run.id == newer.name


def test_what_is_only_noted(make: Make, compared: Compared, said: Said) -> None:
    for seed in range(3):
        make({"threads": 1}, seed=seed)
    odd = make({"threads": 64, "versions": {"numpy": "1.0", "blas": "other"}}, seed=3)
    comparison = compared()
    assert len(comparison.groups) == 1
    assert comparison.warnings == ()
    assert said(comparison.notes, "Seconds do not compare", "threads 64 instead of 1", odd.name)
    assert said(comparison.notes, "NumPy 1.0 instead of", "BLAS other", odd.name)


def test_another_commit_or_version_of_the_same_code_is_no_difference(
    make: Make, compared: Compared
) -> None:
    make({"versions": {"nnbasic": "1", "git_commit": "a" * 40}}, seed=0)
    make({"versions": {"nnbasic": "2", "git_commit": "b" * 40 + "-dirty"}}, seed=1)
    comparison = compared()
    assert [len(group.runs) for group in comparison.groups] == [2]
    assert (comparison.differs, comparison.warnings) == ((), ())


class TestSearchedRates:
    """`nnbasic sweep --lr-search` gives each choice its own rate."""

    RATES = MappingProxyType({"relu": 0.1, "tanh": 0.05})

    def searched(self, make: Make, activation: str, seed: int) -> None:
        rate = self.RATES[activation]
        optimizer = {"name": "sgd", "lr": rate, "momentum": 0.9}
        search = {"given": 0.1, "chosen": rate, "tried": {"0.05": 0.4, "0.1": 0.5}, "seeds": 2}
        make({"rate_search": search}, activation=activation, seed=seed, optimizer=optimizer)

    @pytest.fixture
    def sweep(self, make: Make) -> None:
        for activation, seed in product(self.RATES, range(2)):
            self.searched(make, activation, seed)

    def test_they_are_no_choice(self, sweep: None, compared: Compared, said: Said) -> None:
        comparison = compared()
        assert comparison.differs == ("activation",)
        assert "optimizer.lr" in comparison.implied
        assert comparison.same["lr_search"] is True
        assert {g.label for g in comparison.groups} == {"activation=relu", "activation=tanh"}
        assert said(comparison.notes, "learning rate of each row was searched")
        assert not said(comparison.notes, "another one may order them otherwise")
        assert comparison.warnings == ()

    def test_by_activation_nothing_is_mixed(self, sweep: None, compared: Compared) -> None:
        assert compared(by=["activation"]).warnings == ()

    @pytest.mark.parametrize("by", [None, ["activation"], ["init"]])
    def test_they_are_compared_apart_from_fixed_ones(
        self, sweep: None, make: Make, compared: Compared, by: list[str] | None
    ) -> None:
        """relu's were searched too, and have the same config."""
        for activation, seed in product(self.RATES, range(2)):
            make(activation=activation, seed=seed)
        comparison = compared(by=by)
        assert comparison.searched is not None
        for part, expected in ((comparison, {False}), (comparison.searched, {True})):
            for group in part.groups:
                assert {run.record.rate_search is not None for run in group.runs} == expected
            if by != ["init"]:
                names = {f"activation={name}" for name in self.RATES}
                assert {group.label for group in part.groups} == names

    def test_beside_several_fixed_rates_they_have_none(
        self, sweep: None, make: Make, compared: Compared, said: Said
    ) -> None:
        for rate in (0.1, 0.01):
            make(activation="relu", optimizer={"name": "sgd", "lr": rate, "momentum": 0.9})
        comparison = compared(by=["init"])
        assert comparison.searched is not None
        assert said(comparison.warnings, "all runs mixes", "lr 0.1 (", "0.01 (")
        assert not said(comparison.searched.warnings, "optimizer.lr")
        comparison = compared()
        assert comparison.searched is not None
        assert {g.label for g in comparison.groups} == {"lr=0.1", "lr=0.01"}
        names = {f"activation={name}" for name in self.RATES}
        assert {g.label for g in comparison.searched.groups} == names


def test_names_are_made_of_what_differs(make: Make, compared: Compared) -> None:
    make(activation="prelu", init="he")
    make(activation="relu", init="he")
    assert {g.label for g in compared().groups} == {"activation=prelu", "activation=relu"}
    make(activation={"name": "prelu", "slope": 0.1}, init="he")
    assert {g.label for g in compared().groups} == {
        "activation=prelu slope=0.25",
        "activation=prelu slope=0.1",
        "activation=relu",
    }
    make(activation="relu", init="xavier", optimizer={"name": "sgd", "lr": 0.05, "momentum": 0.9})
    labels = [group.label for group in compared().groups]
    assert "activation=relu init=xavier lr=0.05" in labels
    assert "activation=prelu slope=0.25 init=he lr=0.1" in labels


def test_an_activation_for_each_layer(make: Make, compared: Compared) -> None:
    make(layers=[784, 8, 8, 10], activation="relu")
    make(layers=[784, 8, 8, 10], activation=["relu", "tanh"])
    labels = {group.label for group in compared().groups}
    assert "activation=relu" in labels
    assert any(label.startswith("activation=[{") and "tanh" in label for label in labels)


def test_by_names_what_it_mixes(make: Make, compared: Compared, said: Said) -> None:
    slow = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
    for seed in range(3):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    odd = [make(activation="relu", optimizer=slow, seed=seed) for seed in range(2)]
    comparison = compared(by=["activation"])
    assert {g.label: len(g.runs) for g in comparison.groups} == {
        "activation=relu": 5,
        "activation=tanh": 3,
    }
    assert comparison.differs == ("activation", "optimizer.lr")
    relu = next(group for group in comparison.groups if len(group.runs) == 5)
    assert relu.measures.val_accuracy.n == 2, "a seed counts once, if it has all of the configs"
    assert said(comparison.warnings, "activation=relu mixes", "0.1 (", "0.01 (", odd[0].name)
    assert said(comparison.warnings, "optimizer.lr is not the same in all rows")
    assert said(comparison.warnings, "activation=relu has not all of its configs for seed 2")
    assert not said(comparison.warnings, "activation=tanh")
    assert not said(compared().warnings, "mixes")


def test_by_keys_that_are_unknown(make: Make, compared: Compared) -> None:
    make()
    make(activation="tanh")
    with pytest.raises(RunError, match=r"'activaton'.*did you mean activation"):
        compared(by=["init", "activaton"])
    with pytest.raises(RunError, match="these differ: activation"):
        compared(by=["seed"])
    assert len(compared(by=["activation.name"]).groups) == 2
    assert len(compared(by=["init"]).groups) == 1


def test_what_leaves_the_result_as_it_is_splits_no_row(make: Make, compared: Compared) -> None:
    for seed, diagnostics in enumerate((True, False, True)):
        make(diagnostics=diagnostics, seed=seed)
    make({"config": {"plugins": ["/there/mine.py"]}}, seed=3)
    make({"config": {"data": {"dataset": "digits"}}}, seed=4)
    comparison = compared()
    assert [len(group.runs) for group in comparison.groups] == [5]
    assert comparison.differs == ()
    twice = make(diagnostics=False, seed=0)
    assert compared().groups[0].counted[0].run.id == twice.name, "it repeats the first one"
    assert compared().groups[0].measures.val_accuracy.n == 5


def test_a_row_that_does_not_compare_adds_no_keys_to_the_others(
    make: Make, compared: Compared
) -> None:
    for seed in range(2):
        make(activation="relu", seed=seed)
        make(activation="tanh", seed=seed)
    wide = [784, 9, 10]
    make({"config": {"epochs": 9, "layers": wide}}, activation="relu", init="xavier")
    comparison = compared()
    assert comparison.columns == comparison.differs == ("activation",)
    assert [set(group.key) for group in comparison.groups[:2]] == [{"activation"}] * 2
    apart = comparison.groups[2]
    assert apart.apart == "epochs 9 instead of 3"
    assert {"activation", "init", "layers", "epochs"} <= set(apart.key)


def test_two_runs_of_one_seed_differ_in_nothing(make: Make, compared: Compared) -> None:
    make(seed=0)
    make(seed=0)
    assert "Differs: nothing" in "\n".join(in_terminal(compared(), Wanted(explain=True), 80))
    make(seed=1)
    assert "Differs: the seed only" in "\n".join(in_terminal(compared(), Wanted(explain=True), 80))


def test_what_a_run_was_made_of_is_worked_out_once(make: Make, runs: Path) -> None:
    make()
    (first,), (second,) = (collect(runs)[0] for _ in range(2))
    assert first.values is first.values
    assert first.values is not second.values, "another reading of the same directory"
    assert first.values == second.values
