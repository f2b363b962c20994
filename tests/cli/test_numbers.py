"""Figures as text, and tables where stdout lacks their marks."""

import os
from pathlib import Path

import pytest

from nnbasic.cli.numbers import accuracy
from support import edit, run


@pytest.mark.parametrize(
    ("share", "images", "text"),
    [
        (0.982, 10_000, "98.20 ± 0.13"),
        (1.0, 600, "100.00 (99.36–100.00)"),  # Wilson's interval, as statsmodels computes it
        (0.0, 600, "0.00 (0.00–0.64)"),
        (599 / 600, 600, "99.83 (99.06–99.97)"),
    ],
)
def test_near_the_ends_an_accuracy_has_an_interval(share: float, images: int, text: str) -> None:
    assert accuracy(share, images) == text


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp949"])
def test_marks_have_stand_ins_and_csv_stays_whole(runs: Path, encoding: str) -> None:
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    for command in ("runs", "list"), ("compare",):
        shown = run(*command, env=environment, encoding=encoding)
        assert (shown.code, shown.err) == (0, "")
        assert "?" not in shown.out
    edit(min(runs.iterdir()), config={"loss": {"name": "실행 é"}})
    written = run("compare", "--format", "csv", env=environment, encoding="utf-8")
    assert "실행 é" in written.out


def test_a_wrong_variable_of_the_progress_bars_is_one_message(workplace: Path) -> None:
    said = run("train", "--config", "small", env=os.environ | {"TQDM_MININTERVAL": "abc"})
    assert said.refused("TQDM_", "'abc'")
