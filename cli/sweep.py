"""`nnbasic sweep`: every combination of choices, with the same seeds in each."""

import os
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from nnbasic.cli import options
from nnbasic.cli.finding import summary
from nnbasic.cli.sentences import sentence_lines
from nnbasic.cli.sweeping import dask_option, jobs_option, train_all, workforce
from nnbasic.cli.terminal import out, print_json, terminal_width, warn
from nnbasic.compare import compare
from nnbasic.sweeps.plan import Job, attempts, cells
from nnbasic.training import curation
from nnbasic.training.collection import DIRECTORY, collect
from nnbasic.training.directory import check_folder
from nnbasic.training.storage import RunError


@click.command(cls=options.ConfigCommand)
@options.config
@options.overrides
@click.option(
    "--vary",
    multiple=True,
    metavar="KEY=VALUE,...",
    help="A config key and its values; several --vary are combined each with each.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    help="Runs of each combination, from the config's seed upwards.",
)
@jobs_option
@dask_option
@click.option(
    "--lr-search",
    is_flag=True,
    help="First choose each combination's learning rate, on validation data with other seeds.",
)
@click.option("--tag", "tags", multiple=True, metavar="WORD", help="Tag the runs of the sweep.")
@options.runs
@options.data
@options.json
@options.no_sync
def sweep(
    config: str | None,
    overrides: tuple[str, ...],
    vary: tuple[str, ...],
    seeds: int,
    jobs: int | None,
    dask: str | None,
    lr_search: bool,
    tags: tuple[str, ...],
    runs_dir: Path,
    data_dir: Path | None,
    as_json: bool,
    no_sync: bool,
) -> int:
    """Train every combination of choices with the same seeds.

    The same command again goes on where it stopped: finished runs are kept, interrupted ones
    resumed, failed ones repeated. It ends with what `nnbasic compare` says of these runs.

    \b
    nnbasic sweep --config relu --vary activation=tanh,relu --vary init=xavier,he
    """
    if config is None:
        raise click.UsageError("Give --config FILE; `nnbasic configs list` names some.")
    for tag in tags:
        curation.checked_tag(tag)
    combinations = cells(config, overrides, vary)
    first = combinations[0].config.seed
    every_seed = range(first, first + seeds)
    check_folder(runs_dir)
    with workforce(data_dir, jobs, dask, sync=not no_sync) as carry_out:
        wanted, problems = train_all(
            combinations, every_seed, data_dir, runs_dir, lr_search, carry_out
        )
    conclude(wanted, problems, tags, runs_dir, as_json)
    return 1 if problems else 0


def conclude(
    wanted: list[Job], problems: list[str], tags: Sequence[str], runs_dir: Path, as_json: bool
) -> None:
    """Print what the runs of ``wanted`` showed, and the command that tells more."""
    there = attempts(runs_dir)
    trained = [str(attempt.run.directory) for job in wanted for attempt in there.get(job.key, ())]
    data, unreadable = collect(runs_dir, trained) if trained else ([], [])
    verdict = compare(data).verdict if data else ()
    sweep = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{os.urandom(2).hex()}"
    for run in data:
        try:
            curation.join(run.run, sweep, tags)
        except RunError as error:
            warn(str(error))
    words = ["nnbasic", "compare"] + ["--runs", str(runs_dir)] * (runs_dir != DIRECTORY)
    if len(data) < sum(map(len, there.values())):
        words += ["--sweep", sweep]
    command = shlex.join(words)
    if as_json:
        print_json(
            {
                "runs": [summary(run) for run in data],
                "problems": [*problems, *unreadable],
                "verdict": verdict,
                "sweep": sweep,
                "compare": command,
            }
        )
        return
    if verdict:
        room = terminal_width()
        out(*(line for sentence in verdict for line in sentence_lines(sentence, room)), "")
    out(f"More: {command}")
