"""One run in full, and two runs by their differences, as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from nnbasic.cli.listing import NONE, epochs, percent, summary
from nnbasic.cli.tables import GAP, Column, pad, table, width, wrap

if TYPE_CHECKING:
    from nnbasic.runs.collection import RunData

HEAD, TAIL = 5, 10
"""How many epochs of a long run are shown, from its start and from its end."""


def complete(data: RunData) -> dict[str, Any]:
    """What `runs show --json` says: all that is recorded of the run."""
    record = data.record.model_dump(exclude={"schema_version", "id", "status", "epoch"})
    return {**summary(data), **record, "metrics": data.metrics}


def showing(data: RunData, room: int) -> list[str]:
    """The lines that show a run: what came of it, its config, where it ran, its epochs."""
    from nnbasic.configs import printable
    from nnbasic.runs.collection import flow

    inner = room - len(GAP)
    config = {key: flow(value) for key, value in data.record.config.items()}
    lines = [printable(data.run.id), "", *_pairs(_facts(data), room)]
    lines += ["", "Config", *_indented(_pairs(config, inner))]
    lines += ["", "Environment", *_indented(_pairs(_environment(data), inner))]
    if data.metrics:
        lines += ["", "Epochs", *_indented(_course(data, inner))]
    return lines


def difference(a: RunData, b: RunData, room: int) -> list[str]:
    """The lines that show in what two runs differ: config, environment, results."""
    from nnbasic.configs import printable

    lines = [f"A  {printable(a.run.id)}", f"B  {printable(b.run.id)}"]
    same = []
    for title, of in ("Config", _config), ("Environment", _environment), ("Results", _results):
        of_a, of_b = of(a), of(b)
        keys = list(dict.fromkeys([*of_a, *of_b]))
        differ = [key for key in keys if of_a.get(key) != of_b.get(key)]
        if differ:
            rows = {key: (of_a.get(key, NONE), of_b.get(key, NONE)) for key in differ}
            lines += ["", *_side_by_side(title, rows, room)]
        same.append(f"{title.lower()} {len(keys) - len(differ)} of {len(keys)}")
    return [*lines, "", *wrap(f"The same: {', '.join(same)}.", room)]


def _facts(data: RunData) -> dict[str, str]:
    """What is shown of a run at first; what there is not is left out."""
    record, best = data.record, data.record.best
    started = record.started[:19].replace("T", " ")
    facts = {
        "name": data.user.name,
        "tags": " ".join(data.user.tags),
        "notes": data.user.notes,
        "directory": str(data.run.directory),
        "status": data.status,
        "reason": record.reason or "",
        "data": f"{record.dataset}, SHA-256 {record.dataset_sha256[:12]}…",
        "training": f"{epochs(data)} epochs from {started} UTC, {record.seconds:.1f} s",
    }
    if record.rate_search is not None:
        facts["search"] = str(record.rate_search)
    if best is not None and best.val_accuracy is not None:
        loss = _number(best.val_loss, ".4f")
        accuracy = percent(best.val_accuracy)
        facts["validation"] = f"{accuracy} %, loss {loss}, best at epoch {best.epoch}"
    if record.test_accuracy is not None:
        loss = _number(record.test_loss, ".4f")
        facts["test"] = f"{percent(record.test_accuracy)} %, loss {loss}, with the best weights"
    return {key: text for key, text in facts.items() if text}


def _config(data: RunData) -> dict[str, str]:
    from nnbasic.runs.choices import shown, values

    found = {key: value for key, value in values(data).items() if key not in ("dataset", "code")}
    return {key: shown(value) for key, value in {**found, "seed": data.flat.get("seed")}.items()}


def _environment(data: RunData) -> dict[str, str]:
    record = data.record
    code = {"code": record.code_sha256}
    found = {**code, **record.versions, **record.machine, "threads": record.threads}
    return {key: str(value) for key, value in found.items() if value is not None}


def _results(data: RunData) -> dict[str, str]:
    record, best = data.record, data.record.best
    return {
        "status": data.status,
        "data": f"{record.dataset} {record.dataset_sha256[:12]}",
        "epochs": epochs(data),
        "seconds": f"{record.seconds:.1f}",
        "best epoch": _number(best and best.epoch, "g"),
        "val. %": percent(record.val_accuracy),
        "val. loss": _number(best and best.val_loss, ".4f"),
        "test %": percent(record.test_accuracy),
        "test loss": _number(record.test_loss, ".4f"),
    }


def _course(data: RunData, room: int) -> list[str]:
    """A table of the epochs: of many the first, the last and the best."""
    best = data.record.best and data.record.best.epoch
    rows = data.metrics
    if len(rows) > HEAD + TAIL:
        rows = [
            row
            for index, row in enumerate(rows)
            if index < HEAD or index >= len(rows) - TAIL or row.get("epoch") == best
        ]
    formats = {
        "epoch": ("epoch", "g"),
        "train loss": ("train_loss", ".4f"),
        "train %": ("train_accuracy", "%"),
        "val. loss": ("val_loss", ".4f"),
        "val. %": ("val_accuracy", "%"),
        "learning rate": ("learning_rate", ".3g"),
        "seconds": ("epoch_seconds", ".2f"),
    }
    columns = [
        Column(head, [_number(row.get(key), form) for row in rows], number=True, optional=True)
        for head, (key, form) in formats.items()
    ]
    columns.append(Column("", ["best" if row.get("epoch") == best else "" for row in rows]))
    return table(columns, room)[0]


def _number(value: Any, form: str) -> str:
    """``value`` in the format ``form``, ``%`` being `percent`; a dash for what is no number."""
    from nnbasic.runs.selection import is_number

    if not is_number(value):
        return NONE
    return percent(value) if form == "%" else format(value, form)


def _pairs(found: Mapping[str, str], room: int) -> list[str]:
    """Lines with a key and its text each, the further lines of a long text below its first."""
    from nnbasic.configs import printable

    names = {key: printable(key) for key in found}
    indent = max(map(width, names.values())) + len(GAP)
    lines = []
    for key, text in found.items():
        pieces = [
            piece
            for line in text.splitlines()
            for piece in wrap(printable(line), max(8, room - indent))
        ]
        heads = [names[key], *[""] * (len(pieces) - 1)]
        lines += [pad(head, indent) + piece for head, piece in zip(heads, pieces, strict=True)]
    return lines


def _side_by_side(title: str, rows: Mapping[str, tuple[str, str]], room: int) -> list[str]:
    """A table of keys with two texts each, which are broken into lines where they are long."""
    from nnbasic.configs import printable

    names = {key: printable(key) for key in rows}
    first = max(map(width, (title, *names.values())))
    each = max(8, (room - first - 2 * len(GAP)) // 2)
    broken = {key: [wrap(printable(text), each) for text in texts] for key, texts in rows.items()}
    second = max(width(piece) for a, _ in broken.values() for piece in a)
    lines = [GAP.join((pad(title, first), pad("A", second), "B"))]
    for key, (a, b) in broken.items():
        for index, (left, right) in enumerate(zip_longest(a, b, fillvalue="")):
            name = names[key] if index == 0 else ""
            lines.append(GAP.join((pad(name, first), pad(left, second), right)).rstrip())
    return lines


def _indented(lines: Iterable[str]) -> list[str]:
    return [GAP + line for line in lines]
