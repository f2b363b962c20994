"""Options that several commands share."""

from __future__ import annotations

import json
from typing import Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, all else on stderr."
)


def print_json(value: Any) -> None:
    """Write ``value`` to stdout as one strict JSON object (NaN is refused)."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))
