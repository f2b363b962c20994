"""What a YAML file may say: the schema, reading, overrides, errors, and the shipped presets."""

from typing import TYPE_CHECKING, Any

from nnbasic.configs.errors import ConfigError, Problem, printable

if TYPE_CHECKING:
    from nnbasic.configs.describing import json_schema
    from nnbasic.configs.loading import load, loads
    from nnbasic.configs.schema import Config, Data, EarlyStopping, cautions
    from nnbasic.configs.sources import Listed, listing, presets
    from nnbasic.configs.text import dump, flow

# fmt: off
__all__ = [
    "Config", "ConfigError", "Data", "EarlyStopping", "Listed", "Problem", "cautions", "dump",
    "flow", "json_schema", "listing", "load", "loads", "presets", "printable",
]
# fmt: on


def __getattr__(name: str) -> Any:
    """What needs NumPy or YAML is imported when it is first used: listing starts sooner."""
    if name in __all__:
        from nnbasic.configs import describing, loading, schema, sources, text

        for module in (schema, loading, text, sources, describing):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
