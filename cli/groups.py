"""Groups of commands: in the order of use, and loaded when they are called."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class OrderedGroup(click.Group):
    """A group that lists its commands in the order in which they were added to it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


class LazyGroup(OrderedGroup):
    """A group whose commands are imported when they are called: its help needs none of them.

    ``lazy`` has the file of each command in this folder, and its help in one line.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.commands = {n: click.Command(n, short_help=text) for n, (_, text) in lazy.items()}
        self.lazy = lazy

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name else None, rest

    def load(self, name: str) -> click.Command:
        """The command ``name``, from its file."""
        module = importlib.import_module(f"nnbasic.cli.{self.lazy[name][0]}")
        commands = (value for value in vars(module).values() if isinstance(value, click.Command))
        return next(command for command in commands if command.name == name)
