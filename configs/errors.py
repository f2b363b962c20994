"""The problems of a config, each with its key and its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KeyPath = tuple[str | int, ...]
"""Where a value stands in a config: ``("activation", 1, "slope")``."""


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
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """A config is invalid; ``problems`` has every mistake, and ``str()`` reports them all."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems]
        if len(lines) > 1:
            lines.insert(0, f"the config has {len(lines)} problems:")
        super().__init__("\n".join(lines))


def dotted(path: KeyPath) -> str:
    """``optimizer.lr`` for ``("optimizer", "lr")``."""
    return ".".join(map(str, path))


def described(value: Any) -> str:
    """How a message names a wrong value."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value) if len(str(value)) <= 40 else f"{str(value)[:39]}…"
    return f"the text {text!r}" if isinstance(value, str) else text


JOINERS = "\u200c\u200d"
"""Parts of emoji and of words in Persian or Hindi; elsewhere they only hide."""


def printable(text: str) -> str:
    """``text`` with whatever could drive a terminal, or reorder or hide what it shows, escaped.

    That is all that `str.isprintable` denies (control and bidirectional characters, line breaks,
    surrogates) except a joiner between two characters that are not ASCII.
    """
    if text.isprintable():  # nearly always, and a list of many runs asks for many texts
        return text

    shown = []
    for before, c, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        joins = c in JOINERS and (before + after).isprintable()
        joins = joins and not before.isascii() and not after.isascii()
        shown.append(c if c.isprintable() or joins else c.encode("unicode_escape").decode())
    return "".join(shown)
