"""`nnbasic runs list`: runs as rows of a table, a column for each key that differs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from os.path import commonprefix
from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.finding import read_all, summary
from nnbasic.cli.numbers import NONE, percent, tested
from nnbasic.cli.tables import Column, fitting, table
from nnbasic.cli.terminal import out, paragraph, print_json, printable, terminal_width
from nnbasic.training.choices import headings, shown, tell_apart
from nnbasic.training.collection import RunData, all_runs
from nnbasic.training.directory import IN_ID
from nnbasic.training.selection import is_number, select

SHORTEST_NAME = 12
"""Other columns are left out before a name is cut to less than this."""


@click.command("list")
@options.where
@click.option("--sort", metavar="KEY", help="Sort by it, accuracies from the highest down.")
@click.option("--last", metavar="N", type=click.IntRange(1), help="Read only the N newest runs.")
@options.runs
@options.json
def list_runs(
    where: tuple[str, ...], sort: str | None, last: int | None, runs_dir: Path, as_json: bool
) -> None:
    """List the runs, oldest first, with what differs among them.

    A KEY is one of the config (activation, optimizer.lr or lr) or of the result: val_accuracy
    (the best epoch's), test_accuracy, epoch, seconds, seed, dataset, status, name, tag. A
    CONDITION compares it by = != < <= > or >=. Accuracies are in percent.

    \b
    nnbasic runs list --where activation=relu --where 'val_accuracy>97'
    nnbasic runs list --where status!=finished --sort epoch
    """
    readable, problems = read_all(runs_dir, last=last)
    chosen = select(readable, where, sort)
    if as_json:
        print_json({"runs": [summary(data) for data in chosen], "problems": problems})
    elif chosen:
        out(*listing(chosen, [run.id for run in all_runs(runs_dir)], terminal_width()))
    elif readable:
        out(f"None of the {len(readable)} runs in {runs_dir} matches.")
    else:
        out(f"There is no run in {runs_dir} yet; start one: nnbasic train --config relu")


def listing(runs: Sequence[RunData], all_ids: Iterable[str], room: int) -> list[str]:
    """The table of ``runs``, at least one; below it how many there are, and what all have alike."""
    shortest = max(unique_length(all_ids), _to_name(runs))
    tags = [" ".join(data.user.tags) for data in runs]
    columns = [
        Column("id", [data.run.id for data in runs], min_width=shortest),
        *_named(runs),
        *_unlike(Column("status", [data.status for data in runs])),
        *_unlike(Column("dataset", [data.record.dataset for data in runs], may_drop=True)),
        *_choices(runs),
        *_unlike(Column("epochs", [*map(epochs, runs)], justify="right")),
        Column("val. %", [percent(data.record.val_accuracy) for data in runs], justify="right"),
        Column("test %", [tested(data.record) for data in runs], justify="right"),
        *([Column("tags", tags, may_drop=True)] if any(tags) else []),
    ]
    kept = fitting(columns, room)
    lines = table(kept, room)
    notes = [_count(runs)]
    if any(column.head == "test %" and {*column.cells} != {NONE} for column in kept):
        notes.append("± is the standard error that a test set of this size leaves.")
    heads = {column.head for column in kept}
    if left_out := [column.head for column in columns if column.head not in heads]:
        notes.append(f"No room for {', '.join(left_out)}: widen the terminal, or use --json.")
    if not lines[1].startswith(printable(runs[0].run.id)):
        notes.append("The ids are cut; the part shown is enough to name a run.")
    return [*lines, "", *paragraph(" ".join(notes), room)]


def unique_length(ids: Iterable[str]) -> int:
    """How many characters of each of ``ids`` tell them all apart."""
    common = (commonprefix(pair) for pair in pairwise(sorted(ids)))  # noqa: RUF071 - no paths
    return 1 + max(map(len, common), default=0)


def epochs(data: RunData) -> str:
    """How many are done, of how many."""
    return f"{data.record.epoch}/{shown(data.values['epochs'])}"


def _named(runs: Sequence[RunData]) -> list[Column]:
    """The names, if the beginning in its id does not tell one from the others."""
    sharing = Counter(name[:IN_ID] for name in {data.user.name for data in runs})

    def told(data: RunData) -> bool:
        start = data.user.name[:IN_ID]
        return f"-{start}-" in data.run.id and sharing[start] == 1

    names = ["" if told(data) else data.user.name for data in runs]
    return [Column("name", names, min_width=SHORTEST_NAME)] if any(names) else []


def _to_name(runs: Sequence[RunData]) -> int:
    """How many characters of the ids hold the time and the name, of long names the beginning."""
    names = [(data.run.id, f"-{data.user.name}"[: SHORTEST_NAME + 1]) for data in runs]
    return max(run.find(name) + len(name) if name in run else 0 for run, name in names)


def _unlike(column: Column) -> list[Column]:
    """``column``, unless all of its cells are the same."""
    return [column] if len(set(column.cells)) > 1 else []


def _choices(runs: Sequence[RunData]) -> list[Column]:
    """A column for each key of the config that differs.

    The activation first, the layers, then all else on the top level, what belongs to components,
    the seed. Plugins come last: an activation tells more than the file that it is in.
    """
    rows = [data.values | {"seed": data.seed} for data in runs]
    differ = tell_apart([data.values for data in runs]).differs
    keys = [key for key in differ if key not in ("dataset", "code", "epochs")]
    if len({row["seed"] for row in rows}) > 1:
        keys.append("seed")
    ends = {"activation": -2, "layers": -1, "seed": 1, "plugins": 2}
    keys.sort(key=lambda key: (ends.get(key, 0), "." in key))
    heads = headings([*keys, "id", "name", "status", "dataset", "epochs", "tags"])
    return [
        Column(
            heads[key],
            [shown(row[key]) if key in row else NONE for row in rows],
            justify="right" if all(is_number(row.get(key)) for row in rows) else "left",
            may_drop=True,
        )
        for key in keys
    ]


def _count(runs: Sequence[RunData]) -> str:
    datasets = " and ".join(sorted({data.record.dataset for data in runs}))
    statuses = Counter(data.status for data in runs)
    what = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    done = {epochs(data) for data in runs}
    alike = f", {done.pop()} epochs" if len(done) == 1 else ""
    return f"{what} on {datasets}: {counts}{alike}."
