"""Parsing YAML into plain values with their lines; what configs do not need is refused.

Scalars follow the YAML 1.2 core schema: ``1e-3`` is a number, and ``yes``, ``010`` and ``1:30`` are
text. (PyYAML's own rules, YAML 1.1, read these as text, true, eight and ninety.)
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from nnbasic.configs.errors import ConfigError, KeyPath, Problem, dotted

LARGEST_FILE = 100_000
"""Bytes: a thousand times the size of a config; PyYAML takes about a second for as many."""

DEEPEST = 20
LONGEST_NUMBER = 100
"""Digits: the product of a few such numbers still fits in a float."""

NO_TEXT = "not valid text: it holds half of a character, or bytes that are not UTF-8"

_TAG = "tag:yaml.org,2002:"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_SCALARS = {  # what a plain scalar may be, and the characters it may begin with
    "null": (r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (_FLOAT, list("-+.0123456789")),
}


class _Refused(yaml.MarkedYAMLError):
    """Valid YAML that a config may not contain."""


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses tags, anchors, aliases and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        refused = None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            refused = "anchors and aliases (& and *) are not accepted; write the value out"
        elif getattr(event, "tag", None):
            refused = "tags (!) are not accepted"
        elif self.depth >= DEEPEST:
            refused = f"nested more than {DEEPEST} deep"
        if refused:
            raise _Refused(problem=refused, problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def resolver(kind: str) -> tuple[str, re.Pattern[str], list[str]]:
    """How PyYAML recognises plain scalars of ``kind``: tag, pattern, first characters."""
    pattern, first = _SCALARS[kind]
    return _TAG + kind, re.compile(f"(?:{pattern})$"), first


_Loader.yaml_implicit_resolvers = {}
for _kind in _SCALARS:
    _Loader.add_implicit_resolver(*resolver(_kind))


class Document:
    """The content of a YAML text.

    Attributes:
        value: the content as dict, list, str, int, float, bool and None.
        lines: the line, from 1, of each key and list entry.
        problems: duplicate keys and other mistakes after which reading can go on.

    Raises ConfigError, naming ``place``, if the text is not one plain YAML document.
    """

    def __init__(self, text: str, place: str) -> None:
        self.place = place
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        node = _compose(text, place)
        self.value: Any = None if node is None else self._plain(node, ())

    def _plain(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            entries = [((*path, index), entry) for index, entry in enumerate(node.value)]
            self.lines |= {each: entry.start_mark.line + 1 for each, entry in entries}
            return [self._plain(entry, each) for each, entry in entries]
        return self._scalar(node, path)

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind in ("int", "float") and len(text) > LONGEST_NUMBER:
            self._problem(path, node, "a number with far too many digits")
            raise ConfigError(self.problems)
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if kind == "bool":
            return text.lower() == "true"
        return None if kind == "null" else self._text(node, path)

    def _text(self, node: yaml.Node, path: KeyPath) -> str:
        text: str = node.value
        if not is_text(text):
            self._problem(path, node, NO_TEXT)
            raise ConfigError(self.problems)
        return text

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(path, key_node, "a key must be a word, not a list or a mapping")
                continue
            name = self._text(key_node, path)
            key = (*path, name)
            if key in self.lines:
                self._problem(key, key_node, f"given twice; first on line {self.lines[key]}")
                continue
            self.lines[key] = key_node.start_mark.line + 1
            result[name] = self._plain(value_node, key)
        return result

    def _problem(self, path: KeyPath, node: yaml.Node, message: str) -> None:
        line = node.start_mark.line + 1
        self.problems.append(Problem(message, dotted(path), self.place, line))


def decode(content: bytes, place: str) -> str:
    """The text of a config file; ConfigError if it is too large or not UTF-8."""
    if len(content) > LARGEST_FILE:
        message = f"larger than {LARGEST_FILE} bytes; this cannot be a config"
        raise ConfigError([Problem(message, place=place)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not text in UTF-8 (byte {error.start}); save it as UTF-8"
        raise ConfigError([Problem(message, place=place, line=line)]) from error


def is_text(name: str) -> bool:
    """Whether a name or a path can be written to a file in UTF-8."""
    return not re.search("[\ud800-\udfff]", name)


def without_space(line: str) -> str | None:
    """The key in a ``line`` such as ``epochs:3``, which lacks the space that makes it a key."""
    found = re.match(r"\s*([A-Za-z_]+):[^\s:]", line)
    return found and found[1]


def _compose(text: str, place: str) -> yaml.Node | None:
    """The root node; None for an empty document."""
    line = None
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            line = loader.line + 1
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"not text: it holds the character U+{ord(text[error.position]):04X}"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else line
        message = error.problem or str(error)
        if not isinstance(error, _Refused):
            line, message = _in_words(message, text.splitlines(), line or 1)
    except (ValueError, OverflowError):  # PyYAML lets them through: an escape such as \UFFFFFFFF
        message = "not valid YAML: a number or an escape out of range"
    raise ConfigError([Problem(message, place=place, line=line)])


def _in_words(problem: str, lines: list[str], line: int) -> tuple[int, str]:
    """The line and what is wrong there; PyYAML could not go on at ``line`` for its ``problem``."""
    if "another document" in problem:
        return line, "a second document begins here (---); a config is one"
    if r"'\t'" in problem:
        return line, "not valid YAML: indented with a tab; use spaces"
    for number, content in enumerate(lines[:line], 1):
        if key := without_space(content):
            return number, f"a space is missing after `{key}:`"
    unfitting = "mapping values" in problem or "<block mapping start>" in problem
    if unfitting and lines[line - 1].count(": ") <= 1:
        return line, "indented unlike the key before it: the keys of a mapping begin in one column"
    return line, f"not valid YAML: {problem}"
