"""Changes to a config from the command line: ``--set optimizer.lr=0.05``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnbasic.configs.errors import ConfigError, KeyPath, Problem, dotted
from nnbasic.configs.reader import Document
from nnbasic.configs.schema import COMPONENTS, PARTS, Config
from nnbasic.model.registry import default


class Draft:
    """A config before validation: the values from a file and overrides, and where each stands.

    ``root`` is the content so far. ConfigError for an override that cannot be applied.
    """

    def __init__(self, document: Document, overrides: Sequence[str]) -> None:
        self.root: dict[str, Any] = document.value
        self._file = document.place
        self._places: dict[KeyPath, tuple[str, int | None]] = {
            path: (document.place, line) for path, line in document.lines.items()
        }
        for override in sorted(overrides, key=_turn):
            self._apply(override)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem with the value at ``path``, located in the file or override that sets it."""
        parents = (path[:end] for end in range(len(path), 0, -1))
        found = (self._places[parent] for parent in parents if parent in self._places)
        place, line = next(found, (self._file, None))
        return Problem(message, dotted(path), place, line)

    def typed(self, path: KeyPath) -> bool:
        """Whether the value at ``path`` is from an override, not from the file."""
        return self.problem(path, "").place != self._file

    def _apply(self, override: str) -> None:
        place = f"--set {override}"
        key, equals, text = override.partition("=")
        path = tuple(key.strip().split("."))
        if not equals or not text.strip() or not all(path):
            message = "must be KEY=VALUE, as in optimizer.lr=0.05; for no value write null"
            raise ConfigError([Problem(message, place=place)])
        try:
            value = Document(text, place).value
        except ConfigError as error:
            (p,) = error.problems
            raise ConfigError([Problem(p.message, f"{key}.{p.key}".strip("."), place)]) from None
        self._parent(path, place)[path[-1]] = value
        self._places = {p: at for p, at in self._places.items() if p[: len(path)] != path}
        self._places[path] = (place, None)

    def _parent(self, path: tuple[str, ...], place: str) -> dict[str, Any]:
        """The mapping that holds the last key of ``path``; the default one if there is none yet."""
        node = self.root
        for depth, part in enumerate(path[:-1]):
            child = node.get(part)
            if child is None:
                self._places[path[: depth + 1]] = (place, None)
                # a component that is named inherits nothing from the default one
                known = depth == 0 and part in PARTS and path[1] != "name"
                child = (default(Config, part) if known else None) or {}
            if isinstance(child, str) and depth == 0 and part in COMPONENTS:
                child = {"name": child}
            if not isinstance(child, dict):
                kind, example = ("list", "[...]") if isinstance(child, list) else ("value", "...")
                name = dotted(path[: depth + 1])
                message = f"{name} is a {kind}; set it as a whole, as in {name}={example}"
                raise ConfigError([Problem(message, dotted(path), place)])
            node[part] = child
            node = child
        return node


def _turn(override: str) -> int:
    """When it is applied: whole components and names come before hyperparameters."""
    top, _, rest = override.partition("=")[0].strip().partition(".")
    return int(top in COMPONENTS and rest not in ("", "name"))
