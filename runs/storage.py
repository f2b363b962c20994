"""The files of a run: text, JSON and JSON Lines, written safely and read with care."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnbasic.data.files import PART, replacing


class RunError(Exception):
    """A run cannot be found, read, resumed or locked; says which one, why, and what to do."""


def clear(directory: Path) -> None:
    """Remove what killed processes left half written; call it only while holding the run's lock."""
    for partial in directory.glob(f".*{PART}"):
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace ``path`` by ``text`` in UTF-8."""
    with replacing(path) as file:
        file.write(text.encode())


def json_line(values: Mapping[str, Any]) -> str:
    """``values`` as one line of strict JSON: a non-finite number becomes null.

    ``non_finite`` then holds the names of these numbers, and what they were.
    """
    bad = {k: str(v) for k, v in values.items() if isinstance(v, float) and not math.isfinite(v)}
    finite = {key: None if key in bad else value for key, value in values.items()}
    return json.dumps(finite | ({"non_finite": bad} if bad else {}), allow_nan=False) + "\n"


def parse_json(text: str | bytes) -> Any:
    """The value of strict JSON; ValueError if it is not, or a number is too large for a float."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not a finite number")
    return number


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file, up to a line that a crash left torn; [] without a file.

    RunError if it cannot be read.
    """
    rows: list[dict[str, Any]] = []
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return rows
    except OSError as error:
        raise RunError(f"{path}: cannot be read: {error.strerror}") from None
    for line in lines:
        try:
            row = parse_json(line)
        except ValueError:
            break
        if not isinstance(row, dict):
            break
        rows.append(row)
    return rows
