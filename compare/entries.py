"""The rows of a comparison that are drawn, each with what tells it from the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nnbasic.compare.colours import Look, looks
from nnbasic.compare.measures import Group
from nnbasic.training.choices import Values, headings, shown
from nnbasic.training.collection import RunData

ALL = "all runs"
"""What tells a single row from others."""

COMPONENTS = ("activation", "init", "optimizer", "schedule", "loss")


class Entry(NamedTuple):
    """A group, with what tells it from the others: component → value, ``init`` → ``he``."""

    group: Group
    parts: dict[str, str]
    look: Look
    """That of its activation, or of the first of the parts: the same in all figures."""

    @property
    def title(self) -> str:
        return joined(self.parts.values())

    @property
    def runs(self) -> Sequence[RunData]:
        return self.group.counted


def entries(groups: Sequence[Group]) -> list[Entry]:
    """The comparable groups, in the order in which they were asked for, as by ``--vary``."""
    drawn = [group for group in groups if group.comparable]
    drawn.sort(key=lambda group: min(run.record.queued or run.record.started for run in group.runs))
    parts = [_parts(group.key) for group in drawn]
    names = sorted(dict.fromkeys(name for each in parts for name in each), key=_rank)
    varying = [name for name in names if len({each.get(name) for each in parts}) > 1]
    told = [{name: each.get(name, "–") for name in varying} for each in parts]
    first = [next(iter(each.values()), ALL) for each in told]
    look = looks(list(dict.fromkeys(first)))
    return [
        Entry(group, each, look[value])
        for group, each, value in zip(drawn, told, first, strict=True)
    ]


def joined(parts: Iterable[str]) -> str:
    """One name made of several: ``relu · he``."""
    return " · ".join(parts) or ALL


def _parts(key: Values) -> dict[str, str]:
    """Component → value, with the hyperparameters that differ: ``leaky_relu slope=0.2``.

    Words stand alone: ``xavier uniform``.
    """
    short = headings(key)
    parts: dict[str, list[str]] = {}
    for name, value in key.items():
        text, component = shown(value), name.partition(".")[0]
        alone = component in COMPONENTS and isinstance(value, str) and text[:1] != "["
        parts.setdefault(component, []).append(text if alone else f"{short[name]}={text}")
    return {component: " ".join(texts) for component, texts in parts.items()}


def _rank(component: str) -> int:
    """Activation first, then init, then the others in the order of the config."""
    return COMPONENTS.index(component) if component in COMPONENTS[:2] else len(COMPONENTS)
