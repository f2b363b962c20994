"""The JSON Schema of a config, for editors: made from the annotations that check it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal, get_args, get_origin

from nnbasic.configs.schema import Config
from nnbasic.configs.sections import Component, part
from nnbasic.model.registry import Bounds, default, hyperparameters

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a config file, with the components known now."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_mapping(Config)}


def _mapping(cls: type[Any], name: str | None = None) -> Schema:
    """The schema of a section, or of the specifications of the component called ``name``."""
    properties: dict[str, Schema] = {"name": {"const": name}} if name else {}
    required = ["name"] if name else []
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key, annotation in hyperparameters(cls).items():
        properties[key] = _schema(annotation)
        if description := fields[key].metadata.get("description"):
            properties[key]["description"] = description
        properties[key] |= fields[key].metadata.get("schema", {})
        if (value := default(cls, key)) is dataclasses.MISSING:
            required.append(key)
        else:
            properties[key]["default"] = value
    return {
        "title": name or cls.__name__,
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _components(component: Component) -> Schema:
    """By name, as a mapping, or where they may be many, a list of these."""
    registry = component.registry
    specs = [_mapping(registry[name], name) for name in registry]
    bare = [spec["title"] for spec in specs if spec["required"] == ["name"]]
    one: list[Schema] = [{"enum": bare}, *specs]
    if component.many:
        one.append({"type": "array", "items": {"anyOf": list(one)}})
    return {"anyOf": one}


def _schema(annotation: Any) -> Schema:
    """The schema of the values that a key with this annotation can have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    inner = part(annotation)
    if isinstance(inner, Component):
        return _components(inner)
    if type(None) in arguments:
        others = (each for each in arguments if each is not type(None))
        return {"anyOf": [*map(_schema, others), {"type": "null"}]}
    if inner:
        return _mapping(inner)
    if origin is Annotated:
        schema = _schema(arguments[0])
        for bounds in (each for each in arguments[1:] if isinstance(each, Bounds)):
            limits = dataclasses.asdict(bounds).items()
            schema |= {_LIMITS[key]: limit for key, limit in limits if limit is not None}
        return schema
    if origin in (tuple, list):
        return {"type": "array", "items": _schema(arguments[0])}
    return {"enum": list(arguments)} if origin is Literal else {"type": _TYPES[annotation]}


_LIMITS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
