"""What a comparison is told in: which blocks there are, with which figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nnbasic.compare import text
from nnbasic.compare.blocks import Curves, Sentences, Table, Wanted, blocks
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.significance import Contrast
from support import scored

Make = Callable[..., Path]
Compared = Callable[..., Comparison]

CROSSED = {
    ("relu", "he"): 0.92,
    ("relu", "xavier"): 0.90,
    ("tanh", "he"): 0.80,
    ("tanh", "xavier"): 0.86,
}
"""He is better for relu and Xavier for tanh."""


@pytest.fixture
def crossed(make: Make) -> None:
    for (activation, init), mean in CROSSED.items():
        for seed in range(4):
            wobble = 0.001 * ((seed * len(activation + init)) % 3)
            make({"best": scored(mean + wobble)}, activation=activation, init=init, seed=seed)


def tables(comparison: Comparison, wanted: Wanted | None = None) -> list[Table]:
    found = blocks(comparison, wanted or Wanted())
    return [block for block in found if isinstance(block, Table)]


def titled(comparison: Comparison, words: str) -> Sentences | Table | Curves:
    (block,) = (block for block in blocks(comparison, Wanted()) if words in block.title)
    return block


@pytest.mark.usefixtures("crossed")
def test_each_choice_has_its_levels_with_share_and_interval(compared: Compared) -> None:
    comparison = compared()
    table = titled(comparison, "What each choice does")
    assert isinstance(table, Table)
    assert [field.head for field in table.names] == ["choice", "value"]
    assert table.names[0].cells == ("activation", "", "init", "")
    assert table.names[1].cells == ("relu", "tanh", "xavier", "he")
    figures = {field.head: field.cells for field in table.figures}
    assert list(figures) == ["share", "mean %", "difference (95 %)", "alike"]
    assert comparison.effects is not None
    share = comparison.effects.factors[0].share
    assert share is not None
    assert figures["share"][0] == f"{100 * share:.0f} %"
    relu, tanh = (float(cell) for cell in figures["mean %"][:2])
    first, second = figures["difference (95 %)"][:2]
    assert first == "–"
    assert float(second.split(" (")[0]) == pytest.approx(tanh - relu, abs=0.011)
    assert figures["alike"][:2] == ("a", "b")


@pytest.mark.usefixtures("crossed")
def test_where_one_depends_on_the_other_each_is_told_at_each(compared: Compared) -> None:
    block = titled(compared(), "What the activation does at each init")
    assert isinstance(block, Sentences)
    starts = [line.partition(":")[0] for line in block.lines]
    assert starts == ["init he", "init xavier", "activation relu", "activation tanh"]
    assert block.lines[2].startswith("activation relu: he 92.")
    assert block.lines[3].startswith("activation tanh: xavier 86.")
    assert block.lines[3].endswith(" b")


def test_choices_that_do_not_depend_on_each_other_are_not_told_twice(
    make: Make, compared: Compared
) -> None:
    for activation, init in CROSSED:
        for seed in range(3):
            accuracy = (0.9 if activation == "relu" else 0.8) + 0.01 * seed
            make({"best": scored(accuracy)}, activation=activation, init=init, seed=seed)
    titles = [block.title for block in blocks(compared(), Wanted())]
    assert not any(" at each " in title for title in titles)
    assert any("each choice" in title for title in titles)


def test_one_choice_is_in_the_table_of_rows_alone(make: Make, compared: Compared) -> None:
    for activation in ("relu", "tanh"):
        for seed in range(2):
            make({"best": scored(0.9 + 0.01 * seed)}, activation=activation, seed=seed)
    (table,) = tables(compared())
    assert [field.head for field in table.names] == ["activation"]


@pytest.mark.usefixtures("crossed")
def test_p_is_told_on_request(compared: Compared) -> None:
    comparison = compared()
    for asked in (False, True):
        found = tables(comparison, Wanted(p_values=asked))
        assert all(("p" in {f.head for f in table.figures}) == asked for table in found)


def test_one_seed_has_no_figure_of_chance(make: Make, compared: Compared) -> None:
    for activation, init in CROSSED:
        make(activation=activation, init=init)
    rows, choices = tables(compared(), Wanted(p_values=True))
    assert [field.head for field in rows.figures] == ["n", "accuracy %", "difference"]
    assert rows.legend == ""
    assert [field.head for field in choices.figures] == ["mean %", "difference"]


def test_rows_that_are_not_ranked_say_why(make: Make, compared: Compared) -> None:
    for seed in range(2):
        for activation in ("relu", "tanh"):
            make({"best": scored(0.9)}, activation=activation, seed=seed)
    make({"status": "diverged"}, activation="elu")
    ranked, apart = tables(compared())
    assert ranked.names[0].cells == ("relu", "tanh")
    assert apart.names[0].cells == ("elu",)
    assert apart.figures[-1] == ("not ranked for", ("1 diverged of 1",))


def test_two_runs_are_two_curves_and_no_table(make: Make, compared: Compared) -> None:
    for seed in range(2):
        make(seed=seed)
    comparison = compared()
    (curves,) = (block for block in blocks(comparison, Wanted()) if isinstance(block, Curves))
    assert curves.names == ("seed 0", "seed 1")
    assert tables(comparison) == []
    epoch, first, _ = curves.table().figures
    assert epoch.cells == ("1", "2", "3")
    assert [float(cell) for cell in first.cells] == pytest.approx(
        [100 * (value or 0) for value in comparison.curves[0].val_accuracy]
    )
    assert len(tables(comparison, Wanted(details=True))) == 2


@pytest.mark.parametrize(
    ("mean", "ci95", "told"),
    [
        (-0.0025, (-0.005, -0.00001), "-0.25 (-0.50 to 0.00)"),
        (0.0, (-0.001, 0.001), "0.00 (-0.10 to +0.10)"),
        (-0.2264, (-1.0, 0.5472), "-22.64 (cannot tell)"),
        (0.01, None, "+1.00"),
    ],
)
def test_a_difference_is_told_as_far_as_it_is_known(
    mean: float, ci95: tuple[float, float] | None, told: str
) -> None:
    assert text.difference(Contrast(mean, ci95=ci95)) == told
