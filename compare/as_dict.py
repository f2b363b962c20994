"""The parts of a comparison as strict JSON can hold them; all shares are between 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnbasic.compare.factors import Effects, Factor, Interaction, Level
from nnbasic.compare.gains import Gain
from nnbasic.compare.measures import Group
from nnbasic.compare.planning import DIFFERENCES, POWER, Plan
from nnbasic.compare.significance import Contrast, Summary
from nnbasic.training.record import binomial_error


def group(found: Group) -> dict[str, Any]:
    """A row."""
    measures = found.measures
    return {
        "key": found.key,
        "label": found.label,
        "runs": [run.run.id for run in found.runs],
        "n": len(found.runs),
        "statuses": found.statuses,
        "comparable": found.comparable,
        "apart": found.apart,
        "val_accuracy": summary(measures.val_accuracy),
        **contrast(found.difference),
        "pairs": measures.val_accuracy.n if found.difference else 0,
        "letters": found.letters,
        "may_be_best": found.may_be_best,
        "test_accuracy": summary(measures.test_accuracy),
        "epochs_to_threshold": measures.epochs_to_threshold._asdict(),
        "seconds_to_threshold": measures.seconds_to_threshold._asdict(),
        "seconds_per_epoch": measures.seconds_per_epoch,
        "dead_units": measures.dead_units,
        "saturated_units": measures.saturated_units,
        "gradient_ratio": measures.gradient_ratio,
    }


def contrast(found: Contrast | None) -> dict[str, Any]:
    """A difference from the first of several, which has none."""
    return {
        "difference": found and found.mean,
        "difference_ci95": found and found.ci95 and list(found.ci95),
        "p": found and found.p,
        "p_uncorrected": found and found.p_uncorrected,
    }


def effects(found: Effects | None) -> dict[str, Any]:
    """What each choice does."""
    return {
        "factors": [_factor(each) for each in found.factors] if found else [],
        "interactions": [_interaction(each) for each in found.interactions] if found else [],
        "seeds_share": found and found.seeds,
    }


def plan(found: Plan, seeds: int) -> dict[str, Any]:
    """What so many ``seeds`` find, and how many it takes to find more."""
    needed = {difference: found.seeds(difference) for difference in DIFFERENCES}
    return {
        "power": POWER,
        "smallest_difference": found.smallest(seeds),
        "seeds": [{"difference": each, "seeds": needed[each]} for each in DIFFERENCES],
    }


def gain(found: Gain) -> dict[str, Any]:
    """What a search for the learning rate did for a row."""
    return {
        "key": found.key,
        "fixed": found.fixed,
        "searched": found.searched,
        **contrast(found.gain),
    }


def summary(found: Summary) -> dict[str, Any]:
    """Mean, SD and interval."""
    return found._asdict() | {"ci95": found.ci95 and list(found.ci95)}


def of_test_set(images: int | None, accuracy: float | None) -> dict[str, Any] | None:
    """How far the test images alone let an ``accuracy`` be off."""
    if images is None or accuracy is None:
        return None
    return {"images": images, "standard_error": binomial_error(accuracy, images)}


def _factor(found: Factor) -> dict[str, Any]:
    return {
        "key": found.key,
        "share": found.share,
        "p": found.p,
        "levels": _levels(found.levels),
    }


def _interaction(found: Interaction) -> dict[str, Any]:
    return {
        "keys": list(found.keys),
        "share": found.share,
        "p": found.p,
        "simple": [
            {"key": each.key, "at": {each.at: each.value}, "levels": _levels(each.levels)}
            for each in found.simple
        ],
    }


def _levels(found: Sequence[Level]) -> list[dict[str, Any]]:
    return [
        {
            "value": level.value,
            "mean": level.mean,
            **contrast(level.difference),
            "letters": level.letters,
        }
        for level in found
    ]
