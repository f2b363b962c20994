"""Plugins: Python files of the user that register components."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from pathlib import Path


class PluginError(Exception):
    """A plugin cannot be run; the message says what happened, and in which file and line."""


_run: set[Path] = set()


def run_plugin(path: Path) -> None:
    """Run the file at ``path``, once per process; PluginError if that fails."""
    if path in _run:
        return
    if not path.is_file():
        raise PluginError(f"there is no file {path}")
    # The module stays in sys.modules: type hints of its classes are looked up there.
    name = f"nnbasic_plugin_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file (*.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise PluginError(
            f"{path}:{_line(error, path)}: {type(error).__name__}: {error}"
        ) from error
    _run.add(path)


def is_plugin(file: str) -> bool:
    """Whether ``file`` is a plugin that has been run."""
    return Path(file) in _run


def _line(error: BaseException, path: Path) -> int | None:
    """The line of the plugin that raised ``error``."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
