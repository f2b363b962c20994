"""Tables of text: what fits, what is cut, what is left out, and what is escaped."""

import click
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from nnbasic.cli.tables import Column, fitting, table
from nnbasic.cli.terminal import Printable, paragraph, styled

RUNS = [
    Column("id", ["2026-relu-aa", "2026-tanh-bb"], min_width=6),
    Column("status", ["finished", "running"]),
    Column("lr", ["0.1", "0.05"], justify="right", may_drop=True),
    Column("seed", ["0", "10"], justify="right", may_drop=True),
    Column("test %", ["97.50", "–"], justify="right"),
]


def test_numbers_are_aligned_right_and_words_left() -> None:
    assert table(RUNS, 80) == [
        "id            status      lr  seed  test %",
        "2026-relu-aa  finished   0.1     0   97.50",
        "2026-tanh-bb  running   0.05    10       –",
    ]


def test_first_a_column_is_cut() -> None:
    assert table(RUNS, 40) == [
        "id          status      lr  seed  test %",
        "2026-relu-  finished   0.1     0   97.50",
        "2026-tanh-  running   0.05    10       –",
    ]


def test_then_the_last_of_the_optional_columns_is_left_out() -> None:
    assert table(RUNS, 35)[1] == "2026-relu-a  finished   0.1   97.50"
    assert fitting(RUNS, 35) == [*RUNS[:3], RUNS[4]]
    assert table(RUNS, 28)[1] == "2026-relu-  finished   97.50"
    assert fitting(RUNS, 28) == [*RUNS[:2], RUNS[4]]


def test_a_column_that_wraps_goes_on_below_its_beginning() -> None:
    notes = Column("notes", ["one two three", "four\n\nfive"], no_wrap=False, min_width=5)
    lines = table([Column("id", ["a", "b"]), notes, Column("n", ["1", "22"], justify="right")], 17)
    assert lines == [
        "id  notes       n",
        "a   one two     1",
        "    three",
        "b   four       22",
        "",
        "    five",
    ]


def test_styles_take_no_room_and_nobody_but_us_sets_them() -> None:
    bar = Printable(styled("▄", fg="blue") + styled("█", fg="red", bold=True))
    lines = table([Column("bar", [bar, "\x1b[31mx"]), Column("n", ["1", "2"], justify="right")], 80)
    assert [click.unstyle(line) for line in lines] == [
        "bar        n",
        "▄█         1",
        "\\x1b[31mx  2",
    ]
    assert lines[1].startswith(bar)
    assert lines[2] == "\\x1b[31mx  2"


def test_a_cell_cannot_leave_its_row() -> None:
    evil = "\nrelu  99.99\r\x1b[A\u202e\u2028\ud800\x9b"
    lines = table([Column("name", [evil]), Column("test %", ["10.00"], justify="right")], 80)
    assert len(lines) == 2
    assert lines[1].isprintable()
    assert lines[1].endswith("  10.00")


HALF_FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Regional indicators: wcwidth counts one without its pair otherwise alone than beside others."""

words = st.text(st.characters(codec="utf-8", exclude_characters=f"|{HALF_FLAGS}")) | st.text(
    "한국어日❤️👨‍👩‍👧🇰🇷é -/ab"
)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=4), st.integers(30, 90))
def test_every_line_fits_and_every_column_starts_at_one_place(
    rows: list[tuple[str, str]], room: int
) -> None:
    cut, wrapped = ([row[index] for row in rows] for index in (0, 1))
    columns = [
        Column("a", cut, min_width=6),
        Column("|", ["|"] * len(rows)),
        Column("b", wrapped, no_wrap=False, min_width=8),
    ]
    lines = table(columns, room)
    assert all(wcwidth.width(line) <= room for line in lines)
    places = {wcwidth.width(line.partition("|")[0]) for line in lines if line.count("|") == 1}
    assert len(places) <= 1


class TestParagraph:
    def test_it_breaks_at_blanks_and_indents(self) -> None:
        assert paragraph("one two three abcdefghijk 한국 어", 9, "  ") == [
            "one two",
            "  three",
            "  abcdefghijk",
            "  한국 어",
        ]

    def test_a_path_stays_whole(self) -> None:
        path = "/some/where-else/very-long-name/with-hyphens.html"
        assert path in paragraph(f"The report is in {path}", 30)

    @given(words)
    def test_nothing_is_lost_but_blanks(self, text: str) -> None:
        plain = "".join(line for line in paragraph(text, 20)).replace(" ", "")
        assert plain == "".join(paragraph(text, 10_000)).replace(" ", "")
        assert all("\n" not in line for line in paragraph(text, 20))
