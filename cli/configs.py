"""`nnbasic configs`: list them, show one complete, check one, and the schema of them all."""

from __future__ import annotations

from typing import Any

import click

from nnbasic.cli.options import complete_config, json_option, set_option, trust_option


@click.group()
def configs() -> None:
    """List, show and check configs."""


@configs.command("list")
def list_configs() -> None:
    """List the configs that can be used by name."""
    from nnbasic.cli import config_files

    config_files.list_configs()


@configs.command()
@click.argument("name", shell_complete=complete_config)
@set_option
@trust_option
def show(**options: Any) -> None:
    """Print the config NAME with every key, as YAML.

    The output is a valid config: `nnbasic configs show relu > my.yaml` starts a new one.
    """
    from nnbasic.cli import config_files

    config_files.show(**options)


@configs.command()
@click.argument("file", shell_complete=complete_config)
@set_option
@trust_option
@json_option
def check(**options: Any) -> int:
    """Check FILE without training.

    Every problem is named, with its line; the exit code is 2 if there is one.
    """
    from nnbasic.cli import config_files

    return config_files.check(**options)


@configs.command()
@click.option("--markdown", is_flag=True, help="Print the reference, docs/config.md, instead.")
def schema(**options: Any) -> None:
    """Print the JSON Schema of a config, for editors that check YAML."""
    from nnbasic.cli import config_files

    config_files.schema(**options)
