"""The course of a run, drawn in the terminal and into a file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nnbasic.cli.accuracy_curve import ROWS, accuracy_curve
from support import figures, words

Command = Callable[..., Any]


def drawn(*values: float | None, room: int = 80) -> tuple[list[str], str]:
    """The lines of the curve without their labels, and the name above them."""
    metrics = list(map(figures, values))
    name, *lines = accuracy_curve(metrics, room)
    assert max(map(len, lines)) <= room
    return [line[8:] for line in lines[:ROWS]], name


def heights(lines: list[str]) -> list[int]:
    """For each column of dots, the rows of dots, from the bottom, that the curve is in."""
    found = []
    for column in range(2 * max(map(len, lines))):
        places = [
            4 * (ROWS - row) - dot
            for row, line in enumerate(lines)
            for dot, bits in enumerate(((1, 8), (2, 16), (4, 32), (64, 128)))
            if column // 2 < len(line)
            and line[column // 2] != " "
            and (ord(line[column // 2]) - 0x2800) & bits[column % 2]
        ]
        found.append(max(places, default=0))
    return [each for each in found if each]


def test_a_curve_rises_with_the_accuracy_without_gaps() -> None:
    lines, name = drawn(0.5, 0.6, 0.7, 0.8)
    assert name == "validation accuracy, %"
    rows = heights(lines)
    assert rows == sorted(rows)
    assert len(rows) == 120
    assert (rows[0], rows[-1]) == (1, 4 * ROWS)
    assert all(b - a <= 1 for a, b in pairwise(rows))
    rows = heights(drawn(0.9, 0.5, 0.7)[0])
    assert (rows[0], min(rows), rows.index(min(rows)) // 10, rows[-1]) == (28, 1, 5, 14)


def test_one_epoch_makes_no_curve() -> None:
    lines = accuracy_curve([figures(0.9623)], 80)
    assert lines == ["validation accuracy, %: 96.23 after the only epoch"]


def test_the_ends_are_labelled() -> None:
    metrics = list(map(figures, (0.9, 0.98, 0.9712)))
    _, *lines = accuracy_curve(metrics, 50)
    assert lines[0].startswith("98.00 ┤")
    assert lines[ROWS - 1].startswith("90.00 ┤")
    assert lines[-1].split() == ["epoch", "1", "3"]
    assert max(map(len, lines)) <= 50


@pytest.mark.parametrize("values", [[0.5, 0.5], [0.1] * 1000])
def test_no_spread_is_no_error(values: list[float]) -> None:
    lines, _ = drawn(*values)
    assert set(heights(lines)) == {1}


def test_what_there_is_instead() -> None:
    metrics = [figures(None)] * 2
    assert accuracy_curve(metrics, 80)[0] == "training accuracy, %"
    assert accuracy_curve([], 80) == []


def test_train_and_show_draw_it(nnbasic: Command) -> None:
    said = nnbasic("train", "--config", "small", "-q", "--curve")
    curve = said.out.partition("\n\n")[2]
    assert curve.startswith("validation accuracy, %\n")
    assert curve in nnbasic("runs", "show", "--curve").out
    assert "┤" not in nnbasic("runs", "show").out
    assert nnbasic("train", "--config", "small", "-q", "--curve", "--json").json()


@pytest.mark.parametrize(
    ("file", "first_bytes"), [("x.png", b"\x89PNG"), ("x.svg", b"<?xml"), ("x.pdf", b"%PDF")]
)
def test_a_figure(runs: Path, nnbasic: Command, file: str, first_bytes: bytes) -> None:
    nnbasic("runs", "rename", "latest", "$5$ <b>")
    said = nnbasic("runs", "show", "--json", "--figure", file)
    assert said.err == f"The figure is in {file}\n"
    assert said.json()["name"] == "$5$ <b>"
    content = Path(file).read_bytes()
    assert content.startswith(first_bytes)
    if file == "x.svg":
        shown = {"training", "validation", "accuracy, %", "loss", "best: epoch 2"}
        assert shown <= words(Path(file))
