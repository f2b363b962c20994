"""A comparison as text: for the terminal, for an issue, for a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence

from nnbasic.compare.comparison import Comparison
from nnbasic.compare.measures import Group, Reached
from nnbasic.compare.significance import Summary
from nnbasic.configs import printable
from nnbasic.runs.choices import headings, shown

Column = tuple[str, Callable[[Group], str]]
NONE = "–"
SEARCHED = "The runs whose learning rate was searched for each row:"
TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of what is the same."""


def table(comparison: Comparison, width: int = 80) -> str:
    """Text in lines of ``width`` columns: what is the same, what differs, warnings, rows, notes."""
    blocks = [
        "\n".join(_wrapped(line, width) for line in opening(comparison)),
        "\n".join(_wrapped(line, width) for line in comparison.verdict),
        "\n".join(_wrapped(f"Warning: {text}", width) for text in comparison.warnings),
    ]
    for title, groups in parts(comparison):
        blocks.append(title)
        for columns in (_accuracies(), _course(comparison)):
            figures = _telling(columns, groups)
            blocks.append(_aligned(groups, _keys(comparison, groups), figures, width))
    blocks.append("\n".join(_wrapped(text, width) for text in comparison.notes))
    if comparison.searched:
        blocks += [SEARCHED, table(comparison.searched, width)]
    return "\n\n".join(filter(None, blocks))


def markdown(comparison: Comparison) -> str:
    """The same as lists and wide tables in GitHub's Markdown."""
    blocks = [
        "  \n".join(map(_escaped, opening(comparison))),
        "  \n".join(map(_escaped, comparison.verdict)),
        "\n".join(f"- **Warning:** {_escaped(text)}" for text in comparison.warnings),
    ]
    for title, groups in parts(comparison):
        columns = wide(comparison, groups)
        rows = [
            [_escaped(heading) for heading, _ in columns],
            ["---"] * len(columns),
            *([_escaped(cell(group)) for _, cell in columns] for group in groups),
        ]
        blocks += [title, "\n".join(f"| {' | '.join(row)} |" for row in rows)]
    blocks.append("\n".join(f"- {_escaped(text)}" for text in comparison.notes))
    if comparison.searched:
        blocks += [SEARCHED, markdown(comparison.searched)]
    return "\n\n".join(filter(None, blocks))


def as_csv(comparison: Comparison) -> str:
    """One line a group after a line of headings; shares between 0 and 1, unknown ones empty."""
    output = io.StringIO()
    rows = []
    for group in comparison.to_dict()["groups"]:
        flat = {key: shown(value) for key, value in group.pop("key").items()}
        rows.append(flat | dict(_flat(group)))
    heads = dict.fromkeys([*comparison.columns, *(key for row in rows for key in row)])
    writer = csv.DictWriter(output, list(heads), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return output.getvalue()


def wide(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    """All columns that have something to say of ``groups``: heading, and what a group has there."""
    test: Column = ("test acc. %", lambda group: _spread(group.measures.test_accuracy))
    figures = _telling([*_accuracies()[1:], test, *_course(comparison)], groups)
    return [*_keys(comparison, groups), ("n", _runs), *figures]


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows, what is the same and what differs, a line each."""
    same = comparison.same
    runs, rows = sum(len(group.runs) for group in comparison.groups), len(comparison.groups)
    telling = ", ".join(f"{key} {shown(same[key])}" for key in TELLING if key in same)
    implied = f"; with them {', '.join(comparison.implied)}" if comparison.implied else ""
    seeds = {run.flat.get("seed") for group in comparison.groups for run in group.runs}
    nothing = "the seed only" if len(seeds) > 1 else "nothing"
    differs = ", ".join(comparison.differs) + implied if comparison.differs else nothing
    return [
        f"{runs} run{'s' * (runs != 1)} in {rows} row{'s' * (rows != 1)}",
        f"Same: {len(same)} keys" + (f", among them {telling}" if telling else ""),
        *([f"Differs: {differs}"] if runs > 1 else []),
    ]


def parts(comparison: Comparison) -> Iterator[tuple[str, list[Group]]]:
    """The rows that are ranked, and, under a title, those that are not."""
    for ranked, title in ((True, ""), (False, "Not ranked (see above):")):
        groups = [group for group in comparison.groups if (group.apart is None) is ranked]
        if groups:
            yield title, groups


def _keys(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    def column(key: str, heading: str) -> Column:
        return heading, lambda group: shown(group.key[key]) if key in group.key else ""

    keys = dict.fromkeys([*comparison.columns, *(key for group in groups for key in group.key)])
    return [
        column(key, heading)
        for key, heading in headings(keys).items()
        if any(key in group.key for group in groups)
    ]


def _accuracies() -> list[Column]:
    return [
        ("n", lambda group: _n(group)),
        ("val. acc. %", lambda group: _spread(group.measures.val_accuracy)),
        ("diff.", lambda g: f"{100 * g.difference.mean:+.2f}" if g.difference else NONE),
        ("95 % interval", lambda g: _interval(g.difference and g.difference.ci95)),
        ("p", lambda group: _p(group.difference and group.difference.p)),
        ("alike", lambda g: NONE if not g.letters else "*" * bool(g.may_be_best) + g.letters),
    ]


def _course(comparison: Comparison) -> list[Column]:
    def share(value: float | None) -> str:
        return NONE if value is None else f"{100 * value:.1f}"

    return [
        (
            f"epochs to {100 * comparison.threshold:g} %",
            lambda group: _reached(group.measures.epochs_to_threshold),
        ),
        ("seconds", lambda group: _seconds(group.measures.seconds_to_threshold.median)),
        ("s/epoch", lambda group: _seconds(group.measures.seconds_per_epoch)),
        ("dead %", lambda group: share(group.measures.dead_units)),
        ("sat. %", lambda group: share(group.measures.saturated_units)),
        ("grad.", lambda g: NONE if (r := g.measures.gradient_ratio) is None else f"{r:.2g}"),
    ]


def _telling(columns: Sequence[Column], groups: Sequence[Group]) -> list[Column]:
    """``columns`` without those that have no figure for any group."""
    return [column for column in columns if any(column[1](group) != NONE for group in groups)]


def _aligned(
    groups: Sequence[Group], keys: Sequence[Column], columns: Sequence[Column], width: int
) -> str:
    """A table; where the keys leave no room for the figures, they stand on a line above them."""
    lines = _lines(groups, [*keys, *columns], left=len(keys))
    if max(map(len, lines)) <= width:
        return "\n".join(lines)
    head, *rows = _lines(groups, columns, left=0)
    named = [
        f"{_wrapped(group.label, width)}\n  {row}" for group, row in zip(groups, rows, strict=True)
    ]
    return "\n".join([f"  {head}", *named])


def _lines(groups: Sequence[Group], columns: Sequence[Column], left: int) -> list[str]:
    """A line of headings and one a group; the first ``left`` columns are aligned left."""
    rows = [[heading for heading, _ in columns]]
    rows += [[cell(group) for _, cell in columns] for group in groups]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(wide) if index < left else cell.rjust(wide)
            for index, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _n(group: Group) -> str:
    """The runs, or, where not all count, how many of them do."""
    counted, runs = len(group.counted), len(group.runs)
    return str(runs) if counted == runs else f"{counted}/{runs}"


def _runs(group: Group) -> str:
    n = len(group.runs)
    statuses = ", ".join(f"{many} {status}" for status, many in group.statuses.items())
    return str(n) if group.statuses == {"finished": n} else f"{n} ({statuses})"


def _spread(summary: Summary) -> str:
    if summary.mean is None:
        return NONE
    mean = f"{100 * summary.mean:.2f}"
    return mean if summary.sd is None else f"{mean} ± {100 * summary.sd:.2f}"


def _interval(ends: tuple[float, float] | None) -> str:
    return NONE if ends is None else " to ".join(f"{100 * end:+.2f}" for end in ends)


def _p(p: float | None) -> str:
    if p is None:
        return NONE
    return f"{p:.3f}" if p >= 0.001 else "<.001"


def _reached(reached: Reached) -> str:
    count = f"{reached.reached}/{reached.of} reached" if reached.of else NONE
    beyond = count if reached.beyond is None else f">{reached.beyond:g} ({count})"
    return beyond if reached.median is None else f"{reached.median:g} ({count})"


def _seconds(value: float | None) -> str:
    if value is None:
        return NONE
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(
        text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _escaped(text: str) -> str:
    """``text`` without a meaning in Markdown."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", text)


def _flat(group: dict[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The cells of a group of `Comparison.to_dict`, nested names joined by an underscore."""
    for name, value in group.items():
        if isinstance(value, dict) and name == "statuses":
            yield name, " ".join(f"{status}:{n}" for status, n in value.items())
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif name.endswith("ci95"):
            low, high = value if isinstance(value, list) else (None, None)
            yield f"{prefix}{name}_low", low
            yield f"{prefix}{name}_high", high
        elif isinstance(value, list):
            yield f"{prefix}{name}", " ".join(printable(str(each)) for each in value)
        else:
            yield f"{prefix}{name}", value
