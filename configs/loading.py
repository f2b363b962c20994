"""Reading a config file and its overrides: a `Config`, or all their problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnbasic.configs.errors import ConfigError, KeyPath, Problem, described, dotted
from nnbasic.configs.plugins import May, PluginError, run_plugin
from nnbasic.configs.schema import COMPONENTS, PARTS, Config, shortage
from nnbasic.configs.sources import find, read
from nnbasic.configs.text import NO_TEXT, Document, is_text
from nnbasic.model.registry import Flaw, HyperparameterError, default


def load(source: str | Path, overrides: Sequence[str] = (), *, may: May | None = None) -> Config:
    """The config in the file or preset ``source``, changed by ``overrides``.

    ``source`` is a path or a name, looked up as `nnbasic.configs.sources.find` says; an override
    is ``"optimizer.lr=0.05"``. Runs the plugins that the config lists, all of them unless ``may``
    says why not: see `nnbasic.configs.plugins`. Raises ConfigError.
    """
    path = find(source)
    return loads(read(path), overrides, place=str(path), folder=path.parent, may=may)


def loads(
    text: str,
    overrides: Sequence[str] = (),
    *,
    place: str = "config",
    folder: Path = Path(),
    may: May | None = None,
) -> Config:
    """The config in the YAML ``text``; otherwise as `load`.

    Its paths are relative to ``folder``; ``place`` is what messages call the text.
    """
    document = Document(text, place)
    if not isinstance(document.value, dict):
        what = "empty" if document.value is None else described(document.value)
        message = f"must be keys and values, such as `activation: relu`; this is {what}"
        raise ConfigError([Problem(message, place=place)])
    draft = Draft(document, overrides)
    problems = _absolute_paths(draft, folder, may)
    if not problems:
        try:
            config = Config.model_validate(draft.root)
        except HyperparameterError as error:
            plugins = bool(draft.root.get("plugins"))
            problems = [draft.problem(each.path, _said(each, plugins)) for each in error.flaws]
        else:
            if (reason := shortage(config)) is None:
                return config
            problems = [draft.problem(("layers",), reason)]
    order = [place, *(f"--set {override}" for override in overrides)]
    raise ConfigError(sorted(problems, key=lambda p: (order.index(p.place), p.line or 0)))


def _said(flaw: Flaw, plugins: bool) -> str:
    """The message of ``flaw``, and how to write what was meant; ``plugins``: whether it has any."""
    text, value = flaw.text(described), flaw.value
    if flaw.message == "must be a list" and isinstance(value, str) and len(value) < 40:
        return f"{text}; write [{','.join(value.replace(',', ' ').split())}]"
    if flaw.message.startswith("unknown activation") and not plugins:
        return f"{text} (one of your own needs plugins: [FILE.py] in the config)"
    return text


def _absolute_paths(draft: Draft, folder: Path, may: May | None) -> list[Problem]:
    """Make the paths in the draft absolute, and run the plugins; what goes wrong.

    In a file they are relative to ``folder``, in an override to where it is typed.
    """
    plugins, data = draft.root.get("plugins"), draft.root.get("data")
    found: list[tuple[Any, Any, KeyPath]] = []
    if isinstance(plugins, list):
        found += [(plugins, index, ("plugins", index)) for index in range(len(plugins))]
    if isinstance(data, dict) and "directory" in data:
        found.append((data, "directory", ("data", "directory")))
    problems = []
    for holder, at, path in found:
        if not isinstance(holder[at], str):
            continue  # which is refused with the other values
        try:
            holder[at] = _absolute(Path() if draft.typed(path) else folder, holder[at])
            if path[0] == "plugins":
                run_plugin(Path(holder[at]), may)
        except (PluginError, ValueError) as error:
            problems.append(draft.problem(path, str(error)))
    return problems


def _absolute(folder: Path, path: str) -> str:
    """The absolute path of ``path``, relative to ``folder``; ValueError if there can be none."""
    try:
        absolute = str((folder / path).expanduser().resolve())
    except (ValueError, RuntimeError) as error:  # a null character, or a home of nobody
        raise ValueError(f"{path} cannot be a path: {error}") from error
    if not is_text(absolute):
        raise ValueError(f"{absolute} is {NO_TEXT}")
    return absolute


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
        self._whole: dict[str, str] = {}  # top-level key → the override that sets all of it
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
        node = self._parent(path, place)
        whole = self._whole.get(path[0])
        if whole and path[-1] in node and path not in self._places and path[1:] != ("name",):
            raise ConfigError([Problem(f"is in {whole} too; give it once", dotted(path), place)])
        if len(path) == 1:
            self._whole[key.strip()] = place
        node[path[-1]] = value
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
    """When it is applied: whole values and names of components come before keys within them."""
    top, _, rest = override.partition("=")[0].strip().partition(".")
    return int(bool(rest) and not (rest == "name" and top in COMPONENTS))
