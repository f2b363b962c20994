"""Which choices rows are made of, and what they are called."""

from __future__ import annotations

from nnbasic.compare.crossing import crossing, name


def test_keys_that_all_rows_have_are_factors() -> None:
    found = crossing(
        [
            {"activation": "relu", "init": "he", "optimizer.lr": 0.1},
            {"activation": "relu", "init": "xavier", "optimizer.lr": 0.1},
        ]
    )
    assert found.keys == ("activation", "init", "optimizer.lr")
    assert found.cells == (("relu", "he", "0.1"), ("relu", "xavier", "0.1"))
    assert found.varied == ("init",)


def test_a_hyperparameter_of_some_belongs_to_its_component() -> None:
    found = crossing(
        [
            {"activation": "relu", "init": "he"},
            {"activation": "leaky_relu", "activation.slope": 0.01, "init": "he"},
            {"activation": "leaky_relu", "activation.slope": 0.2, "init": "he"},
        ]
    )
    assert found.keys == ("activation", "init")
    assert [cell[0] for cell in found.cells] == [
        "relu",
        "leaky_relu slope=0.01",
        "leaky_relu slope=0.2",
    ]


def test_no_rows() -> None:
    assert crossing([]) == ((), ())
    assert crossing([{}]).cells == ((),)


def test_names_for_sentences() -> None:
    assert name({"activation": "relu", "init": "he"}) == "relu/he"
    assert name({"activation": "relu", "optimizer.lr": 0.1}) == "relu/lr=0.1"
    assert name({}) == "all runs"
