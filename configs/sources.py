"""Finding configs: at a path, in ``./configs``, and among the shipped presets."""

import contextlib
import difflib
import filecmp
import os
from dataclasses import dataclass
from pathlib import Path

from nnbasic.configs.errors import ConfigError, Problem

LOCAL = Path("configs")
SHIPPED = Path(__file__).resolve().parent
PUBLISHED = "published"
"""The folder, beside the presets, of the configs that repeat published results."""

SUFFIX = ".yaml"

LARGEST_FILE = 1 << 20
"""Bytes; a run's record is no larger, and holds the complete config: what was trained is read."""


@dataclass(frozen=True)
class Listed:
    """A config that can be used by its name."""

    name: str
    description: str
    """The first line of the file, if that is a comment."""
    shipped: bool
    hidden: bool = False
    """Whether a file of the same name in ``./configs`` is used instead."""


def find(source: str | Path) -> Path:
    """The file that ``source`` means.

    It is the first of: the path ``source``, whose ``~`` is the home directory; the file of this
    name in ``./configs``; the shipped preset of this name; each with or without ``.yaml``. Raises
    ConfigError if there is none.
    """
    path = Path(os.path.expanduser(source))  # noqa: PTH111 - Path raises for unknown users
    names = [path, path.with_name(path.name + SUFFIX)] if path.name else [path]
    candidates = [folder / each for folder in (Path(), LOCAL) for each in names]
    for folder, shipped in ((Path(), SHIPPED), (Path(PUBLISHED), SHIPPED / PUBLISHED)):
        if path in (folder / path.name, LOCAL / folder / path.name):
            candidates.append(shipped / (path.name.removesuffix(SUFFIX) + SUFFIX))
    # unlike Path.exists, it also takes what can be no path
    existing = [each for each in candidates if os.path.exists(each)]  # noqa: PTH110
    for file in existing:
        if not file.is_dir():
            return file
    if existing:
        raise ConfigError([Problem("is a directory; name a file in it", place=str(existing[0]))])
    known = dict.fromkeys(each.name for each in listing())
    words = (str(text).removesuffix(SUFFIX).lower() for text in (source, path.name))
    close = next(filter(None, (difflib.get_close_matches(word, known) for word in words)), [])
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    message = f"no such config; {hint}`nnbasic configs list` shows them all"
    raise ConfigError([Problem(message, place=str(source))])


def read(path: Path) -> str:
    """The text of a config file; ConfigError if it is too large or not UTF-8."""
    line = None
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)  # it may be an endless device
        if len(content) <= LARGEST_FILE:
            return content.decode("utf-8-sig")
        message = f"larger than {LARGEST_FILE} bytes; this cannot be a config"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"not text in UTF-8 (byte {error.start}); save it as UTF-8"
    raise ConfigError([Problem(message, place=str(path), line=line)])


def presets() -> dict[str, str]:
    """Name → description of each shipped config, but for those of published results."""
    return {name: _description(file) for name, file in _named(SHIPPED).items()}


def listing() -> list[Listed]:
    """The configs in ``./configs`` and the shipped ones, each by name.

    A file in ``./configs`` with the content of a shipped one is not listed again: in a checkout of
    this project it is one, whether it is installed as a link or a copy.
    """
    local, shipped = (_named(folder) | _named(folder, PUBLISHED) for folder in (LOCAL, SHIPPED))
    for name in local.keys() & shipped.keys():
        with contextlib.suppress(OSError):  # the list says which cannot be read
            if filecmp.cmp(local[name], shipped[name], shallow=False):
                del local[name]
    return [
        *(Listed(name, _description(file), False) for name, file in local.items()),
        *(Listed(name, _description(file), True, name in local) for name, file in shipped.items()),
    ]


def _named(folder: Path, inner: str = "") -> dict[str, Path]:
    """Name → file of the configs in ``folder / inner``; none if there is no such folder."""
    files = sorted((folder / inner).glob(f"*{SUFFIX}"))
    names = (file.relative_to(folder).as_posix().removesuffix(SUFFIX) for file in files)
    return {name: file for name, file in zip(names, files, strict=True) if file.is_file()}


def _description(file: Path) -> str:
    try:
        first = read(file).partition("\n")[0].strip()
    except ConfigError:
        return "cannot be read"
    return first.lstrip("# ") if first.startswith("#") else ""
