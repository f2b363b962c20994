"""What pydantic found wrong, in the words of the config."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from nnbasic.configs.components import Component, described
from nnbasic.configs.reader import KeyPath
from nnbasic.configs.schema import Config, Data, EarlyStopping
from nnbasic.model.registry import suggestion

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


def explain(error: ErrorDetails, root: dict[str, Any]) -> str:
    """One sentence about ``error``, found in the config ``root``."""
    kind, context, value = error["type"], error.get("ctx", {}), described(error["input"])
    if kind == "extra_forbidden":
        *parent, key = error["loc"]
        if not parent and (sections := sections_with(str(key))):
            return f"unknown key; it belongs under {' or '.join(sections)}"
        known = known_keys(tuple(parent), root)
        return f"unknown key; {suggestion(str(key), known) if known else 'there are none here'}"
    if kind in _EXPECTED:
        return f"must be {_EXPECTED[kind]}, not {value}"
    if kind in _RANGES:
        bounds = {name: f"{bound:g}" for name, bound in context.items()}
        return f"must be {_RANGES[kind].format(**bounds)}, not {value}"
    if kind == "literal_error":
        return f"must be one of {context['expected']}, not {value}"
    if kind == "model_type":
        keys = ", ".join(known_keys(error["loc"], root))
        return f"must be a mapping with any of the keys {keys}, not {value}"
    if kind == "too_short":
        return f"must have at least {context['min_length']} entries, not {context['actual_length']}"
    if kind == "missing":
        return "is missing, and has no default"
    return str(context["error"]) if kind == "value_error" else error["msg"]


def known_keys(path: KeyPath, root: dict[str, Any]) -> list[str]:
    """The keys that the mapping at ``path`` of ``root`` may have."""
    if not path:
        return list(Config.model_fields)
    top = str(path[0])
    if top in SECTIONS:
        return list(SECTIONS[top].model_fields)
    component = component_of(top)
    spec: Any = root
    for part in path:
        spec = spec[part]
    return [*component.model(spec["name"]).model_fields][1:] if component else []


def sections_with(key: str) -> list[str]:
    """The top-level keys whose mapping may have ``key``: optimizer for lr."""
    found = [top for top, section in SECTIONS.items() if key in section.model_fields]
    for top in Config.model_fields:
        component = component_of(top)
        models = map(component.model, component.registry) if component else ()
        if key != "name" and any(key in model.model_fields for model in models):
            found.append(top)
    return found


def is_mapping(key: str) -> bool:
    """Whether the top-level ``key`` may hold a mapping."""
    return key in SECTIONS or component_of(key) is not None


def component_of(key: str) -> Component | None:
    """What the top-level ``key`` may name, if it names a component at all."""
    metadata = Config.model_fields[key].metadata if key in Config.model_fields else []
    return next((item for item in metadata if isinstance(item, Component)), None)
