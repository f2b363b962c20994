"""Finding configs: at a path, in ``./configs``, and among the shipped presets."""

from __future__ import annotations

import contextlib
import difflib
from dataclasses import dataclass
from pathlib import Path

from nnbasic.configs.errors import ConfigError, Problem
from nnbasic.configs.reader import LARGEST_FILE

LOCAL = Path("configs")
SHIPPED = Path(__file__).resolve().parent
SUFFIX = ".yaml"


@dataclass(frozen=True)
class Source:
    """A config file: its name in messages, its content, and the folder of its plugins."""

    place: str
    content: bytes
    folder: Path


@dataclass(frozen=True)
class Listed:
    """A config that can be used by its name."""

    name: str
    description: str
    """The first line of the file, if that is a comment."""
    shipped: bool
    hidden: bool = False
    """Whether a file of the same name in ``./configs`` is used instead."""


def find(source: str | Path) -> Source:
    """The file that ``source`` means.

    It is the first of: the path ``source``; the file of this name in ``./configs``; the shipped
    preset of this name; each with or without ``.yaml``. Raises ConfigError if there is none.
    """
    path = Path(source)
    for candidate in _candidates(path):
        if _exists(candidate) and not candidate.is_dir():
            return Source(str(candidate), _read(candidate), candidate.parent)
    shipped = _named(SHIPPED)
    name = path.name.removesuffix(SUFFIX)
    if path in (Path(path.name), LOCAL / path.name) and name in shipped:
        return Source(f"{name}{SUFFIX}", _read(shipped[name]), SHIPPED)
    if _exists(path):
        raise ConfigError([Problem("is a directory; name a file in it", place=str(path))])
    close = difflib.get_close_matches(name.lower(), {*_named(LOCAL), *shipped}, n=3)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    message = f"no such config; {hint}`nnbasic configs list` shows them all"
    raise ConfigError([Problem(message, place=str(source))])


def presets() -> dict[str, str]:
    """Name → description of each shipped config."""
    return {name: _description(file) for name, file in _named(SHIPPED).items()}


def listing() -> list[Listed]:
    """The configs in ``./configs`` and the shipped ones, each by name.

    In a checkout of this project ``./configs`` holds the shipped ones too, whether they are
    installed as links or copies: a file with the content of a shipped one is not listed again.
    """
    local, shipped = _named(LOCAL), _named(SHIPPED)
    for name in local.keys() & shipped.keys():
        with contextlib.suppress(ConfigError):  # the list says which cannot be read
            if _read(local[name]) == _read(shipped[name]):
                del local[name]
    return [
        *(Listed(name, _description(file), False) for name, file in local.items()),
        *(Listed(name, _description(file), True, name in local) for name, file in shipped.items()),
    ]


def _candidates(path: Path) -> list[Path]:
    names = [path, path.with_name(path.name + SUFFIX)] if path.name else [path]
    return [folder / name for folder in (Path(), LOCAL) for name in names]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a null character
        return False


def _read(path: Path) -> bytes:
    """The content, cut just above the size limit: the path may be an endless device."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ConfigError([Problem(message, place=str(path))]) from error


def _named(folder: Path) -> dict[str, Path]:
    """Name → file of the configs in ``folder``; none if there is no such folder."""
    files = sorted(folder.glob(f"*{SUFFIX}"))
    return {file.name.removesuffix(SUFFIX): file for file in files if file.is_file()}


def _description(file: Path) -> str:
    try:
        first = _read(file).decode(errors="replace").partition("\n")[0].strip()
    except ConfigError:
        return "cannot be read"
    return first.lstrip("# ") if first.startswith("#") else ""
