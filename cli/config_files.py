"""What `nnbasic configs` does: config files are listed, completed, checked, and described."""

from __future__ import annotations

from nnbasic import configs
from nnbasic.cli.failures import UNUSABLE
from nnbasic.cli.tables import Column, indented, table
from nnbasic.cli.terminal import lines_of, out, print_json, terminal_width
from nnbasic.configs import ConfigError


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


def show(name: str, overrides: tuple[str, ...]) -> None:
    """Print a config with every key."""
    out(*lines_of(configs.dump(configs.load(name, overrides))))


def check(file: str, overrides: tuple[str, ...], as_json: bool) -> int:
    """Print whether a config is valid; the exit code."""
    config: configs.Config | None = None
    problems = []
    try:
        config = configs.load(file, overrides)
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


def schema(markdown: bool) -> None:
    """Print the JSON Schema of a config, or the reference in Markdown."""
    if markdown:
        out(*lines_of(configs.reference()))
    else:
        print_json(configs.json_schema())
