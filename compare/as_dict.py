"""A comparison as strict JSON can hold it, and its rows as flat dicts; shares are from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnbasic.compare.significance import DIFFERENCES, POWER, Plan
from nnbasic.compare.standing import Row
from nnbasic.training.choices import shown
from nnbasic.training.collection import RunData

DIFFERENCE = {
    "difference": "mean",
    "difference_ci95": "ci95",
    "p": "p",
    "p_uncorrected": "p_uncorrected",
}
"""What is written of a `Contrast`, under which names."""


def plain(value: Any) -> Any:
    """``value`` with dicts for named tuples and lists for other ones.

    A ``difference`` is spread over the dict that has it; the first of several has none.
    """
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, (tuple, list)):
        return list(map(plain, value))
    if not isinstance(value, dict):
        return value
    content: dict[str, Any] = {}
    for key, each in value.items():
        if key == "difference":
            content |= {name: plain(getattr(each, own, None)) for name, own in DIFFERENCE.items()}
        else:
            content[key] = plain(each)
    return content


def row_content(row: Row, first: str | None) -> dict[str, Any]:
    """A row; ``first`` are the letters of the best one."""
    content = {
        "key": row.key,
        "label": row.name,
        "runs": [run.run.id for run in row.runs],
        "n": len(row.runs),
        "failed": row.failed,
        "statuses": row.statuses,
        "comparable": row.comparable,
        "apart": row.reason or None,
        "val_accuracy": row.val_accuracy,
        "lowest": min(row.scores.values(), default=None),
        "highest": max(row.scores.values(), default=None),
        "difference": row.difference,
        "letters": row.letters,
        "may_be_best": row.letters and bool(set(first or "") & set(row.letters)),
    }
    found: dict[str, Any] = plain(content | (row.measures._asdict() if row.measures else {}))
    return found


def curve(run: RunData) -> dict[str, Any]:
    """The validation accuracy after each epoch, None where it is not known."""
    return {"run": run.run.id, "val_accuracy": [row.val_accuracy for row in run.metrics]}


def plan_content(plan: Plan, seeds: int) -> dict[str, Any]:
    """What so many ``seeds`` detect, and how many it takes to detect less."""
    needed = [{"difference": each, "seeds": plan.seeds(each)} for each in DIFFERENCES]
    return {"power": POWER, "smallest_difference": plan.smallest(seeds), "seeds": needed}


def flat_row(row: Row) -> dict[str, Any]:
    """A row without mappings and lists; unknown figures are None."""
    content = row_content(row, None)
    del content["key"], content["may_be_best"]
    return {key: shown(value) for key, value in row.key.items()} | dict(_flat(content))


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if name == "statuses":
            yield f"{prefix}{name}", " ".join(f"{n} {status}" for status, n in value.items())
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif name.endswith("ci95"):
            low, high = value or (None, None)
            yield f"{prefix}{name}_low", low
            yield f"{prefix}{name}_high", high
        elif isinstance(value, list):
            yield f"{prefix}{name}", " ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value
