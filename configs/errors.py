"""The problems of a config, each with its key and its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake in a config."""

    message: str
    key: str = ""
    """The dotted key, ``optimizer.lr``; empty for the file as a whole."""
    place: str = ""
    """The file, or the override as it was typed: ``--set optimizer.lr=x``."""
    line: int | None = None
    """The line in the file, from 1; None if the key is not in the file."""

    def __str__(self) -> str:
        place = self.place if self.line is None else f"{self.place}:{self.line}"
        return printable(": ".join(part for part in (place, self.key, self.message) if part))


class ConfigError(Exception):
    """A config is invalid; ``problems`` has every mistake, and ``str()`` reports them all."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems]
        if len(lines) > 1:
            lines.insert(0, f"the config has {len(lines)} problems:")
        super().__init__("\n".join(lines))


def printable(text: str) -> str:
    """``text`` with control characters escaped, so that it cannot control the terminal."""
    if text.isprintable():  # nearly always, and much faster: a list of runs has many texts
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
