"""The sentences of a comparison in a terminal."""

import re

import wcwidth

from nnbasic.cli.terminal import GAP, Printable, indented, paragraph, printable, styled
from nnbasic.compare import formats
from nnbasic.compare.tables import WARNING

WORD = r"""(?:--\S+ (?!-))?(?:[^\s'"]|'[^']*'|"[^"]*")+"""
"""A word of a command, with the option before it."""


def sentence_lines(sentence: str, room: int) -> list[Printable]:
    """A sentence in lines, and a command that it ends in on lines that a shell takes as one."""
    text, command = formats.told(sentence)
    lines = paragraph(text, room, GAP)
    if text.startswith(WARNING):
        rest = lines[0].removeprefix(WARNING)
        lines[0] = Printable(styled(WARNING, fg="yellow", bold=True) + rest)
    return [*lines, *indented(_command(command, room - 2 * len(GAP)), GAP)]


def _command(command: str, room: int) -> list[Printable]:
    """The lines of a command, broken between words."""
    lines = [""]
    for word in re.findall(WORD, printable(command)):
        if wcwidth.width(lines[-1] + word) > room - len(" \\"):
            lines[-1] += "\\"
            lines.append(GAP)
        lines[-1] += f"{word} "
    return [Printable(line.rstrip()) for line in lines if line]
