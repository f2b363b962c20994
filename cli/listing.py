"""Runs as rows of a table, with the keys that differ among them as columns."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nnbasic.cli.tables import Column, table

if TYPE_CHECKING:
    from nnbasic.runs.collection import RunData

NONE = "–"


def summary(data: RunData) -> dict[str, Any]:
    """What `runs list --json` says of a run."""
    record, best = data.record, data.record.best
    return {
        "run": data.run.id,
        "directory": str(data.run.directory),
        "name": data.user.name,
        "tags": data.user.tags,
        "notes": data.user.notes,
        "status": data.status,
        "reason": record.reason,
        "dataset": record.dataset,
        "started": record.started,
        "seconds": record.seconds,
        "epochs": record.epoch,
        "best": best and {"epoch": best.epoch, "val_accuracy": best.val_accuracy},
        "test_accuracy": record.test_accuracy,
        "test_loss": record.test_loss,
        "config": record.config,
    }


def listing(runs: Sequence[RunData], all_ids: Iterable[str], width: int) -> list[str]:
    """The lines of the table of ``runs``, which are not none, and what there is to say of it."""
    from nnbasic.configs import printable

    shortest = unique_length(all_ids)
    columns = [
        Column("id", [printable(data.run.id) for data in runs], least=shortest),
        *_named(runs),
        Column("status", [data.status for data in runs]),
        *_datasets(runs),
        *_choices(runs),
        Column("epochs", [epochs(data) for data in runs], number=True),
        Column("val. %", [percent(data.record.val_accuracy) for data in runs], number=True),
        Column("test %", [percent(data.record.test_accuracy) for data in runs], number=True),
        *_tags(runs),
    ]
    lines, left_out = table(columns, width)
    notes = [_count(runs)]
    if left_out:
        notes.append(f"No room for {', '.join(left_out)}: widen the terminal, or take --json.")
    if not lines[1].startswith(columns[0].cells[0]):
        notes.append("The ids are cut; their beginnings will do.")
    return [*lines, "", *textwrap.wrap(" ".join(notes), width)]


def unique_length(ids: Iterable[str]) -> int:
    """How many characters of each of ``ids`` tell them all apart."""
    return 1 + max((_common(a, b) for a, b in pairwise(sorted(ids))), default=0)


def percent(share: float | None) -> str:
    """``share`` in percent, to the hundredth that one of MNIST's 10,000 test images makes."""
    return NONE if share is None else f"{100 * share:.2f}"


def epochs(data: RunData) -> str:
    """How many are done, of how many."""
    from nnbasic.runs.choices import shown

    return f"{data.record.epoch}/{shown(data.flat.get('epochs'))}"


def _named(runs: Sequence[RunData]) -> list[Column]:
    """The names, if there are any that the ids do not say."""
    from nnbasic.configs import printable

    names = ["" if f"-{d.user.name}-" in d.run.id else printable(d.user.name) for d in runs]
    return [Column("name", names, least=8)] if any(names) else []


def _datasets(runs: Sequence[RunData]) -> list[Column]:
    from nnbasic.configs import printable

    names = [printable(data.record.dataset) for data in runs]
    return [Column("dataset", names)] if len(set(names)) > 1 else []


def _choices(runs: Sequence[RunData]) -> list[Column]:
    """A column for each key of the config that differs: components, the seed, then all else."""
    from nnbasic.runs.choices import headings, shown, tell_apart, values
    from nnbasic.runs.selection import is_number

    rows = [values(data) | {"seed": data.flat.get("seed")} for data in runs]
    differ = tell_apart([values(data) for data in runs]).differs
    keys = [key for key in differ if key not in ("dataset", "code", "epochs")]
    if len({row["seed"] for row in rows}) > 1:
        keys.append("seed")
    keys.sort(key=lambda key: ("." in key, key == "seed"))
    heads = headings([*keys, "id", "name", "status", "dataset", "epochs", "tags"])
    return [
        Column(
            heads[key],
            [shown(row[key]) if key in row else NONE for row in rows],
            number=all(is_number(row.get(key)) for row in rows),
            optional=True,
        )
        for key in keys
    ]


def _tags(runs: Sequence[RunData]) -> list[Column]:
    from nnbasic.configs import printable

    tags = [printable(" ".join(data.user.tags)) for data in runs]
    return [Column("tags", tags, optional=True)] if any(tags) else []


def _count(runs: Sequence[RunData]) -> str:
    from nnbasic.configs import printable

    datasets = printable(" and ".join(sorted({data.record.dataset for data in runs})))
    statuses = Counter(data.status for data in runs)
    what = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    each = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    return f"{what} on {datasets}: {each}."


def _common(a: str, b: str) -> int:
    """How many characters two different texts begin alike with."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(min(a, b)))
