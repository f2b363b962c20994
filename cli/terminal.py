"""What is printed: every line passes through `out` or `err`, so that no text drives the terminal.

Names, notes, config values and the messages of errors may hold anything, since anybody may have
written the files they come from. Only here, and in the cells of `nnbasic.cli.tables`, they are
escaped.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any

import click

RESERVED = "nnbasic.reserved"
"""Where a click context keeps what gives stdout back, while `--json` reserves it."""

GAP = "  "
"""Before the lines that belong to the one above, and between the columns of a table."""

NO_BREAK = "\N{NO-BREAK SPACE}"

PLAIN = str.maketrans(
    {"–": "-", "−": "-", "±": "+-", "≠": "!=", "…": "...", "·": ".", "×": "x", "∞": "inf"}
)
"""What stands in for the program's own marks where stdout cannot encode them."""


class Printable(str):
    """One line that may be printed as it is: escaped, and with no styles but our own."""

    __slots__ = ()


def printable(text: str) -> Printable:
    """``text`` as one line in which control characters, line breaks and the like are escaped."""
    if isinstance(text, Printable):
        return text
    if text.isprintable():
        return Printable(text)
    from nnbasic.configs.errors import printable as escaped  # help does without

    return Printable(escaped(text))


def styled(text: str, **styles: Any) -> Printable:
    """``text`` escaped, with a style of `click.style`, which only a terminal gets to see.

    Nobody does who has set $NO_COLOR (no-color.org).
    """
    if os.environ.get("NO_COLOR"):
        return printable(text)
    return Printable(click.style(printable(text), **styles))


def out(*lines: str) -> None:
    """Write ``lines`` to stdout, as far as it is `encodable`."""
    if lines:
        click.echo("\n".join(map(encodable, lines)))


def err(*lines: str) -> None:
    """Write ``lines`` to stderr; if it is full or closed, there is nobody to tell.

    In a terminal a long line becomes a `paragraph`; not one that is indented, as commands are.
    """
    with contextlib.suppress(OSError):
        if sys.stderr.isatty():
            lines = tuple(piece for line in lines for piece in _wrapped(line))
        click.echo("\n".join(map(printable, lines)), err=True)


def _wrapped(line: str) -> list[Printable]:
    whole = not line or line.startswith(" ")
    return [printable(line)] if whole else paragraph(line, terminal_width(), GAP)


def paragraph(text: str, room: int, indent: str = "") -> list[Printable]:
    """``text`` in lines of ``room`` columns, all but the first indented.

    Words stay whole, however long: paths are there to be copied. So do a command between backticks
    and a number with its %.
    """
    import wcwidth  # help does without

    lines = wcwidth.wrap(
        re.sub("`[^`]+`| %", lambda found: found[0].replace(" ", NO_BREAK), printable(text)),
        room,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [Printable(line.replace(NO_BREAK, " ")) for line in lines]


def indented(lines: Iterable[Printable], by: str = GAP) -> list[Printable]:
    """``lines`` with ``by`` before each."""
    return [Printable(by + line) for line in lines]


def open_standard_streams() -> None:
    """Lead standard streams that are closed to nowhere.

    Their numbers would go to the next files that are opened, and to those files what a library
    writes to stderr.
    """
    for number, name, mode in (0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            setattr(sys, name, os.fdopen(number, mode))


def lines_of(text: str) -> list[str]:
    """The lines of a text whose line breaks are meant: a file, an error with several problems."""
    return text.removesuffix("\n").split("\n")


def warn(message: str, *more: str) -> None:
    """Write a warning to stderr, and the lines ``more`` below it."""
    head = styled("Warning:", fg="yellow", bold=True)
    err(Printable(f"{head} {printable(message)}"), *more)


def print_json(value: Any) -> None:
    """Write ``value`` to stdout as strict JSON (NaN is refused), in ASCII; nothing may follow."""
    import json  # help does without

    text = json.dumps(value, indent=2, allow_nan=False)
    click.get_current_context().meta.get(RESERVED, contextlib.ExitStack()).close()
    out(*lines_of(text))


def print_file(text: str) -> None:
    """Write the ``text`` of a file to stdout: whole, so in UTF-8 if stdout lacks a letter of it."""
    escaped = "\n".join(map(printable, lines_of(text)))
    click.echo(escaped if can_show(escaped) else escaped.encode())


def terminal_width() -> int:
    """The width of the terminal in columns; 80 where there is none."""
    import shutil  # help does without

    return shutil.get_terminal_size().columns


def encodable(text: str) -> Printable:
    """``text`` escaped; if stdout lacks some of it, with `PLAIN` marks, else question marks."""
    escaped = printable(text)
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    try:
        escaped.encode(encoding)
    except UnicodeEncodeError:
        plain = escaped.translate(PLAIN).encode(encoding, "replace")
        return Printable(plain.decode(encoding))
    return escaped


def can_show(text: str) -> bool:
    """Whether stdout can take all of ``text``."""
    return encodable(text) == text
