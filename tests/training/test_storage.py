"""JSON of others is strict, and what a crash left of a file of lines can be read."""

import json
from pathlib import Path

import pytest

from nnbasic.training.storage import parse_json, read_lines, with_epoch


@pytest.mark.parametrize(
    "content",
    [
        "NaN", "-Infinity", "1e999", "1" * 101, "[" * 21 + "]" * 21,
        "[" * 100_000, '"\\ud800"', '{"\\udfff": 1}', "", "\xff",
    ],
)  # fmt: skip
def test_json_that_others_would_trip_over_is_refused(content: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, the messages are for people
        parse_json(content.encode("latin-1"))


def test_json_that_only_looks_so_is_read() -> None:
    texts = ["1" * 200, "\\ud800", "[" * 50, "\U0001f600"]
    assert parse_json(json.dumps(texts).encode()) == texts


@pytest.mark.parametrize(
    "tail",
    ['{"epoch": 3, "lo', "garbage", "\0\0", "[1]", '{"epoch": "3"}', "\xff", "[" * 9999],
)
def test_reading_stops_at_a_torn_line(tmp_path: Path, tail: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"epoch": 1}\n{"epoch": 2}\n' + tail.encode("latin-1"))
    rows = read_lines(path, with_epoch)
    assert rows == [{"epoch": 1}, {"epoch": 2}]
    assert str(rows.problem).startswith(f"{path}: line 3 and what follows are left out: ")
