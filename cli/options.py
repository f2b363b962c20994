"""Options and arguments that several commands share, and what the shell completes them with."""

import contextlib
import math
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnbasic.cli.terminal import RESERVED

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completer(names: Callable[[click.Context], Iterable[str]], *, files: bool = False) -> Completer:
    """What completes a word to those of ``names`` that begin with it; else ``files``, if asked."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        matches = [CompletionItem(name) for name in names(ctx) if name.startswith(incomplete)]
        return matches or [CompletionItem(incomplete, type="file")] * files

    return complete


def config_names(ctx: click.Context) -> list[str]:
    """The configs, and the YAML files here."""
    from nnbasic.configs import listing

    return sorted({*(entry.name for entry in listing()), *map(str, Path().glob("*.yaml"))})


def run_ids(ctx: click.Context, below: str = "") -> list[str]:
    """The ids of the runs in --runs, or in the folder ``below`` it, newest first."""
    folder = Path(ctx.params.get("runs_dir") or "runs", below)
    return sorted((file.parent.name for file in folder.glob("*/run.json")), reverse=True)


complete_config = completer(config_names, files=True)
complete_run = completer(run_ids)


ELSEWHERE = {
    "--epochs": "use --set epochs=N",
    "--lr": "use --set optimizer.lr=X",
    "--seed": "use --set seed=N",
    "--seeds": "`nnbasic sweep` has it",
    "--vary": "`nnbasic sweep` has it",
}
"""Options that a command does not have, and what to use instead."""


class ConfigCommand(click.Command):
    """A command that reads a config; it says what was meant by an option or word out of place."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            extra = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name in ELSEWHERE:
                ctx.fail(f"No such option {error.option_name}; {ELSEWHERE[error.option_name]}.")
            raise
        if extra and not ctx.resilient_parsing:
            hint = "a value with spaces needs quotes, as in --set 'layers=[784, 10]'"
            if "config" in ctx.params and not ctx.params["config"]:
                hint = f"did you mean --config {extra[0]}?"
            ctx.fail(f"Got unexpected extra argument {extra[0]!r}; {hint}")
        return extra


class Share(click.FloatRange):
    """The type of a number between 0 and 1, which NaN is not."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        share = super().convert(value, param, ctx)
        if math.isnan(share):
            self.fail("nan is not between 0 and 1.", param, ctx)
        return share


FIGURES = (".png", ".svg", ".pdf")
"""The endings of the files into which figures are drawn."""


class HomePath(click.Path):
    """The type of a path: ``~`` is the home directory, also in ``--runs=~/x``, as shells leave."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        home = os.path.expanduser(value)  # noqa: PTH111 - Path raises for unknown users
        return super().convert(home, param, ctx)


class OutputFile(HomePath):
    """The type of a file to write, with one of ``suffixes`` or any; a new one without --force."""

    def __init__(self, *suffixes: str) -> None:
        super().__init__(dir_okay=False, path_type=Path)
        self.suffixes = suffixes

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        file = super().convert(value, param, ctx)
        if self.suffixes and file.suffix.lower() not in self.suffixes:
            self.fail(f"{file} must end in {' or '.join(self.suffixes)}.", param, ctx)
        if not file.parent.is_dir():
            self.fail(f"{file}: there is no folder {file.parent}; make it first.", param, ctx)
        if os.path.lexists(file) and not click.get_current_context().params["force"]:
            self.fail(f"{file}: already exists; name a new file, or give --force.", param, ctx)
        return file


def reserve_stdout(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    """Keep stdout for the JSON alone: a plugin may print what it likes, also by C or a process.

    What is written to stdout goes to stderr until the stack in ``ctx.meta`` is closed.
    """
    if value and sys.stdout is not None and not ctx.resilient_parsing:
        ctx.meta[RESERVED] = stack = contextlib.ExitStack()
        ctx.call_on_close(stack.close)
        sys.stdout.flush()
        stdout = os.dup(1)
        stack.callback(os.close, stdout)
        stack.callback(os.dup2, stdout, 1)
        os.dup2(2, 1)
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
    return value


config = click.option(
    "--config",
    metavar="FILE",
    shell_complete=complete_config,
    help="A config file, or the name of one in ./configs or of a shipped one.",
)

overrides = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change the config, as in optimizer.lr=0.05; may be repeated.",
)

data = click.option(
    "--data",
    "data_dir",
    metavar="DIR",
    type=HomePath(path_type=Path),
    help="The folder that holds MNIST's four files, or those of the config's own data set."
    "  [default: $NNBASIC_DATA, or ./data/mnist; data.directory]",
)

runs = click.option(
    "--runs",
    "runs_dir",
    metavar="DIR",
    type=HomePath(path_type=Path),
    default=Path("runs"),
    help="The folder that holds the runs.",
)

curve = click.option(
    "--curve", is_flag=True, help="Draw the curve of the accuracy in the terminal."
)

fail_under = click.option(
    "--fail-under",
    type=Share(),
    metavar="SHARE",
    help="End with exit code 3 if the accuracy is below it, as in 0.97: by validation for train.",
)

where = click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only the runs that meet it, e.g. activation=relu (see runs list); may be repeated.",
)

figure = click.option(
    "--figure", type=OutputFile(*FIGURES), help="Draw the curves into a .png, .svg or .pdf file."
)

trust = click.option(
    "--trust-plugins",
    is_flag=True,
    help="Run plugins that you have not trained with here. They are programs.",
)

force = click.option(
    "--force",
    is_flag=True,
    is_eager=True,  # the check of a file's name needs it
    help="Overwrite files that exist.",
)

no_sync = click.option(
    "--no-sync",
    is_flag=True,
    help="Do not wait for the disk after each epoch: a power cut may then damage the run.",
)

json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=reserve_stdout,
    help="Print one JSON object on stdout, all else on stderr.",
)
