"""`nnbasic configs`: list them, show one complete, check one, and the schema of them all."""

from __future__ import annotations

import click

from nnbasic.cli.options import complete_config, json_option, print_json, set_option


@click.group()
def configs() -> None:
    """List, show and check configs."""


@configs.command("list")
def list_configs() -> None:
    """List the configs that can be used by name."""
    from nnbasic.configs import listing, printable

    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in listing():
        hidden = f"(hidden by ./configs/{entry.name}.yaml) " if entry.hidden else ""
        group = "Shipped" if entry.shipped else "In ./configs"
        row = (printable(entry.name), hidden + printable(entry.description))
        groups.setdefault(group, []).append(row)
    formatter = click.HelpFormatter(width=80)
    for group, rows in groups.items():
        with formatter.section(group):
            formatter.write_dl(rows)
    click.echo(formatter.getvalue().strip())


@configs.command()
@click.argument("name", shell_complete=complete_config)
@set_option
def show(name: str, overrides: tuple[str, ...]) -> None:
    """Print the config NAME with every key, as YAML.

    The output is a valid config: `nnbasic configs show relu > my.yaml` begins a new one.
    """
    from nnbasic.configs import dump, load

    click.echo(dump(load(name, overrides)), nl=False)


@configs.command()
@click.argument("file", shell_complete=complete_config)
@set_option
@json_option
@click.pass_context
def check(ctx: click.Context, file: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check FILE without training.

    Every problem is named, with its line; the exit code is 2 if there is one.
    """
    from nnbasic.configs import Config, ConfigError, load

    config: Config | None = None
    problems = []
    try:
        config = load(file, overrides)
    except ConfigError as error:
        if not as_json:
            raise
        problems = [{"key": p.key, "line": p.line, "message": p.message} for p in error.problems]
    if as_json:
        resolved = config and config.model_dump()
        valid = config is not None
        print_json({"config": file, "valid": valid, "problems": problems, "resolved": resolved})
    else:
        click.echo(f"{file} is valid.")
    ctx.exit(2 if problems else 0)


@configs.command()
@click.option("--markdown", is_flag=True, help="Print the reference, docs/config.md, instead.")
def schema(markdown: bool) -> None:
    """Print the JSON Schema of a config, for editors that check YAML."""
    from nnbasic.configs import json_schema, reference

    if markdown:
        click.echo(reference(), nl=False)
    else:
        print_json(json_schema())
