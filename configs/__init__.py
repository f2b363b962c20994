"""What a YAML file may say: the schema, reading, overrides, errors, and the shipped presets."""

from nnbasic.configs.cautions import cautions
from nnbasic.configs.errors import ConfigError, Problem, printable
from nnbasic.configs.loading import load, loads
from nnbasic.configs.memory import shortage
from nnbasic.configs.reference import json_schema, reference
from nnbasic.configs.schema import Config, Data, EarlyStopping
from nnbasic.configs.sources import Listed, listing, presets
from nnbasic.configs.writing import dump, flow

__all__ = [
    "Config",
    "ConfigError",
    "Data",
    "EarlyStopping",
    "Listed",
    "Problem",
    "cautions",
    "dump",
    "flow",
    "json_schema",
    "listing",
    "load",
    "loads",
    "presets",
    "printable",
    "reference",
    "shortage",
]
