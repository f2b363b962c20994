"""Reading a config file and its overrides: a `Config`, or all their problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnbasic.configs.advice import shortage
from nnbasic.configs.errors import ConfigError, KeyPath, Problem, described
from nnbasic.configs.overrides import Draft
from nnbasic.configs.plugins import May, PluginError, run_plugin
from nnbasic.configs.reader import NO_TEXT, Document, is_text
from nnbasic.configs.schema import Config
from nnbasic.configs.sources import find, read
from nnbasic.model.registry import HyperparameterError


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
            problems = [draft.problem(flaw.path, flaw.text(described)) for flaw in error.flaws]
        else:
            if (reason := shortage(config)) is None:
                return config
            problems = [draft.problem(("layers",), reason)]
    order = [place, *(f"--set {override}" for override in overrides)]
    raise ConfigError(sorted(problems, key=lambda p: (order.index(p.place), p.line or 0)))


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
