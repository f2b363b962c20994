"""Files are replaced whole, and what a crash left of a JSON Lines file can be read."""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import IO

import pytest

from nnbasic.runs.files import json_line, read_lines, replace, write_text


def test_a_replaced_file_holds_the_new_content_and_nothing_stands_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")
    write_text(path, "nëu\n")
    assert path.read_bytes() == "nëu\n".encode()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def write(file: IO[bytes]) -> None:
        file.write(b"half of the n")
        raise error

    with pytest.raises(type(error)):
        replace(path, write)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_readers_never_see_a_part(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    texts = {letter * 100_000 for letter in "ab"}
    write_text(path, "a" * 100_000)
    stop = threading.Event()

    def writer() -> None:
        while not stop.is_set():
            for text in texts:
                write_text(path, text)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        seen = {path.read_text() for _ in range(300)}
    finally:
        stop.set()
        thread.join()
    assert seen <= texts


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
    assert read_lines(path) == [{"epoch": 1}, {"epoch": 2}]


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "no.jsonl") == []
