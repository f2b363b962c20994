"""The files of a run: text, JSON and JSON Lines, written safely and read with care."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from nnbasic.data.files import PART, read_bytes, replacing

LARGEST_RECORD = 1 << 20
"""Bytes of a `run.json` or `user.json`: a hundred times what they have."""

LARGEST_LINES = 1 << 26
"""Bytes of a `metrics.jsonl` or `diagnostics.jsonl`."""

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


class Lines(NamedTuple, Generic[Row]):
    """The rows of a JSON Lines file, and in one line why they are not all; None if they are."""

    rows: list[Row]
    problem: str | None


def refuse_link(directory: Path) -> None:
    """RunError if ``directory`` is a link: what is changed in it would be changed elsewhere."""
    if directory.is_symlink():
        raise RunError(
            f"{directory}: is a link, and nothing is changed through one; name the directory that"
            f" it leads to: {directory.resolve()}"
        )


def clear(directory: Path) -> None:
    """Remove what killed processes left half written; call it only while holding the run's lock."""
    for partial in directory.glob(f".*{PART}"):
        with contextlib.suppress(OSError):  # a directory of this name is none of ours
            partial.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``, as `replacing` does."""
    with replacing(path) as file:
        file.write(content)


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in UTF-8."""
    write_bytes(path, text.encode())


def parse_json(content: bytes) -> Any:
    """The value of strict JSON in UTF-8; ValueError for anything that others would trip over.

    That is a number beyond `LARGEST_NUMBER`, half a character (a lone surrogate), and more than
    `DEEPEST` levels.
    """
    from pydantic_core import from_json  # loaded once there is something to read

    value = from_json(content, allow_inf_nan=False)
    _check(value, DEEPEST)
    return value


def _check(value: Any, levels: int) -> None:
    if isinstance(value, (dict, list)):
        if not levels:
            raise ValueError("nested too deeply")
        for inner in value.values() if isinstance(value, dict) else value:
            _check(inner, levels - 1)
    elif isinstance(value, (int, float)) and abs(value) > LARGEST_NUMBER:
        raise ValueError("it has a number that is far too large")


def object_with_epoch(line: bytes) -> dict[str, Any]:
    """The object in a line of `diagnostics.jsonl`; ValueError unless it has its epoch."""
    row = parse_json(line)
    if not isinstance(row, dict) or type(row.get("epoch")) is not int:
        raise ValueError("it has no epoch")
    return row


def read_lines(path: Path, parse: Callable[[bytes], Row]) -> Lines[Row]:
    """The rows of a JSON Lines file, up to a line that is torn or that ``parse`` refuses.

    ``parse`` raises ValueError. Without a file there are none, and that is no problem; a file that
    cannot be read is one.
    """
    rows: list[Row] = []
    try:
        lines = read_bytes(path, LARGEST_LINES).splitlines()
    except FileNotFoundError:
        return Lines(rows, None)
    except OSError as error:
        return Lines(rows, f"{path}: cannot be read: {error.strerror}")
    for number, line in enumerate(lines, 1):
        try:
            rows.append(parse(line))
        except ValueError as error:
            reason = " ".join(str(error).split())
            return Lines(rows, f"{path}: line {number} and what follows are left out: {reason}")
    return Lines(rows, None)
