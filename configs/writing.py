"""Writing a `Config` as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from nnbasic.configs.reader import RESOLVERS

if TYPE_CHECKING:
    from nnbasic.configs.schema import Config


def dump(config: Config) -> str:
    """YAML from which `loads` makes a config equal to ``config``."""
    content = {key: short(value) for key, value in config.model_dump().items()}
    # the innermost mappings and lists on one line
    return _yaml(content, default_flow_style=None, width=100)


def flow(value: Any) -> str:
    """``value`` as one line of YAML, which means the same; of a mere name, the name alone."""
    text = _yaml(short(value), default_flow_style=True, width=float("inf"))
    return text.removesuffix("...\n").strip()


def _yaml(value: Any, **style: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, **style)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes text such as 1e-3, which our reader takes for a number and PyYAML does not."""


_Dumper.add_implicit_resolver(*RESOLVERS["float"])


def short(value: Any) -> Any:
    """A component without hyperparameters as its bare name."""
    if isinstance(value, list):
        return [short(item) for item in value]
    return value["name"] if isinstance(value, dict) and list(value) == ["name"] else value
