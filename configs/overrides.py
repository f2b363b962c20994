"""Changes to a config from the command line: ``--set optimizer.lr=0.05``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnbasic.configs.errors import ConfigError, Problem
from nnbasic.configs.messages import COMPONENTS, SECTIONS
from nnbasic.configs.reader import Document, KeyPath
from nnbasic.configs.schema import Config


class Draft:
    """A config before validation: the values from a file and overrides, and where each stands.

    Attributes:
        root: the content so far.
        problems: mistakes in the YAML of the file or of an override.
    """

    def __init__(self, document: Document, overrides: Sequence[str]) -> None:
        self.root: dict[str, Any] = document.value
        self.problems = list(document.problems)
        self._file = document.place
        self._lines = dict(document.lines)
        self._typed: dict[KeyPath, str] = {}
        self._unnamed: set[str] = set()
        for override in overrides:
            try:
                self._apply(override)
            except ConfigError as error:
                self.problems += error.problems
        for key in self._unnamed:
            self._complete(key)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem with the value at ``path``, located in the file or override that sets it."""
        key = ".".join(map(str, path))
        for end in range(len(path), 0, -1):
            if path[:end] in self._typed:
                return Problem(message, key, self._typed[path[:end]])
            if path[:end] in self._lines:
                return Problem(message, key, self._file, self._lines[path[:end]])
        return Problem(message, key, self._file)

    def typed(self, path: KeyPath) -> bool:
        """Whether the value at ``path`` is from an override, not from the file."""
        return any(path[:end] in self._typed for end in range(1, len(path) + 1))

    def _apply(self, override: str) -> None:
        place = f"--set {override}"
        key, equals, text = override.partition("=")
        path = tuple(key.strip().split("."))
        if not equals or not text.strip() or not all(path):
            message = "must be KEY=VALUE, as in optimizer.lr=0.05; for no value write null"
            raise ConfigError([Problem(message, place=place)])
        value = _value(text, key, place)
        self._lines = {p: n for p, n in self._lines.items() if p[: len(path)] != path}
        self._typed = {p: t for p, t in self._typed.items() if p[: len(path)] != path}
        self._parent(path, place)[path[-1]] = value
        self._typed[path] = place

    def _parent(self, path: tuple[str, ...], place: str) -> dict[str, Any]:
        """The mapping that holds the last key of ``path``; created if there is none yet."""
        node = self.root
        for depth, part in enumerate(path[:-1]):
            child = node.get(part)
            if child is None and not (part in SECTIONS or part in COMPONENTS):
                field = Config.model_fields.get(part)
                child = field.default if field else None
            if child is None:
                child = {}
                self._typed[path[: depth + 1]] = place
                self._unnamed.add(path[0])
            elif isinstance(child, str) and depth == 0 and part in COMPONENTS:
                child = {"name": child}
            elif not isinstance(child, dict):
                kind = "list" if isinstance(child, list) else "single value"
                message = f"{part} is a {kind}; set it as a whole, as in {part}=[...]"
                raise ConfigError([Problem(message, ".".join(path), place)])
            node[part] = child
            node = child
        return node

    def _complete(self, key: str) -> None:
        """Fill in the default component where overrides set only its hyperparameters.

        This is done last, because a later override may name another component, which inherits
        nothing.
        """
        spec = self.root.get(key)
        if key in COMPONENTS and isinstance(spec, dict) and "name" not in spec:
            default = Config.model_fields[key].default
            self.root[key] = {
                **({"name": default} if isinstance(default, str) else default),
                **spec,
            }


def _value(text: str, key: str, place: str) -> Any:
    problems: list[Problem]
    try:
        document = Document(text, place)
        problems = document.problems
    except ConfigError as error:
        problems = error.problems
    if problems:
        keys = (f"{key}.{p.key}" if p.key else key for p in problems)
        raise ConfigError(Problem(p.message, k, place) for k, p in zip(keys, problems, strict=True))
    return document.value
