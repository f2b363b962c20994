"""`nnbasic train`: build the network that a config describes, train it, leave a record."""

from __future__ import annotations

import contextlib
import shlex
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from nnbasic.cli.interrupts import INTERRUPTED, interrupts
from nnbasic.cli.options import (
    ConfigCommand,
    complete_run,
    config_option,
    data_option,
    json_option,
    print_json,
    runs_option,
    set_option,
    short,
    warn,
)

if TYPE_CHECKING:
    from nnbasic.cli.interrupts import Interrupts
    from nnbasic.configs import Config
    from nnbasic.data import Dataset
    from nnbasic.runs import Record, Run

EXIT_CODES = {"finished": 0, "interrupted": INTERRUPTED}


class Ready(NamedTuple):
    """A run that can be trained, with all that was read for it."""

    run: Run
    config: Config
    record: Record
    dataset: Dataset


@click.command(cls=ConfigCommand)
@config_option
@set_option
@click.option("--seed", type=int, metavar="N", help="Short for --set seed=N.")
@click.option("--epochs", type=int, metavar="N", help="Short for --set epochs=N.")
@click.option("--name", metavar="NAME", help="What to call the run.  [default: the config's name]")
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=complete_run,
    help="Go on exactly where RUN stopped: an id, its beginning, a name or a directory.",
)
@runs_option
@data_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    config: str | None,
    overrides: tuple[str, ...],
    seed: int | None,
    epochs: int | None,
    name: str | None,
    resume: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train a network and leave its record in ./runs.

    \b
    nnbasic train --config relu
    nnbasic train --config my.yaml --set optimizer.lr=0.05 --seed 3 --name slower
    nnbasic train --resume slower
    """
    options = {"seed": seed, "epochs": epochs}
    overrides += tuple(f"{key}={value}" for key, value in options.items() if value is not None)
    if resume is not None and (config or overrides or name):
        raise click.UsageError(
            "--resume goes on with the run's own config; --config, --set, --seed, --epochs and"
            " --name would make it another run."
        )
    run: Run | None = None
    with interrupts() as interrupt:
        try:
            if resume is not None:
                ready = taken_up(resume, runs_dir, data_dir, quiet)
            elif config is not None:
                ready = begun(config, overrides, name, runs_dir, data_dir, quiet)
            else:
                raise click.UsageError(
                    "Give --config FILE (`nnbasic configs list` names some) or --resume RUN."
                )
            run = ready.run
            failure = follow(ready, quiet, interrupt)
        except KeyboardInterrupt:
            if run is None:
                click.echo("\nInterrupted before the training began.", err=True)
                ctx.exit(INTERRUPTED)
            failure = None
    record = run.record()
    if failure:  # which a full disk may have kept from the record
        record = record.model_copy(update={"status": "failed", "reason": failure})
    if as_json:
        print_json(summary(run, record))
    report(run, record, data_dir, as_json)
    ctx.exit(EXIT_CODES.get(record.status, 1))


def begun(
    source: str,
    overrides: tuple[str, ...],
    name: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    quiet: bool,
) -> Ready:
    """A new run of the config ``source``."""
    from nnbasic import configs, runs
    from nnbasic.cli.loading import load
    from nnbasic.runs.record import check_folder

    config = configs.load(source, overrides)
    check_folder(runs_dir)
    for caution in configs.cautions(config):
        warn(caution)
    wanted = config.data
    dataset = load(wanted.dataset, validation=wanted.validation, data_dir=data_dir, quiet=quiet)
    run = runs.start(config, dataset, runs=runs_dir, name=name or default_name(source))
    record = run.record()
    for warning in record.warnings:
        warn(warning)
    return Ready(run, config, record, dataset)


def default_name(source: str) -> str:
    """The name of the config; for the config of a run, which is repeated then, that run's name."""
    from nnbasic.runs import Run

    path = Path(source)
    if path.name == "config.yaml" and (path.parent / "run.json").is_file():
        return Run(path.parent).user().name
    return path.stem


def taken_up(text: str, runs_dir: Path, data_dir: Path | None, quiet: bool) -> Ready:
    """The run that ``text`` means, with the data that it was trained on."""
    from nnbasic import runs
    from nnbasic.cli.loading import recorded_data
    from nnbasic.runs import environment

    run = runs.find(text, runs_dir)
    config, record = run.config(), run.record()
    dataset = recorded_data(config, record, data_dir, quiet)
    changes = environment.changes(record)
    if changes:
        warn(f"the last bits may differ from a run without a stop: {'; '.join(changes)}.")
    return Ready(run, config, record, dataset)


def follow(ready: Ready, quiet: bool, interrupt: Interrupts) -> str | None:
    """Train to the end or an interrupt, showing progress; the run's record says how it ended.

    Returns why it failed, if it did.
    """
    from nnbasic import runs
    from nnbasic.cli.progress import shown
    from nnbasic.model import DivergedError

    run, config, record, dataset = ready
    interrupt.deferred = True
    with contextlib.closing(runs.train(run, dataset, config)) as events:
        steps = -(-len(dataset.train.labels) // config.batch_size)
        try:
            for _ in events if quiet else shown(events, config.epochs, steps, record.epoch):
                if interrupt.pending:
                    break
        except (KeyboardInterrupt, DivergedError):
            pass  # closing ends the run as interrupted; a divergence is in the record already
        except runs.FailedError as error:
            if not isinstance(error.__cause__, (OSError, MemoryError, runs.RunError)):
                traceback.print_exception(error.__cause__)  # a fault in a plugin, or in here
            return str(error)
    return None


def summary(run: Run, record: Record) -> dict[str, Any]:
    """What `--json` prints."""
    best = record.best and {key: record.best[key] for key in ("epoch", "val_accuracy")}
    return {
        "run": run.id,
        "directory": str(run.directory),
        "name": run.user().name,
        "status": record.status,
        "reason": record.reason,
        "dataset": record.dataset,
        "epochs": record.epoch,
        "test_accuracy": record.test_accuracy,
        "test_loss": record.test_loss,
        "best": best,
        "seconds": record.seconds,
    }


def report(run: Run, record: Record, data_dir: Path | None, as_json: bool) -> None:
    """What a person reads at the end: on stdout how a run finished, on stderr what befell it."""
    if record.status == "interrupted":
        click.echo(
            f"Interrupted after {record.epoch} of {record.config['epochs']} epochs. Go on with:\n"
            f"  {resume_command(run, data_dir)}",
            err=True,
        )
    elif record.status != "finished":
        click.echo(f"{run.directory}: {record.status}: {record.reason}", err=True)
        if record.status == "failed":
            click.echo(
                f"When that is mended, go on with:\n  {resume_command(run, data_dir)}", err=True
            )
    elif not as_json and record.test_accuracy is not None and record.test_loss is not None:
        best = record.best["epoch"] if record.best else 0
        click.echo(
            f"test accuracy {100 * record.test_accuracy:.2f} % on {record.dataset}"
            f" (loss {short(record.test_loss)}), weights of epoch {best}"
            f" of {record.epoch}, {record.seconds:.1f} s"
        )
        click.echo(run.directory)


def resume_command(run: Run, data_dir: Path | None) -> str:
    """The command that goes on with ``run``, to be typed here; an id will do for one in ./runs."""
    here = run.directory.resolve().parent == Path("runs").resolve()
    words = ["nnbasic", "train", "--resume", run.id if here else str(run.directory)]
    return shlex.join(words + (["--data", str(data_dir)] if data_dir else []))
