"""`nnbasic configs`: list them, show one complete, check one, and the schema of them all."""

import click

from nnbasic.cli import options
from nnbasic.cli.failures import UNUSABLE
from nnbasic.cli.groups import OrderedGroup
from nnbasic.cli.tables import pairs
from nnbasic.cli.terminal import GAP, indented, out, print_file, print_json, terminal_width
from nnbasic.configs import Config, ConfigError, dump, json_schema, listing, load
from nnbasic.configs.plugins import may_run


@click.group(cls=OrderedGroup)
def configs() -> None:
    """List, show and check configs."""


@configs.command("list")
def list_configs() -> None:
    """List the configs that can be used by name."""
    groups: dict[str, dict[str, str]] = {}
    for entry in listing():
        hidden = f"(hidden by ./configs/{entry.name}.yaml) " if entry.hidden else ""
        group = "Shipped:" if entry.shipped else "In ./configs:"
        if entry.shipped and "/" in entry.name:
            group = "Shipped: published results, with their test errors, and the best found here:"
        groups.setdefault(group, {})[entry.name] = hidden + entry.description
    for number, (group, texts) in enumerate(groups.items()):
        out(*[""] * (number > 0), group, *indented(pairs(texts, terminal_width() - len(GAP))))


@configs.command(cls=options.ConfigCommand)
@click.argument("name", shell_complete=options.complete_config)
@options.overrides
@options.trust
def show(name: str, overrides: tuple[str, ...], trust_plugins: bool) -> None:
    """Print the config NAME with every key, as YAML.

    The output is a valid config: `nnbasic configs show relu > my.yaml` starts a new one.
    """
    print_file(dump(load(name, overrides, may=may_run(trust_plugins))))


@configs.command(cls=options.ConfigCommand)
@click.argument("file", shell_complete=options.complete_config)
@options.overrides
@options.trust
@options.json
def check(file: str, overrides: tuple[str, ...], trust_plugins: bool, as_json: bool) -> int:
    """Check FILE without training.

    Every problem is named, with its line; the exit code is 2 if there is one.
    """
    config: Config | None = None
    problems = []
    try:
        config = load(file, overrides, may=may_run(trust_plugins))
    except ConfigError as error:
        if not as_json:
            raise
        problems = [{"key": p.key, "line": p.line, "message": p.message} for p in error.problems]
    if as_json:
        resolved = config and config.model_dump()
        valid = config is not None
        print_json({"config": file, "valid": valid, "problems": problems, "resolved": resolved})
    else:
        out(f"{file} is valid.")
    return UNUSABLE if problems else 0


@configs.command()
def schema() -> None:
    """Print the JSON Schema of a config, for editors that check YAML."""
    print_json(json_schema())
