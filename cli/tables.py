"""Tables of plain text that fit the terminal."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import click

GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column, its cells already safe to print.

    ``number`` aligns it right. Where the terminal is too narrow, a column is cut down to
    ``least`` characters, if that is given; then those that are ``optional`` are left out,
    the last ones first.
    """

    head: str
    cells: Sequence[str]
    number: bool = False
    least: int | None = None
    optional: bool = False

    @property
    def natural(self) -> int:
        """The width that its longest cell needs."""
        return max(map(width, (self.head, *self.cells)))

    @property
    def narrowest(self) -> int:
        return self.natural if self.least is None else min(self.least, self.natural)


def terminal_width() -> int:
    """The terminal's width in characters; 80 where there is none."""
    return shutil.get_terminal_size().columns


def table(columns: Sequence[Column], columns_at_hand: int) -> tuple[list[str], list[str]]:
    """The lines of a table that fits, head first, and the heads of the columns left out."""
    kept = list(columns)
    left_out: list[str] = []

    def spare() -> int:
        taken = sum(column.narrowest for column in kept) + len(GAP) * (len(kept) - 1)
        return columns_at_hand - taken

    while spare() < 0 and any(column.optional for column in kept):
        last = max(index for index, column in enumerate(kept) if column.optional)
        left_out.insert(0, kept.pop(last).head)
    room = max(0, spare())
    widths = []
    for column in kept:
        given = min(room, column.natural - column.narrowest)
        room -= given
        widths.append(column.narrowest + given)
    rows = zip(*([column.head, *column.cells] for column in kept), strict=True)
    numbers = [column.number for column in kept]
    lines = [GAP.join(map(pad, map(clip, row, widths), widths, numbers)).rstrip() for row in rows]
    return lines, left_out


def width(text: str) -> int:
    """How many characters' room ``text`` takes: two for a Hangul or Chinese one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def pad(text: str, room: int, right: bool = False) -> str:
    """``text`` with spaces to fill ``room`` characters."""
    spaces = " " * (room - width(text))
    return spaces + text if right else text + spaces


def clip(text: str, room: int) -> str:
    """As much of ``text`` as takes at most ``room`` characters."""
    if width(text) <= room:
        return text
    for index, character in enumerate(text):
        room -= width(character)
        if room < 0:
            return text[:index]
    return text


def wrap(text: str, room: int) -> list[str]:
    """``text`` in lines of ``room`` characters, broken at blanks, and within words too long."""
    lines, line = [], ""
    for word in text.split(" "):
        if width(f"{line} {word}") <= room:
            line = f"{line} {word}" if line else word
            continue
        if line:
            lines.append(line)
        while width(word) > room:
            piece = clip(word, room) or word[0]
            lines.append(piece)
            word = word[len(piece) :]
        line = word
    return [*lines, line]


def encodable(text: str) -> str:
    """``text`` with a question mark for what stdout cannot take."""
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)


def show(lines: Sequence[str]) -> None:
    """Write ``lines`` to stdout, as far as it can take them."""
    click.echo(encodable("\n".join(lines)))
