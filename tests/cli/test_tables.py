"""Tables of text: what fits, what is cut, what is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnbasic.cli.tables import Column, clip, pad, table, width, wrap

RUNS = [
    Column("id", ["2026-relu-aa", "2026-tanh-bb"], least=6),
    Column("status", ["finished", "running"]),
    Column("lr", ["0.1", "0.05"], number=True, optional=True),
    Column("seed", ["0", "10"], number=True, optional=True),
    Column("test %", ["97.50", "–"], number=True),
]


def test_numbers_are_aligned_right_and_words_left() -> None:
    lines, left_out = table(RUNS, 80)
    assert lines == [
        "id            status      lr  seed  test %",
        "2026-relu-aa  finished   0.1     0   97.50",
        "2026-tanh-bb  running   0.05    10       –",
    ]
    assert left_out == []


def test_first_a_column_is_cut() -> None:
    assert table(RUNS, 40) == (
        [
            "id          status      lr  seed  test %",
            "2026-relu-  finished   0.1     0   97.50",
            "2026-tanh-  running   0.05    10       –",
        ],
        [],
    )


def test_then_the_last_of_the_optional_columns_is_left_out() -> None:
    lines, left_out = table(RUNS, 35)
    assert lines[1] == "2026-relu-a  finished   0.1   97.50"
    assert left_out == ["seed"]
    lines, left_out = table(RUNS, 28)
    assert lines[1] == "2026-relu-  finished   97.50"
    assert left_out == ["lr", "seed"]


def test_what_must_be_there_is_there_however_narrow() -> None:
    lines, _ = table(RUNS, 5)
    assert lines[2] == "2026-t  running        –"


@pytest.mark.parametrize(
    ("text", "room"), [("abc", 3), ("실행", 4), ("é", 1), ("e\u0301", 1), ("日本go", 6), ("", 0)]
)
def test_wide_characters_take_two_columns(text: str, room: int) -> None:
    assert width(text) == room
    assert pad(text, 8) == text + " " * (8 - room)
    assert pad(text, 8, right=True) == " " * (8 - room) + text


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]))


@given(texts, st.integers(2, 40))
def test_what_is_cut_fits_and_begins_as_it_did(text: str, room: int) -> None:
    cut = clip(text, room)
    assert text.startswith(cut)
    assert width(cut) <= room
    assert cut == text or width(text[: len(cut) + 1]) > room


@given(texts, st.integers(2, 40))
def test_what_is_wrapped_fits_and_loses_nothing_but_blanks(text: str, room: int) -> None:
    lines = wrap(text, room)
    assert all(width(line) <= room for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_are_broken_at_blanks() -> None:
    assert wrap("one two three abcdefghijk", 7) == ["one two", "three", "abcdefg", "hijk"]
    assert wrap("", 7) == [""]
