"""A comparison in words, columns, Markdown and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence

from nnbasic.compare.as_dict import DIFFERENCES
from nnbasic.compare.comparison import Comparison
from nnbasic.compare.factors import Factor
from nnbasic.compare.measures import Group, Reached
from nnbasic.compare.significance import Summary
from nnbasic.runs.choices import headings, in_spreadsheet, shown

Column = tuple[str, Callable[[Group], str]]
"""A heading, and the function that gives a group's cell."""

NONE = "–"
MANY = 100
"""Seeds that are more than anybody trains."""
SEARCHED = "The runs whose learning rate was searched for each row:"
EFFECTS = "What each choice does, in mean accuracy over all else:"
TELLING = ("dataset", "layers", "optimizer", "optimizer.lr", "epochs")
"""What a reader wants to know first of all that is the same."""


def markdown(comparison: Comparison) -> str:
    """The comparison as lists and wide tables in GitHub's Markdown."""
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
    for title, lines in ((EFFECTS, effects(comparison)), ("", next_steps(comparison))):
        blocks += [title if lines else "", "\n".join(f"- {_escaped(line)}" for line in lines)]
    blocks.append("\n".join(f"- {_escaped(text)}" for text in comparison.notes))
    if comparison.searched:
        blocks += [SEARCHED, markdown(comparison.searched)]
    return "\n\n".join(filter(None, blocks))


def as_csv(comparison: Comparison) -> str:
    """One line per group after a line of headings; shares between 0 and 1, unknown ones empty."""
    output = io.StringIO()
    rows = []
    for group in comparison.to_dict()["groups"]:
        flat = {key: shown(value) for key, value in group.pop("key").items()}
        rows.append(flat | dict(_flat(group)))
    heads = dict.fromkeys([*comparison.columns, *(key for row in rows for key in row)])
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(map(in_spreadsheet, heads))
    writer.writerows([in_spreadsheet(row.get(head)) for head in heads] for row in rows)
    return output.getvalue()


def wide(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    """All columns with a cell for at least one of ``groups``; ``n`` also says how runs ended."""
    test: Column = ("test acc. %", lambda group: _spread(group.measures.test_accuracy))
    figures = telling([*accuracies()[1:], test, *course(comparison)], groups)
    return [*keys(comparison, groups), ("n", _runs), *figures]


def opening(comparison: Comparison) -> list[str]:
    """How many runs and rows there are, what is the same and what differs, a line each."""
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


def effects(comparison: Comparison) -> list[str]:
    """What each choice does, and what two do together, a line each; none for a single choice."""
    found = comparison.effects
    if found is None or len(found.factors) < 2:
        return []
    lines = [_effect(each.key, each.share, each.p, _levels(each)) for each in found.factors]
    for both in found.interactions:
        lines.append(_effect(" and ".join(both.keys) + " together", both.share, both.p, ""))
    return lines


def next_steps(comparison: Comparison) -> list[str]:
    """What more seeds would find, and what a search for the learning rate gained."""
    lines = []
    if comparison.plan:
        needed = [(100 * each, comparison.plan.seeds(each) or MANY + 1) for each in DIFFERENCES]
        telling = [f"of {points:g} points {n}" for points, n in needed if 2 < n <= MANY]
        if telling:
            lines.append(f"Seeds per row to find a difference, 4 times in 5: {', '.join(telling)}.")
    for gain in comparison.gains:
        row = " ".join(map(shown, gain.key.values())) or "all runs"
        lines.append(
            f"{row}: the search for the learning rate gained {100 * gain.gain.mean:+.2f} points"
            f" ({shown(gain.searched)} instead of {shown(gain.fixed)})."
        )
    return lines


def _effect(name: str, share: float | None, p: float | None, levels: str) -> str:
    parts = [] if share is None else [f"{100 * share:.0f} % of the variance"]
    parts += [] if p is None else [f"p {_p(p)}"]
    return ": ".join(filter(None, [name, ", ".join(parts), levels]))


def _levels(factor: Factor) -> str:
    return ", ".join(
        " ".join(filter(None, (level.value, f"{100 * level.mean:.2f}", level.letters)))
        for level in factor.levels
    )


def parts(comparison: Comparison) -> Iterator[tuple[str, list[Group]]]:
    """The groups that are ranked, without a title, and the others under one."""
    for ranked, title in ((True, ""), (False, "Not ranked (see above):")):
        groups = [group for group in comparison.groups if (group.apart is None) is ranked]
        if groups:
            yield title, groups


def keys(comparison: Comparison, groups: Sequence[Group]) -> list[Column]:
    """The columns that name ``groups``."""

    def column(key: str, heading: str) -> Column:
        return heading, lambda group: shown(group.key[key]) if key in group.key else ""

    names = dict.fromkeys([*comparison.columns, *(key for group in groups for key in group.key)])
    return [
        column(key, heading)
        for key, heading in headings(names).items()
        if any(key in group.key for group in groups)
    ]


def accuracies() -> list[Column]:
    """The columns that say how good the runs became."""
    return [
        ("n", lambda group: _n(group)),
        ("val. acc. %", lambda group: _spread(group.measures.val_accuracy)),
        ("diff.", lambda g: f"{100 * g.difference.mean:+.2f}" if g.difference else NONE),
        ("95 % interval", lambda g: _interval(g.difference and g.difference.ci95)),
        ("p", lambda group: _p(group.difference and group.difference.p)),
        ("alike", lambda g: NONE if not g.letters else "*" * bool(g.may_be_best) + g.letters),
    ]


def course(comparison: Comparison) -> list[Column]:
    """The columns that say how fast and how healthily the runs learned."""

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


def telling(columns: Sequence[Column], groups: Sequence[Group]) -> list[Column]:
    """``columns`` without those that have a figure for none of ``groups``."""
    return [column for column in columns if any(column[1](group) != NONE for group in groups)]


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


def _escaped(text: str) -> str:
    """``text`` on one line, with no mark of Markdown in it."""
    return re.sub(r"([\\`*\[\]<>|#~])", r"\\\1", " ".join(text.splitlines()))


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
            yield f"{prefix}{name}", " ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value
