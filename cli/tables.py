"""Tables that fit the terminal.

Widths are those of wcwidth: two columns for a Hangul syllable or an emoji, of however many code
points, and none for a style. What stands in a cell is escaped here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Literal

import wcwidth

from nnbasic.cli.terminal import GAP, Printable, encodable

PAD = {"left": wcwidth.ljust, "right": wcwidth.rjust}


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table: a heading, and a text for each row.

    Where the terminal is too narrow, the column may shrink to ``min_width`` characters: its cells
    are cut, or without ``no_wrap`` broken into several lines. Columns that ``may_drop`` are left
    out if that is not enough. With ``no_wrap`` line breaks in cells are escaped.
    """

    head: str
    cells: Sequence[str]
    justify: Literal["left", "right"] = "left"
    min_width: int | None = None
    no_wrap: bool = True
    may_drop: bool = False

    @cached_property
    def lines(self) -> list[list[Printable]]:
        """The heading and the cells, each as lines."""

        def split(text: str) -> list[str]:
            one_line = self.no_wrap or isinstance(text, Printable)
            return [text] if one_line else text.splitlines() or [""]

        return [list(map(encodable, split(text))) for text in (self.head, *self.cells)]

    @cached_property
    def full_width(self) -> int:
        """The width that its longest line needs."""
        return max(wcwidth.width(line) for lines in self.lines for line in lines)

    @property
    def least_width(self) -> int:
        full = self.full_width
        return full if self.min_width is None else min(self.min_width, full)

    def lines_within(self, width: int) -> list[list[str]]:
        """The lines of the heading and of each cell, none wider than ``width``."""
        if self.full_width <= width:
            return [list(lines) for lines in self.lines]
        if self.no_wrap:
            return [[wcwidth.clip(line, 0, width) for line in lines] for lines in self.lines]
        return [
            [
                piece
                for line in lines
                for piece in wcwidth.wrap(line, width, break_on_hyphens=False) or [""]
            ]
            for lines in self.lines
        ]


def table(columns: Sequence[Column], room: int, gap: str = GAP) -> list[Printable]:
    """The lines of a table of the columns that are `fitting`.

    The first line holds the headings, unless there are none. Where the columns need more than
    ``room``, the widest of those that may shrink does.
    """
    kept = fitting(columns, room, gap)
    widths = _widths(kept, room - len(gap) * (len(kept) - 1))
    lines = []
    for row in zip(*(c.lines_within(w) for c, w in zip(kept, widths, strict=True)), strict=True):
        for pieces in zip_longest(*row, fillvalue=""):
            cells = zip(kept, pieces, widths, strict=True)
            padded = (PAD[column.justify](piece, width) for column, piece, width in cells)
            lines.append(Printable(gap.join(padded).rstrip()))
    return lines if any(column.head for column in kept) else lines[1:]


def pairs(texts: Mapping[str, str], room: int) -> list[Printable]:
    """Lines with a key and its text each; a long text goes on below its beginning."""
    keys, values = list(texts), list(texts.values())
    columns = [Column("", keys, min_width=8), Column("", values, no_wrap=False, min_width=8)]
    return table(columns, room)


def fitting(columns: Sequence[Column], room: int, gap: str = GAP) -> list[Column]:
    """``columns`` without those for which there is no room, the last that ``may_drop`` first."""
    kept = list(columns)
    while sum(len(gap) + column.least_width for column in kept) > room + len(gap):
        may_drop = [column for column in kept if column.may_drop]
        if not may_drop:
            break
        kept.remove(may_drop[-1])
    return kept


def full_width(columns: Sequence[Column]) -> int:
    """How wide the terminal must be for all of ``columns`` to stand in it whole."""
    return sum(len(GAP) + column.full_width for column in columns) - len(GAP)


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """The width of each column: what it needs, less what the widest ones must give up."""
    widths = [max(column.least_width, min(column.full_width, room)) for column in columns]
    while sum(widths) > room:
        wide = [i for i, column in enumerate(columns) if widths[i] > column.least_width]
        if not wide:
            break
        widths[max(wide, key=lambda i: (widths[i], i))] -= 1
    return widths
