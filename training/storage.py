"""The files of a run: text, JSON and JSON Lines, written safely and read with care."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nnbasic.data.files import PART, read_bytes, replacing

LARGEST_RECORD = 1 << 20
"""Bytes of a `run.json` or `user.json`: a hundred times what they have."""

LARGEST_LINES = 1 << 26
"""Bytes of a `metrics.jsonl` or `diagnostics.jsonl`."""

DEEPEST = 20
"""How deep lists and objects may be nested, as in a config."""

TOO_LONG = re.compile(rb"\d{101}")
"""More digits than a config's number may have; from 310 on, a number is too large for a float."""


FILES = (
    *("config.yaml", "run.json", "metrics.jsonl", "diagnostics.jsonl"),
    *("last.npz", "best.npz", "predictions.npz", "user.json"),
)
"""The files of a run; whatever else lies in its directory is none of ours."""


class RunError(Exception):
    """A run cannot be found, read, resumed or locked; says which one, why, and what to do."""


class Lines(NamedTuple):
    """The objects of a JSON Lines file, and in one line why they are not all; None if they are."""

    rows: list[dict[str, Any]]
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


def json_line(values: Mapping[str, Any]) -> str:
    """``values`` as one line of strict JSON: a non-finite number becomes null.

    ``non_finite`` then holds the names of these numbers, and what they were.
    """
    bad = {k: str(v) for k, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    finite = {key: None if key in bad else value for key, value in values.items()}
    return json.dumps(finite | ({"non_finite": bad} if bad else {}), allow_nan=False) + "\n"


def read_json(path: Path) -> tuple[bytes, Any]:
    """The content of a file of strict JSON, and its value.

    OSError if there is no such file, or one that is no regular file or too large; ValueError if it
    is not what `parse_json` reads.
    """
    content = read_bytes(path, LARGEST_RECORD)
    return content, parse_json(content)


def parse_json(content: bytes) -> Any:
    """The value of strict JSON in UTF-8; ValueError for anything that others would trip over.

    That is a number that is not finite or has more than 100 digits, half a character (a lone
    surrogate), and more than `DEEPEST` levels.
    """
    if TOO_LONG.search(content):
        raise ValueError("it has a number with far too many digits")
    text = content.decode()
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > DEEPEST and _deeper_than(DEEPEST, value):
        raise ValueError("nested too deeply")
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("it has half a character: a lone surrogate") from None
    return value


def _deeper_than(levels: int, value: Any) -> bool:
    """Whether lists and objects are nested more than ``levels`` deep in ``value``."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(levels):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(each, (dict, list))
        ]
    return bool(level)


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not a finite number")
    return number


def has_epoch(row: Mapping[str, Any]) -> None:
    """ValueError unless a line says to which epoch it belongs."""
    if type(row.get("epoch")) is not int:
        raise ValueError("it has no epoch")


def read_lines(
    path: Path, check: Callable[[dict[str, Any]], object] = dict, *, strict: bool = False
) -> Lines:
    """The objects of a JSON Lines file, up to a line that is torn or that ``check`` refuses.

    ``check`` raises ValueError. Without a file there are none, and that is no problem; a file that
    cannot be read is one, or with ``strict`` a RunError.
    """
    try:
        content = read_bytes(path, LARGEST_LINES)
    except FileNotFoundError:
        return Lines([], None)
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror}"
        if strict:
            raise RunError(problem) from error
        return Lines([], problem)
    rows: list[dict[str, Any]] = []
    for line in content.splitlines():
        try:
            row = parse_json(line)
            if not isinstance(row, dict):
                raise ValueError("it is no object")
            check(row)
        except ValueError as error:
            reason = " ".join(str(error).split())
            return Lines(
                rows, f"{path}: line {len(rows) + 1} and what follows are left out: {reason}"
            )
        rows.append(row)
    return Lines(rows, None)
