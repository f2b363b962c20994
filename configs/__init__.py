"""What a YAML file may say: the schema, reading, overrides, errors, and the shipped presets."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nnbasic.configs.errors import ConfigError, Problem, printable

if TYPE_CHECKING:
    from nnbasic.configs.advice import causes, cautions, shortage
    from nnbasic.configs.describing import reference
    from nnbasic.configs.exporting import json_schema
    from nnbasic.configs.loading import load, load_file, loads
    from nnbasic.configs.schema import Config, Data, EarlyStopping
    from nnbasic.configs.sources import Listed, listing, presets
    from nnbasic.configs.writing import dump, flow

# fmt: off
__all__ = [
    "Config", "ConfigError", "Data", "EarlyStopping", "Listed", "Problem", "causes", "cautions",
    "dump", "flow", "json_schema", "listing", "load", "load_file", "loads", "presets", "printable",
    "reference", "shortage",
]
# fmt: on

_MODULES = {
    **dict.fromkeys(["causes", "cautions", "shortage"], "advice"),
    "json_schema": "exporting",
    **dict.fromkeys(["load", "load_file", "loads"], "loading"),
    "reference": "describing",
    **dict.fromkeys(["Config", "Data", "EarlyStopping"], "schema"),
    **dict.fromkeys(["Listed", "listing", "presets"], "sources"),
    **dict.fromkeys(["dump", "flow"], "writing"),
}


def __getattr__(name: str) -> Any:
    """What needs NumPy or YAML is imported when it is first used: listing starts sooner."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
