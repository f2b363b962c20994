from .cautions import cautions
from .errors import ConfigError, Problem, printable
from .loading import load, load_file, loads
from .memory import shortage
from .reference import json_schema, reference
from .schema import Config, Data, EarlyStopping
from .sources import Listed, listing, presets
from .writing import dump, flow

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
    "load_file",
    "loads",
    "presets",
    "printable",
    "reference",
    "shortage",
]
