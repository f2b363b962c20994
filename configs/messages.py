"""The errors of pydantic in plain words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from nnbasic.configs.components import Component, described
from nnbasic.configs.reader import KeyPath
from nnbasic.configs.schema import Config, Data, EarlyStopping
from nnbasic.model.registry import Registry, hyperparameters, suggestion

_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "list_type": "a list in brackets",
}
_RANGES = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
}
SECTIONS: dict[str, type[BaseModel]] = {"data": Data, "early_stopping": EarlyStopping}
COMPONENTS: dict[str, Registry[Any]] = {
    key: each.registry
    for key, field in Config.model_fields.items()
    for each in field.metadata
    if isinstance(each, Component)
}
"""The top-level keys that hold a component, with the table of its kind."""


def explain(error: ErrorDetails) -> str:
    """The message for ``error``."""
    kind, context, value = error["type"], error.get("ctx", {}), described(error["input"])
    if kind == "extra_forbidden":
        *parent, key = error["loc"]
        if not parent and (sections := sections_with(str(key))):
            return f"unknown key; it belongs under {' or '.join(sections)}"
        return f"unknown key; {suggestion(str(key), known_keys(tuple(parent)))}"
    if kind in _EXPECTED:
        return f"must be {_EXPECTED[kind]}, not {value}"
    if kind in _RANGES:
        bounds = {name: f"{bound:g}" for name, bound in context.items()}
        return f"must be {_RANGES[kind].format(**bounds)}, not {value}"
    if kind == "literal_error":
        return f"must be one of {context['expected']}, not {value}"
    if kind == "model_type":
        keys = ", ".join(known_keys(error["loc"]))
        return f"must be a mapping with any of the keys {keys}, not {value}"
    if kind == "string_too_short":
        return "must not be empty"
    if kind == "too_short":
        return f"must have at least {context['min_length']} entries, not {context['actual_length']}"
    return error["msg"]


def known_keys(path: KeyPath) -> list[str]:
    """The keys of the mapping at ``path``, which is the config itself or a section of it."""
    section = SECTIONS[str(path[0])] if path else Config
    return list(section.model_fields)


def sections_with(key: str) -> list[str]:
    """The top-level keys under which ``key`` may stand: ``optimizer`` for ``lr``."""
    found = [top for top, section in SECTIONS.items() if key in section.model_fields]
    for top, registry in COMPONENTS.items():
        if any(key in hyperparameters(registry[name]) for name in registry):
            found.append(top)
    return found
