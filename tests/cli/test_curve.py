"""The course of a run, drawn in the terminal and into a file."""

from pathlib import Path

import click
import pytest

from nnbasic.cli.charts import accuracy_curve
from support import Command, figures, words


def drawn(*values: float | None, room: int = 80) -> list[str]:
    """The lines of the curve without their colours."""
    return list(map(click.unstyle, accuracy_curve(list(map(figures, values)), room)))


def test_a_curve_rises_with_the_accuracy_between_labelled_ends() -> None:
    *picture, axis, _, legend = drawn(0.9, 0.95, 0.98, room=50)
    assert picture[0].startswith("98.00 % ")
    assert picture[-1].startswith("90.00 % ●")
    assert [row.index("●") for row in picture if "●" in row] == [49, 28, 8]
    assert axis.split() == ["epoch", "1", "3"]
    assert legend == "● validation accuracy, best 98.00 %"
    assert max(map(len, picture)) <= 50


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.1] * 1000])
def test_no_spread_is_no_error(values: list[float]) -> None:
    top, *rest, _, _, _ = drawn(*values)
    assert set(top) <= {*f"{100 * values[0]:.2f} %●·"}
    assert "●" not in "".join(rest)


def test_what_there_is_instead() -> None:
    assert drawn(0.9623) == ["● validation accuracy, best 96.23 %"]
    assert drawn(None, None)[-1] == "● training accuracy, best 90.00 %"
    assert drawn() == []


def test_train_and_show_draw_it(nnbasic: Command) -> None:
    said = nnbasic("train", "--config", "small", "-q", "--curve")
    curve = said.out.partition("\n\n")[2]
    assert "validation accuracy, best" in curve
    assert curve in nnbasic("runs", "show", "--curve").out
    assert "epoch 1 " not in nnbasic("runs", "show").out
    assert nnbasic("train", "--config", "small", "-q", "--curve", "--json").json()


def test_a_figure(runs: Path, nnbasic: Command) -> None:
    nnbasic("runs", "rename", "latest", "$5$ <b>")
    said = nnbasic("runs", "show", "--json", "--figure", "x.svg")
    assert said.err == "The figure is in x.svg\n"
    assert said.json()["name"] == "$5$ <b>"
    shown = {"training", "validation", "accuracy, %", "loss", "best: epoch 2"}
    assert shown <= words(Path("x.svg"))
