"""What a YAML file may say: the schema, reading, overrides, errors, and the shipped presets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nnbasic.configs.errors import ConfigError, Problem, printable

if TYPE_CHECKING:
    from nnbasic.configs.advice import cautions, shortage
    from nnbasic.configs.describing import json_schema, reference
    from nnbasic.configs.loading import load, loads
    from nnbasic.configs.schema import Config, Data, EarlyStopping
    from nnbasic.configs.sources import Listed, listing, presets
    from nnbasic.configs.writing import dump, flow

_MODULES = {
    "advice": ["cautions", "shortage"],
    "describing": ["json_schema", "reference"],
    "loading": ["load", "loads"],
    "schema": ["Config", "Data", "EarlyStopping"],
    "sources": ["Listed", "listing", "presets"],
    "writing": ["dump", "flow"],
}

# fmt: off
__all__ = [
    "Config", "ConfigError", "Data", "EarlyStopping", "Listed", "Problem", "cautions", "dump",
    "flow", "json_schema", "listing", "load", "loads", "presets", "printable", "reference",
    "shortage",
]
# fmt: on


def __getattr__(name: str) -> Any:
    """What needs NumPy or YAML is imported when it is first used: listing starts sooner."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
