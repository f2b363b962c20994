"""Tables and paragraphs that fit the terminal.

Widths are those of wcwidth: two columns for a Hangul syllable or an emoji, of however many code
points, and none for a style. What stands in a cell is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

import wcwidth

from nnbasic.cli.terminal import Printable, printable

GAP = "  "


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a table: a heading, and a text for each row.

    ``number`` aligns it right. Where the terminal is too narrow, the column may shrink to ``least``
    characters: its cells are cut, or with ``wrap`` broken into several lines. ``optional`` ones
    are left out if that is not enough. Line breaks in cells are kept with ``wrap`` only.
    """

    head: str
    cells: Sequence[str]
    number: bool = False
    least: int | None = None
    wrap: bool = False
    optional: bool = False

    @cached_property
    def lines(self) -> list[list[Printable]]:
        """The heading and the cells, each as lines."""

        def split(text: str) -> list[str]:
            one_line = not self.wrap or isinstance(text, Printable)
            return [text] if one_line else text.splitlines() or [""]

        return [list(map(printable, split(text))) for text in (self.head, *self.cells)]

    @cached_property
    def natural(self) -> int:
        """The width that its longest line needs."""
        return max(wcwidth.width(line) for lines in self.lines for line in lines)

    @property
    def narrowest(self) -> int:
        return self.natural if self.least is None else min(self.least, self.natural)

    def fitted(self, width: int) -> list[list[str]]:
        """The lines of the heading and of each cell, none wider than ``width``."""
        if self.natural <= width:
            return [list(lines) for lines in self.lines]
        if not self.wrap:
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
    widths = _widths(kept, room - _gaps(kept, gap))
    lines = []
    for row in zip(*(c.fitted(w) for c, w in zip(kept, widths, strict=True)), strict=True):
        for pieces in zip_longest(*row, fillvalue=""):
            cells = map(_pad, pieces, widths, (column.number for column in kept))
            lines.append(Printable(gap.join(cells).rstrip()))
    return lines if any(column.head for column in kept) else lines[1:]


def fitting(columns: Sequence[Column], room: int, gap: str = GAP) -> list[Column]:
    """``columns`` without the optional ones for which there is no room, the last ones first."""
    kept = list(columns)
    while _gaps(kept, gap) + sum(column.narrowest for column in kept) > room:
        optional = [column for column in kept if column.optional]
        if not optional:
            break
        kept.remove(optional[-1])
    return kept


def natural_width(columns: Sequence[Column], gap: str = GAP) -> int:
    """How wide the terminal must be for all of ``columns`` to stand in it whole."""
    return _gaps(columns, gap) + sum(column.natural for column in columns)


def paragraph(text: str, room: int, indent: str = "") -> list[Printable]:
    """``text`` in lines of ``room`` columns, all but the first indented.

    Words stay whole, however long: paths are there to be copied. So does a number with its %.
    """
    lines = wcwidth.wrap(
        printable(text).replace(" %", "\N{NO-BREAK SPACE}%"),
        room,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Printable(line.replace("\N{NO-BREAK SPACE}", " ")) for line in lines]


def indented(lines: Iterable[Printable], by: str = GAP) -> list[Printable]:
    """``lines`` with ``by`` before each."""
    return [Printable(by + line) for line in lines]


def _gaps(columns: Sequence[Column], gap: str) -> int:
    return len(gap) * (len(columns) - 1)


def _widths(columns: Sequence[Column], room: int) -> list[int]:
    """The width of each column: what it needs, less what the widest ones must give up."""
    widths = [max(column.narrowest, min(column.natural, room)) for column in columns]
    while sum(widths) > room:
        wide = [i for i, column in enumerate(columns) if widths[i] > column.narrowest]
        if not wide:
            break
        widths[max(wide, key=lambda i: (widths[i], i))] -= 1
    return widths


def _pad(text: str, width: int, right: bool) -> str:
    return wcwidth.rjust(text, width) if right else wcwidth.ljust(text, width)
