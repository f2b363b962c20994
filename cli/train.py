"""`nnbasic train`: build the network that a config describes, train it, leave a record."""

import contextlib
import shlex
from dataclasses import replace
from pathlib import Path

import click

from nnbasic import configs, training
from nnbasic.cli import options
from nnbasic.cli.charts import accuracy_curve
from nnbasic.cli.failures import FAILED, INTERRUPTED, Interrupts, interrupts, low, traced
from nnbasic.cli.finding import find_one, result
from nnbasic.cli.loading import load
from nnbasic.cli.numbers import percent, short, tested
from nnbasic.cli.progress import shown
from nnbasic.cli.terminal import err, out, paragraph, print_json, terminal_width, warn
from nnbasic.configs.plugins import unkept
from nnbasic.data import Dataset
from nnbasic.data.files import syncing
from nnbasic.model import DivergedError
from nnbasic.training import Record, Run, environment
from nnbasic.training.directory import check_folder

Work = tuple[Run, Record, configs.Config, Dataset]
"""A run that is about to be trained."""


@click.command(cls=options.ConfigCommand)
@options.config
@options.overrides
@click.option("--seed", type=int, metavar="N", help="Short for --set seed=N.")
@click.option("--epochs", type=int, metavar="N", help="Short for --set epochs=N.")
@click.option("--name", metavar="NAME", help="What to call the run.  [default: the config's name]")
@click.option(
    "--resume",
    metavar="RUN",
    shell_complete=options.complete_run,
    help="Go on exactly where RUN stopped: an id, its beginning, a name or a directory.",
)
@options.runs
@options.data
@options.fail_under
@options.curve
@options.trust
@click.option("--quiet", "-q", is_flag=True, help="Show no progress.")
@options.no_sync
@options.json
def train(
    config: str | None,
    overrides: tuple[str, ...],
    seed: int | None,
    epochs: int | None,
    name: str | None,
    resume: str | None,
    runs_dir: Path,
    data_dir: Path | None,
    fail_under: float | None,
    curve: bool,
    trust_plugins: bool,
    quiet: bool,
    no_sync: bool,
    as_json: bool,
) -> int:
    """Train a network and leave its record in ./runs.

    \b
    nnbasic train --config relu
    nnbasic train --config my.yaml --set optimizer.lr=0.05 --seed 3 --name slower
    nnbasic train --resume slower
    """
    short = {"seed": seed, "epochs": epochs}
    overrides += tuple(f"{key}={value}" for key, value in short.items() if value is not None)
    if resume is not None and (config or overrides or name):
        raise click.UsageError(
            "--resume goes on with the run's own config; --config, --set, --seed, --epochs and"
            " --name would make it another run."
        )
    work: Work | None = None
    with interrupts() as interrupt, syncing(not no_sync):
        try:
            if resume is not None:
                run = find_one(resume, runs_dir, resumable=True)
                loaded = run.config(trust_plugins=trust_plugins)
                check_validation(loaded, fail_under)
                work = resumed(run, loaded, data_dir, quiet)
            elif config is not None:
                loaded = configs.load(config, overrides)
                check_validation(loaded, fail_under)
                work = started(loaded, name or default_name(config), runs_dir, data_dir, quiet)
            else:
                raise click.UsageError(
                    "Give --config FILE (`nnbasic configs list` names some) or --resume RUN."
                )
            failure = follow(work, quiet, interrupt)
        except KeyboardInterrupt:
            if work is None:
                err("", "Interrupted before the training began.")
                return INTERRUPTED
            failure = None
    run, record, *_ = work
    with contextlib.suppress(training.RunError):  # its directory may be gone
        record = run.record()
    if failure:  # a full disk may have kept it from the record
        record = replace(record, status="failed", reason=failure)
    if as_json:
        print_json(result(run, run.user(), record, record.outcome))
    report(run, record, data_dir, as_json)
    if curve and not as_json:
        out("", *accuracy_curve(run.metrics(), terminal_width()))
    if record.status == "finished":
        return low(record.val_accuracy, fail_under, "validation accuracy")
    return INTERRUPTED if record.status == "interrupted" else FAILED


def started(
    config: configs.Config, name: str, runs_dir: Path, data_dir: Path | None, quiet: bool
) -> Work:
    """A new run of ``config``."""
    check_folder(runs_dir)
    for caution in configs.cautions(config):
        warn(caution)
    if config.plugins and (why := unkept()):
        warn(f"{why}.")
    dataset = load(config.data, data_dir=data_dir, quiet=quiet)
    run = training.start(config, dataset, runs=runs_dir, name=name)
    record = run.record()
    for warning in record.warnings:
        warn(warning)
    return run, record, config, dataset


def check_validation(config: configs.Config, fail_under: float | None) -> None:
    """UsageError if ``--fail-under`` is given and there is no validation to go by."""
    if fail_under is not None and not config.data.validation:
        raise click.UsageError(
            "--fail-under goes by validation, and data.validation is 0; score the test images with"
            " `nnbasic eval --fail-under`."
        )


def default_name(source: str) -> str:
    """The config's name; the run's name for a run's own config, which is repeated with it."""
    path = Path(source)
    if path.name == "config.yaml" and (path.parent / "run.json").is_file():
        return Run(path.parent).user().name
    return path.stem


def resumed(run: Run, config: configs.Config, data_dir: Path | None, quiet: bool) -> Work:
    """``run`` with the data that it was trained on."""
    record = run.record()
    dataset = load(config.data, record.dataset, data_dir=data_dir, quiet=quiet)
    if changes := environment.changes(record):
        warn(f"the last bits may differ from those of an uninterrupted run: {'; '.join(changes)}.")
    return run, record, config, dataset


def follow(work: Work, quiet: bool, interrupt: Interrupts) -> str | None:
    """Train to the end or to an interrupt, and show progress; the record says how it ended.

    Returns why it failed, or None.
    """
    run, record, config, dataset = work
    steps = -(-len(dataset.train.labels) // config.batch_size)
    try:
        with contextlib.closing(training.train(run, dataset, config)) as events:
            for _ in interrupt.until_pending(
                events if quiet else shown(events, config.epochs, steps, record.epoch)
            ):
                pass
    except (KeyboardInterrupt, DivergedError):
        pass  # the record says how it ended
    except training.FailedError as error:
        fault = error.__cause__
        if fault and not isinstance(fault, (OSError, MemoryError, training.RunError)):
            err(*traced(fault))
        return str(error)
    return None


def report(run: Run, record: Record, data_dir: Path | None, as_json: bool) -> None:
    """Tell a person how the run ended: on stdout if it finished, on stderr if not."""
    if record.status == "interrupted":
        err(
            f"Interrupted after {record.epoch} of {record.config['epochs']} epochs. Continue with:",
            f"  {resume_command(run, data_dir)}",
        )
    elif record.status != "finished":
        err(f"{run.directory}: {record.status}: {record.reason}")
        if record.status == "failed" and (run.directory / "run.json").exists():
            err("Once that is fixed, continue with:", f"  {resume_command(run, data_dir)}")
    else:
        if record.outcome == "collapsed":
            last = percent(record.last_accuracy)
            warn(f"The run has collapsed: it ends near chance, at {last} %: {record.reason}.")
        if not as_json and record.test_accuracy is not None:
            out(*paragraph(score(record), terminal_width()), str(run.directory))


def score(record: Record) -> str:
    """What a run that finished is worth."""
    kept = f"best epoch {record.best.epoch if record.best else 0} of {record.epoch}"
    if not record.val_images:
        kept = f"epoch {record.epoch} (nothing held out for validation)"
    return (
        f"test accuracy {tested(record)} % on {record.dataset} (loss {short(record.test_loss)}),"
        f" {kept}, {record.seconds:.1f} s"
    )


def resume_command(run: Run, data_dir: Path | None) -> str:
    """The command that goes on with ``run`` from here; for one in ./runs its id is enough."""
    here = run.directory.resolve().parent == Path("runs").resolve()
    words = ["nnbasic", "train", "--resume", run.id if here else str(run.directory)]
    return shlex.join(words + (["--data", str(data_dir)] if data_dir else []))
