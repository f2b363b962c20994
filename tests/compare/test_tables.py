"""A comparison as sentences and tables."""

import itertools

import pytest

from nnbasic.compare.cells import difference, points
from nnbasic.compare.significance import Contrast
from nnbasic.compare.tables import Block, Wanted, blocks
from support import Compare, Make, scored


def column(table: Block, head: str) -> tuple[str, ...]:
    return tuple(row[table.head.index(head)] for row in table.rows)


@pytest.fixture
def crossed(make: Make) -> None:
    """tanh suffers from xavier: the effect of one depends on the other."""
    for seed, activation, init in itertools.product(range(3), ("relu", "tanh"), ("he", "xavier")):
        accuracy = (
            0.9
            - 0.05 * (activation == "tanh")
            - 0.2 * (activation, init).count("xavier") * (activation == "tanh")
        )
        make({"best": scored(accuracy + 0.01 * seed)}, activation=activation, init=init, seed=seed)


def test_rows_and_levels(crossed: None, compare_runs: Compare) -> None:
    rows, levels = (b for b in blocks(compare_runs(), Wanted()) if b.rows)
    assert column(rows, "activation") == ("relu", "relu", "tanh", "tanh")
    assert column(rows, "accuracy %")[0] == "91.00 ± 1.00"
    assert column(rows, "group") == ("a", "a", "b", "c")
    assert column(levels, "choice") == ("activation", "", "init", "")
    assert column(levels, "value") == ("relu", "tanh", "he", "xavier")
    assert column(levels, "mean %") == ("91.00", "76.00", "88.50", "78.50")
    assert column(levels, "difference (95 %)")[1].startswith("-15.00 (-16.0")


def test_simple_effects_and_p_values(crossed: None, compare_runs: Compare) -> None:
    found = list(blocks(compare_runs(), Wanted(p_values=True)))
    simple = next(b for b in found if "Effect of the" in b.title and b.lines)
    assert simple.title == "Effect of the activation at each init, and the other way round:"
    assert simple.lines[0] == "init he: relu 91.00 a, tanh 86.00 b"
    assert any(
        "p of no effect: activation <.001" in line for b in found if b.lines for line in b.lines
    )
    assert all("p" in block.head for block in found if block.rows)


def test_one_seed_has_no_figure_of_chance(make: Make, compare_runs: Compare) -> None:
    for activation in ("relu", "tanh", "elu"):
        make({"best": scored(0.9)}, activation=activation)
    (rows,) = (b for b in blocks(compare_runs(), Wanted(p_values=True)) if b.rows)
    assert rows.head == ("activation", "n", "accuracy %", "difference")
    assert column(rows, "difference") == ("–", "0.00", "0.00")


def test_rows_that_failed_say_so_in_the_table(make: Make, compare_runs: Compare) -> None:
    for seed in range(2):
        make({"best": scored(0.9)}, activation="relu", seed=seed)
        make({"best": scored(0.8)}, activation="tanh", seed=seed)
        make({"last": scored(0.1), "best": scored(0.1)}, activation="sigmoid", seed=seed)
        lost = {"last": scored(0.1), "best": scored(0.1)} if seed else {"best": scored(0.95)}
        make(lost, activation="elu", seed=seed)
    make({"config": {"epochs": 9}}, activation="relu", seed=0)
    rows, others = (b for b in blocks(compare_runs(), Wanted()) if b.rows)
    assert column(rows, "activation") == ("relu", "tanh", "elu", "sigmoid")
    assert column(rows, "accuracy %")[2:] == ("10.00 to 95.00", "10.00 ± 0.00")
    assert column(rows, "group")[2:] == ("failed 1/2", "failed 2/2")
    assert rows.legend.endswith("failed: collapsed or diverged")
    assert column(others, "not comparable") == ("epochs 9 instead of 3",)


@pytest.mark.parametrize(
    ("contrast", "text"),
    [
        (None, "–"),
        (Contrast(-0.0123), "-1.23"),
        (Contrast(-0.0123, ci95=(-0.02, 0.001)), "-1.23 (-2.00 to +0.10)"),
        (Contrast(-0.3, ci95=(-0.9, 0.3)), "-30.00"),
    ],
)
def test_a_difference_is_shown_as_far_as_it_is_known(contrast: Contrast | None, text: str) -> None:
    assert difference(contrast) == text


@pytest.mark.parametrize(("share", "text"), [(-0.00001, "0.00"), (0.0, "0.00"), (0.0025, "+0.25")])
def test_nothing_has_a_sign(share: float, text: str) -> None:
    assert points(share) == text
