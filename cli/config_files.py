"""What `nnbasic configs` does: config files are listed, completed, checked, and described."""

from __future__ import annotations

from nnbasic import configs
from nnbasic.cli.failures import UNUSABLE
from nnbasic.cli.tables import Column, indented, table
from nnbasic.cli.terminal import lines_of, out, print_json, terminal_width
from nnbasic.configs import ConfigError
from nnbasic.configs.plugins import May, only_known


def list_configs() -> None:
    """Print the name and the description of each config, those in ./configs apart."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for entry in configs.listing():
        hidden = f"(hidden by ./configs/{entry.name}.yaml) " if entry.hidden else ""
        group = "Shipped:" if entry.shipped else "In ./configs:"
        groups.setdefault(group, []).append((entry.name, hidden + entry.description))
    for number, (group, rows) in enumerate(groups.items()):
        names, descriptions = zip(*rows, strict=True)
        columns = [Column("", names, least=8), Column("", descriptions, wrap=True, least=20)]
        out(*[""] * (number > 0), group, *indented(table(columns, terminal_width() - 2)))


def show(name: str, overrides: tuple[str, ...], trust_plugins: bool) -> None:
    """Print a config with every key."""
    out(*lines_of(configs.dump(configs.load(name, overrides, may=may_run(trust_plugins)))))


def check(file: str, overrides: tuple[str, ...], trust_plugins: bool, as_json: bool) -> int:
    """Print whether a config is valid; the exit code."""
    config: configs.Config | None = None
    problems = []
    try:
        config = configs.load(file, overrides, may=may_run(trust_plugins))
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


def may_run(trust_plugins: bool) -> May | None:
    """Looking at a config runs no plugin that has not been trained with."""
    return None if trust_plugins else only_known


def schema(markdown: bool) -> None:
    """Print the JSON Schema of a config, or the reference in Markdown."""
    if markdown:
        out(*lines_of(configs.reference()))
    else:
        print_json(configs.json_schema())
