"""A comparison as strict JSON can hold it, and its rows as flat dicts; shares are from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nnbasic.compare.factors import Effects, Level
from nnbasic.compare.findings import Findings
from nnbasic.compare.planning import DIFFERENCES, POWER, Plan
from nnbasic.compare.runs import binomial_error, shown
from nnbasic.compare.significance import Contrast, Summary
from nnbasic.compare.standing import Row


def findings(found: Findings) -> dict[str, Any]:
    """The rows and what was tested."""
    first = set(found.rows[0].letters or "")
    return {
        "seeds": list(found.seeds),
        "groups": [_row(row, first) for row in found.rows],
        **_effects(found.effects),
        "decides": [decided._asdict() for decided in found.decided],
        "plan": found.plan and _plan(found.plan, len(found.seeds)),
    }


def of_test_set(images: int | None, row: Row) -> dict[str, Any] | None:
    """By how much so few test ``images`` may be off, at the accuracy of ``row``."""
    accuracy = row.measures and row.measures.test_accuracy.mean
    if images is None or accuracy is None:
        return None
    return {"images": images, "standard_error": binomial_error(accuracy, images)}


def contrast(found: Contrast | None) -> dict[str, Any]:
    """A difference from the first of several, which has none."""
    return {
        "difference": found and found.mean,
        "difference_ci95": found and found.ci95 and list(found.ci95),
        "p": found and found.p,
        "p_uncorrected": found and found.p_uncorrected,
    }


def flat_row(row: Row) -> dict[str, Any]:
    """A row without mappings and lists; unknown figures are None."""
    content = _row(row, set())
    del content["key"], content["may_be_best"]
    return {key: shown(value) for key, value in row.key.items()} | dict(_flat(content))


def _row(row: Row, first: set[str]) -> dict[str, Any]:
    content = {
        "key": row.key,
        "label": row.name,
        "runs": [run.run.id for run in row.runs],
        "n": len(row.runs),
        "failed": row.failed,
        "statuses": row.statuses,
        "comparable": row.comparable,
        "apart": row.reason or None,
        "val_accuracy": _summary(row.val_accuracy),
        "lowest": min(row.scores.values(), default=None),
        "highest": max(row.scores.values(), default=None),
        **contrast(row.difference),
        "letters": row.letters,
        "may_be_best": None if row.letters is None else bool(first & set(row.letters)),
    }
    if row.measures is not None:
        measures = row.measures._asdict()
        content |= measures | {
            "test_accuracy": _summary(row.measures.test_accuracy),
            "epochs_to_threshold": row.measures.epochs_to_threshold._asdict(),
            "seconds_to_threshold": row.measures.seconds_to_threshold._asdict(),
        }
    return content


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


def _summary(found: Summary) -> dict[str, Any]:
    return found._asdict() | {"ci95": found.ci95 and list(found.ci95)}


def _effects(found: Effects | None) -> dict[str, Any]:
    if found is None:
        return {"factors": [], "interactions": [], "seeds_share": None}
    interactions = []
    for each in found.interactions:
        simple = [
            {"key": one.key, "at": {one.at: one.value}, "levels": _levels(one.levels)}
            for one in each.simple
        ]
        interactions.append(each._asdict() | {"keys": list(each.keys), "simple": simple})
    return {
        "factors": [each._asdict() | {"levels": _levels(each.levels)} for each in found.factors],
        "interactions": interactions,
        "seeds_share": found.seeds,
    }


def _levels(found: Sequence[Level]) -> list[dict[str, Any]]:
    return [level._asdict() | contrast(level.difference) for level in found]


def _plan(found: Plan, seeds: int) -> dict[str, Any]:
    """What so many ``seeds`` detect, and how many it takes to detect less."""
    needed = [{"difference": each, "seeds": found.seeds(each)} for each in DIFFERENCES]
    return {"power": POWER, "smallest_difference": found.smallest(seeds), "seeds": needed}
