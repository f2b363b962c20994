"""Plugins: Python files of the user that register components, and which of them may run.

A plugin is a program. One that the user names, in a config given to a command that trains, runs,
and its hash is kept among those of the user. The config of a run may come from a stranger: its
plugins run only if they are known in this way.
"""

import contextlib
import hashlib
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from nnbasic.configs.schema import COMPONENTS
from nnbasic.data.files import appending, read_bytes

LARGEST_PLUGIN, LARGEST_LIST = 1 << 20, 1 << 22  # bytes; of the known ones

May = Callable[[str, str], str | None]
"""Why the plugin in the file, which has the SHA-256, may not run; None if it may."""

_run: set[Path] = set()  # by this process


class PluginError(Exception):
    """A plugin cannot be run; the message says what happened, and in which file and line."""


def run_plugin(path: Path, may: May | None = None) -> None:
    """Run the file at ``path``, once per process; PluginError if that fails.

    Without ``may`` the user has named it, and it is known from now on.
    """
    content = _content(path)
    sha256 = hashlib.sha256(content).hexdigest()
    if may is None:
        _remember(sha256)
    elif reason := may(str(path), sha256):
        raise PluginError(f"{path} was not run: {reason}")
    if path in _run:
        return
    # The module stays in sys.modules: type hints of its classes are looked up there.
    name = f"nnbasic_plugin_{path.stem}_{sha256[:8]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    before = [list(table) for table in COMPONENTS.values()]
    try:
        # not by an import, which may take the code from a __pycache__ beside the file
        exec(compile(content, path, "exec", dont_inherit=True), module.__dict__)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        what = f"{type(error).__name__}: {error}"
        raise PluginError(f"{path}:{_line(error, path)}: {what}") from error
    if [list(table) for table in COMPONENTS.values()] == before:
        how = f'add @ACTIVATIONS.register("{path.stem}") above the class'
        raise PluginError(f"{path} registers no component: {how}")
    _run.add(path)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a plugin's file; PluginError if there is none."""
    return hashlib.sha256(_content(path)).hexdigest()


def only_known(path: str, sha256: str) -> str | None:
    """A `May` for the config of somebody else: only what this user has run before."""
    if sha256 in known():
        return None
    why = unkept() or "you have not trained with this file here"
    return f"{why}; if you would run it as a program, add --trust-plugins"


def may_run(trusted: bool) -> May | None:
    """Which plugins of a config run that is only looked at: if not all, those that are known."""
    return None if trusted else only_known


def known() -> set[str]:
    """The SHA-256 of each plugin that this user has run by naming it."""
    try:
        return set(read_bytes(_known_file(), LARGEST_LIST).decode("ascii", "replace").split())
    except OSError:
        return set()


def unkept() -> str | None:
    """Why it cannot be kept which plugins this user has run; None if it can."""
    try:
        file = _known_file()
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        appending(file).close()
    except OSError as error:
        why = f"it cannot be kept which plugins you have run ({error})"
        return f"{why}; $XDG_STATE_HOME names another folder for that"
    return None


def _remember(sha256: str) -> None:
    if sha256 not in known() and not unkept():
        with contextlib.suppress(OSError), appending(_known_file()) as file:
            file.write(f"{sha256}\n".encode())


def _known_file() -> Path:
    """Where the user's programs keep what they find out: the XDG base directories' state.

    FileNotFoundError without a home, such as for a user of a container who has no entry.
    """
    home = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return Path(home or Path.home() / ".local" / "state") / "nnbasic" / "plugins"
    except RuntimeError:
        raise FileNotFoundError("there is no home folder") from None


def _content(path: Path) -> bytes:
    try:
        return read_bytes(path, LARGEST_PLUGIN)
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}") from None


def is_plugin(file: str) -> bool:
    """Whether ``file`` is a plugin that has been run."""
    return Path(file) in _run


def _line(error: BaseException, path: Path) -> int | None:
    """The line of the plugin that raised ``error``."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
