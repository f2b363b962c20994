"""YAML: read into plain values with their lines, and written so that the same is read again.

What configs do not need is refused. Scalars follow the YAML 1.2 core schema: ``1e-3`` is a number,
and ``yes``, ``010`` and ``1:30`` are text. (PyYAML's own rules, YAML 1.1, read these as text, true,
eight and ninety.)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from nnbasic.configs.errors import ConfigError, KeyPath, Problem, dotted

if TYPE_CHECKING:
    from nnbasic.configs.schema import Config

DEEPEST = 20

NO_TEXT = "not valid text: it holds half of a character, or bytes that are not UTF-8"

_TAG = "tag:yaml.org,2002:"
_DIGITS = r"[0-9]{1,100}"  # the product of a few such numbers still fits in a float
_SCALARS = {
    "null": r"null|Null|NULL|~|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": rf"[-+]?{_DIGITS}",
    "float": rf"[-+]?(\.{_DIGITS}|{_DIGITS}\.?|{_DIGITS}\.{_DIGITS})([eE][-+]?{_DIGITS})?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}
_RESOLVERS = {
    kind: (_TAG + kind, re.compile(f"(?:{pattern})$"), None) for kind, pattern in _SCALARS.items()
}
"""How PyYAML recognises plain scalars: tag, pattern, and any first character."""


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses tags, anchors, aliases and deep nesting."""

    depth = 0

    def __init__(self, text: str, place: str) -> None:
        super().__init__(text)
        self.place = place

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
            raise _error(refused, self.place, event.start_mark.line + 1)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and not is_text(node.value):
            raise _error(NO_TEXT, self.place, node.start_mark.line + 1)
        return node


_Loader.yaml_implicit_resolvers = {}
for _resolver in _RESOLVERS.values():
    _Loader.add_implicit_resolver(*_resolver)


class Document:
    """The content of a YAML text.

    Attributes:
        value: the content as dict, list, str, int, float, bool and None.
        lines: the line, from 1, of each key and list entry.

    Raises ConfigError, naming ``place``, if the text is not one plain YAML document.
    """

    def __init__(self, text: str, place: str) -> None:
        self.place = place
        self.lines: dict[KeyPath, int] = {}
        node = _compose(text, place)
        self.value: Any = None if node is None else self._plain(node, ())

    def _plain(self, node: yaml.Node, path: KeyPath) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            entries = [((*path, index), entry) for index, entry in enumerate(node.value)]
            self.lines |= {each: entry.start_mark.line + 1 for each, entry in entries}
            return [self._plain(entry, each) for each, entry in entries]
        kind, text = node.tag.removeprefix(_TAG), node.value
        if kind == "int":
            return int(text)
        if kind == "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if kind == "bool":
            return text.lower() == "true"
        return None if kind == "null" else text

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                message = "a key must be a word, not a list or a mapping"
                raise _error(message, self.place, line, path)
            key = (*path, key_node.value)
            if key in self.lines:
                message = f"given twice; first on line {self.lines[key]}"
                raise _error(message, self.place, line, key)
            self.lines[key] = line
            result[key_node.value] = self._plain(value_node, key)
        return result


def is_text(name: str) -> bool:
    """Whether a name or a path can be written to a file in UTF-8."""
    return not re.search("[\ud800-\udfff]", name)


def _compose(text: str, place: str) -> yaml.Node | None:
    """The root node; None for an empty document."""
    line = None
    try:
        return _Loader(text, place).get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"not text: it holds the character U+{ord(text[error.position]):04X}"
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        line, message = _in_words(str(error.problem), text.splitlines(), line)
    except (ValueError, OverflowError):  # PyYAML lets them through: an escape such as \UFFFFFFFF
        message = "not valid YAML: a number or an escape out of range"
    raise _error(message, place, line)


def _error(message: str, place: str, line: int | None, path: KeyPath = ()) -> ConfigError:
    return ConfigError([Problem(message, dotted(path), place, line)])


def _in_words(problem: str, lines: list[str], line: int) -> tuple[int, str]:
    """The line and what is wrong there; PyYAML could not go on at ``line`` for its ``problem``."""
    if "another document" in problem:
        return line, "a second document begins here (---); a config is one"
    if r"'\t'" in problem:
        return line, "not valid YAML: indented with a tab; use spaces"
    for number, content in enumerate(lines[:line], 1):
        if found := re.match(r"\s*([A-Za-z_]+):[^\s:]", content):
            return number, f"a space is missing after `{found[1]}:`"
    unfitting = "mapping values" in problem or "<block mapping start>" in problem
    if unfitting and lines[line - 1].count(": ") <= 1:
        return line, "indented unlike the key before it: the keys of a mapping begin in one column"
    return line, f"not valid YAML: {problem}"


def dump(config: Config) -> str:
    """YAML from which `loads` makes a config equal to ``config``."""
    content = {key: short(value) for key, value in config.model_dump().items()}
    # the innermost mappings and lists on one line
    return _yaml(content, default_flow_style=None, width=160)


def flow(value: Any) -> str:
    """``value`` as one line of YAML, which means the same; of a mere name, the name alone."""
    text = _yaml(short(value), default_flow_style=True, width=float("inf"))
    return text.removesuffix("...\n").strip()


def _yaml(value: Any, **style: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, **style)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes text such as 1e-3, which our reader takes for a number and PyYAML does not."""


_Dumper.add_implicit_resolver(*_RESOLVERS["float"])


def short(value: Any) -> Any:
    """A component without hyperparameters as its bare name."""
    if isinstance(value, list):
        return [short(item) for item in value]
    return value["name"] if isinstance(value, dict) and list(value) == ["name"] else value
