"""A `Config` back into YAML."""

from __future__ import annotations

from typing import Any

import yaml

from nnbasic.configs.schema import Config


def dump(config: Config) -> str:
    """YAML that `loads` turns back into a config equal to ``config``."""
    content = {key: _short(value) for key, value in config.model_dump().items()}
    text: str = yaml.safe_dump(
        content, sort_keys=False, default_flow_style=None, allow_unicode=True, width=100
    )
    return text


def _short(value: Any) -> Any:
    """A component without hyperparameters as its bare name."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    return value["name"] if isinstance(value, dict) and list(value) == ["name"] else value
