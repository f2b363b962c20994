"""Options that several commands share."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem


def complete_config(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The names of configs and the YAML files here that begin so, or else what files there are.

    Looks where `nnbasic.configs.listing` does, but without importing that room, which takes
    longer than anyone waits for a completion.
    """
    package = importlib.util.find_spec("nnbasic.configs")
    shipped = package.submodule_search_locations if package else None
    folders = ["configs", *(shipped or [])]
    names = {file.stem for folder in folders for file in Path(folder).glob("*.yaml")}
    names |= {file.name for file in Path().glob("*.yaml")}
    matches = [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]
    return matches or [CompletionItem(incomplete, type="file")]


class ConfigCommand(click.Command):
    """A command with --config, which hints at it when a config is named without."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        extra = super().parse_args(ctx, args)
        if extra and not ctx.resilient_parsing:
            hint = "" if ctx.params.get("config") else f"; did you mean --config {extra[0]}?"
            ctx.fail(f"Got unexpected extra argument {extra[0]!r}{hint}")
        return extra


config_option = click.option(
    "--config",
    metavar="FILE",
    shell_complete=complete_config,
    help="A config file, or the name of one in ./configs or of a shipped one.",
)

set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the config, as in optimizer.lr=0.05; may be given again.",
)

data_option = click.option(
    "--data",
    "data_dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The folder that holds MNIST's four files.  [default: $NNBASIC_DATA, or ./data/mnist]",
)

runs_option = click.option(
    "--runs",
    "runs_dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="The folder that holds the runs.",
)


def ends_in(*suffixes: str) -> Callable[[click.Context, click.Parameter, Any], Path | None]:
    """Refuse a file that by its name is of another kind: it could be one that is not to be lost."""

    def check(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
        if value is not None and value.suffix.lower() not in suffixes:
            raise click.BadParameter(f"{value} must end in {' or '.join(suffixes)}.")
        return value

    return check


def complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The ids of runs that begin so, newest first."""
    return run_ids(ctx.params.get("runs_dir") or Path("runs"), incomplete)


def run_ids(folder: Path, incomplete: str) -> list[CompletionItem]:
    """The ids of the runs in ``folder`` that begin so, newest first."""
    ids = sorted((file.parent.name for file in folder.glob("*/run.json")), reverse=True)
    return [CompletionItem(run) for run in ids if run.startswith(incomplete)]


@contextlib.contextmanager
def stdout_on_stderr() -> Iterator[None]:
    """A block in which what is written to stdout goes to stderr, also by C and other processes."""
    sys.stdout.flush()
    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def reserve_stdout(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """Keep stdout for `print_json`: a plugin may print what it likes."""
    if value and not ctx.resilient_parsing:
        ctx.meta[RESERVED] = stack = contextlib.ExitStack()
        ctx.call_on_close(stack.close)
        stack.enter_context(stdout_on_stderr())
    return value


RESERVED = "nnbasic.reserved"

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=reserve_stdout,
    help="Print one JSON object on stdout, all else on stderr.",
)


def warn(message: str) -> None:
    """Write a warning to stderr."""
    click.echo(f"{click.style('Warning:', fg='yellow', bold=True)} {message}", err=True)


def print_json(value: Any) -> None:
    """Write ``value`` to stdout as one strict JSON object (NaN is refused); nothing may follow."""
    text = json.dumps(value, indent=2, allow_nan=False)
    click.get_current_context().meta.get(RESERVED, contextlib.ExitStack()).close()
    click.echo(text)


def short(loss: float) -> str:
    """A loss in four decimals; in three digits if it is huge."""
    return f"{loss:.4f}" if loss < 1000 else f"{loss:.3g}"
