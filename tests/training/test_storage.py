"""Lines of JSON are strict, and what a crash left of a file of them can be read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from nnbasic.training.storage import json_line, read_lines


def test_a_line_is_strict_json_that_says_which_numbers_were_not_finite() -> None:
    line = json_line({"epoch": 1, "loss": math.inf, "other": math.nan, "lr": 0.1, "none": None})
    assert line.endswith("\n")
    assert json.loads(line, parse_constant=pytest.fail) == {
        "epoch": 1,
        "loss": None,
        "other": None,
        "lr": 0.1,
        "none": None,
        "non_finite": {"loss": "inf", "other": "nan"},
    }


def test_numbers_come_back_bit_for_bit() -> None:
    values = {"a": 0.1 + 0.2, "b": 5e-324, "c": 1 / 3, "d": 12345678.9}
    assert json.loads(json_line(values)) == values


@pytest.mark.parametrize(
    "tail", ['{"epoch": 3, "lo', "garbage", "\x00\x00", "[1]", "3", '"text"', "\xff", "[" * 100_000]
)
def test_reading_stops_at_a_torn_line(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "a.jsonl"
    whole = json_line({"epoch": 1}) + json_line({"epoch": 2})
    path.write_bytes(whole.encode() + tail.encode("latin-1"))
    rows, problem = read_lines(path)
    assert rows == [{"epoch": 1}, {"epoch": 2}]
    assert problem is not None
    assert problem.startswith(f"{path}: line 3 and what follows are left out: ")


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "no.jsonl") == ([], None)
