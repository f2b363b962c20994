"""Reading a config file and its overrides: a `Config`, or all their problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnbasic.configs.advice import shortage
from nnbasic.configs.errors import ConfigError, Problem, described
from nnbasic.configs.overrides import Draft
from nnbasic.configs.plugins import May, PluginError, run_plugin
from nnbasic.configs.reader import NO_TEXT, Document, is_text, without_space
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

    Plugins are relative to ``folder``; ``place`` is what messages call the text.
    """
    document = Document(text, place)
    if not isinstance(document.value, dict):
        if isinstance(document.value, str) and (key := without_space(document.value)):
            message = f"a space is missing after `{key}:`"
        else:
            what = "empty" if document.value is None else described(document.value)
            message = f"must be keys and values, such as `activation: relu`; this is {what}"
        raise ConfigError([Problem(message, place=place)])
    draft = Draft(document, overrides)
    problems = draft.problems + _run_plugins(draft, folder, may) + _locate_data(draft, folder)
    if not any(p.key.startswith(("plugins.", "data.directory")) for p in problems):
        try:
            config = Config.model_validate(draft.root)
        except HyperparameterError as error:
            problems += [draft.problem(f.path, f.text(described)) for f in error.flaws]
    if not problems and (reason := shortage(config)):
        problems.append(draft.problem(("layers",), reason))
    if problems:
        order = [place, *(f"--set {override}" for override in overrides)]
        raise ConfigError(sorted(problems, key=lambda p: (order.index(p.place), p.line or 0)))
    return config


def _run_plugins(draft: Draft, folder: Path, may: May | None) -> list[Problem]:
    """Run the plugins, and write their absolute paths into the draft."""
    plugins = draft.root.get("plugins")
    if not isinstance(plugins, list) or not all(isinstance(p, str) for p in plugins):
        return []
    problems = []
    for index, plugin in enumerate(plugins):
        try:
            plugins[index] = _absolute(folder, plugin)
            run_plugin(Path(plugins[index]), may)
        except (PluginError, ValueError) as error:
            problems.append(draft.problem(("plugins", index), str(error)))
    return problems


def _locate_data(draft: Draft, folder: Path) -> list[Problem]:
    """Write the absolute path of the data's directory into the draft.

    In a file it is relative to that file, in an override to where it is typed.
    """
    data, path = draft.root.get("data"), ("data", "directory")
    if not isinstance(data, dict) or not isinstance(data.get("directory"), str):
        return []
    try:
        data["directory"] = _absolute(Path() if draft.typed(path) else folder, data["directory"])
    except ValueError as error:
        return [draft.problem(path, str(error))]
    return []


def _absolute(folder: Path, path: str) -> str:
    """The absolute path of ``path``, relative to ``folder``; ValueError if there can be none."""
    try:
        absolute = str((folder / path).expanduser().resolve())
    except (ValueError, RuntimeError) as error:  # a null character, or a home of nobody
        raise ValueError(f"{path} cannot be a path: {error}") from error
    if not is_text(absolute):
        raise ValueError(f"{absolute} is {NO_TEXT}")
    return absolute
