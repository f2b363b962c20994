"""The files of a run: JSON and JSON Lines, written safely and read with care."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from nnbasic.data.files import read_bytes, replacing

LARGEST = 1 << 26
"""Bytes of a file of JSON that is read or written."""

DEEPEST = 20
"""How deep lists and objects may be nested, as in a config."""

LARGEST_NUMBER = 1e100
"""The largest number, as in a config: whatever is done with it, it does not overflow."""

FILES = (
    *("config.yaml", "run.json", "metrics.jsonl", "diagnostics.jsonl"),
    *("last.npz", "best.npz", "predictions.npz", "user.json"),
)
"""The files of a run; whatever else lies in its directory is none of ours."""

Row = TypeVar("Row")


class RunError(Exception):
    """A run cannot be found, read, resumed or locked; says which one, why, and what to do."""


@contextlib.contextmanager
def run_error(place: Path, what: str = "cannot be written") -> Iterator[None]:
    """Turn an OSError in the block into a RunError: ``runs: cannot be written: File too large``."""
    try:
        yield
    except OSError as error:
        words = error.strerror or (error.args or ("",))[0]  # one that shutil raises has no number
        raise RunError(f"{place}: {what}: {words}") from error


def needs_extra(what: str, extra: str) -> str:
    """The message that ``what`` needs an ``extra`` of nnbasic, and how to install it."""
    return (
        f'{what} need the extra "{extra}": pip install "nnbasic[{extra}]", or in a checkout'
        f' pip install ".[{extra}]"'
    )


class Lines(list[Row]):
    """The rows of a JSON Lines file; ``problem`` says in one line why they are not all."""

    problem: str | None = None


def refuse_link(directory: Path) -> None:
    """RunError if ``directory`` is a link: what is changed in it would be changed elsewhere."""
    if directory.is_symlink():
        raise RunError(
            f"{directory}: is a link, and nothing is changed through one; name the directory that"
            f" it leads to: {directory.resolve()}"
        )


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, as `replacing` does."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in UTF-8."""
    write_bytes(path, text.encode())


def parse_json(content: bytes) -> Any:
    """The value of strict JSON in UTF-8; ValueError for anything that others would trip over.

    That is a number beyond `LARGEST_NUMBER` or none, half a character (a lone surrogate), and more
    than `DEEPEST` levels.
    """
    try:
        value = json.loads(content.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _check(value, DEEPEST)
    return value


def _check(value: Any, levels: int) -> None:
    if isinstance(value, (dict, list)):
        if not levels:
            raise ValueError("nested too deeply")
        for inner in (*value, *value.values()) if isinstance(value, dict) else value:
            _check(inner, levels - 1)
    elif isinstance(value, str):
        value.encode()
    elif value is not None and not abs(value) <= LARGEST_NUMBER:
        raise ValueError("it has a number that is far too large, or none")


def read_lines(path: Path, row: Callable[[Any], Row]) -> Lines[Row]:
    """The rows of a JSON Lines file, up to a line that is torn or that ``row`` refuses.

    ``row`` makes one of a line's value, or raises ValueError. Without a file there are none, and
    that is no problem; a file that cannot be read is one.
    """
    rows: Lines[Row] = Lines()
    try:
        for line in read_bytes(path, LARGEST).splitlines():
            rows.append(row(parse_json(line)))
    except FileNotFoundError:
        pass
    except OSError as error:
        rows.problem = f"{path}: cannot be read: {error.strerror}"
    except ValueError as error:
        reason = " ".join(str(error).split())
        rows.problem = f"{path}: line {len(rows) + 1} and what follows are left out: {reason}"
    return rows


def with_epoch(value: Any) -> dict[str, Any]:
    """``value``, a line of `diagnostics.jsonl`; ValueError unless it is an object of an epoch."""
    if not isinstance(value, dict) or type(value.get("epoch")) is not int:
        raise ValueError("it has no epoch")
    return value
