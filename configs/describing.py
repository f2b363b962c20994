"""The JSON Schema of a config, made from the annotations that check it."""

import dataclasses
from typing import Annotated, Any, Literal, get_args, get_origin

from nnbasic.configs.schema import Config
from nnbasic.configs.sections import part
from nnbasic.model.registry import Bounds, Registry, default, hyperparameters

Schema = dict[str, Any]

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
LIMITS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a config file, with the components known now."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_mapping(Config)}


def _mapping(cls: type[Any], name: str | None = None) -> Schema:
    """The schema of a section, or of the specifications of the component called ``name``."""
    properties: dict[str, Schema] = {"name": {"const": name}} if name else {}
    for key, annotation in hyperparameters(cls).items():
        properties[key] = _schema(annotation)
        properties[key] |= cls.__dataclass_fields__[key].metadata  # its description
        if (value := default(cls, key)) is not dataclasses.MISSING:
            properties[key]["default"] = value
    return {
        "title": name or cls.__name__,
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": [key for key in properties if name and "default" not in properties[key]],
        "additionalProperties": False,
    }


def _schema(annotation: Any) -> Schema:
    """The schema of the values that a key with this annotation can have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    inner = part(annotation)
    if isinstance(inner, Registry):
        return _components(inner, many=list in arguments)
    if type(None) in arguments:
        other = next(each for each in arguments if each is not type(None))
        return {"anyOf": [_schema(other), {"type": "null"}]}
    if inner:
        return _mapping(inner)
    if origin is Annotated:
        schema = _schema(arguments[0])
        for bounds in (each for each in arguments[1:] if isinstance(each, Bounds)):
            limits = dataclasses.asdict(bounds).items()
            schema |= {LIMITS[key]: limit for key, limit in limits if limit is not None}
        return schema
    if origin in (tuple, list):
        return {"type": "array", "items": _schema(arguments[0])}
    return {"enum": list(arguments)} if origin is Literal else {"type": _TYPES[annotation]}


def _components(registry: Registry[Any], many: bool) -> Schema:
    """By name, as a mapping, or where they may be many, a list of these."""
    specs = [_mapping(registry[name], name) for name in registry]
    bare = [spec["title"] for spec in specs if spec["required"] == ["name"]]
    one: list[Schema] = [{"enum": bare}, *specs]
    return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}}] if many else one}
