"""The JSON Schema of a config, made from the annotations that check it, and its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from nnbasic.configs.schema import Config
from nnbasic.configs.sections import part
from nnbasic.configs.text import flow
from nnbasic.model.registry import Bounds, Registry, default, hyperparameters

Schema = dict[str, Any]

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_LIMITS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_WORDS = {"boolean": "true or false", "integer": "whole number", "string": "text"}


def json_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a config file, with the components known now."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_mapping(Config)}


def reference() -> str:
    """The tables of ``docs/config.md``, in Markdown, with the components known now."""
    top = json_schema()
    parts = ["## Keys", "", *_table(top)]
    for key, value in top["properties"].items():
        first = value.get("anyOf", [value])[0]
        if first.get("type") == "object":
            parts += ["", f"## `{key}`", "", _summary(first), "", *_table(first)]
        elif specs := [each for each in value.get("anyOf", ()) if "title" in each]:
            parts += ["", f"## `{key}`", "", "| name | hyperparameters | what it is |"]
            parts += ["|---|---|---|", *map(_component, specs)]
    return "\n".join([*parts, ""])


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
            schema |= {_LIMITS[key]: limit for key, limit in limits if limit is not None}
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


def _table(section: Schema) -> Iterator[str]:
    yield "| key | default | accepts | what it is |"
    yield "|---|---|---|---|"
    for key, value in section["properties"].items():
        yield _row(f"`{key}`", _default(value), _accepts(value, key), value["description"])


def _component(spec: Schema) -> str:
    known = [(key, value) for key, value in spec["properties"].items() if key != "name"]
    values = [f"`{key}`: {_default(value)}, {_accepts(value, key)}" for key, value in known]
    return _row(f"`{spec['title']}`", "<br>".join(values), _summary(spec))


def _accepts(schema: Schema, key: str) -> str:
    """The type and range of a value, in words."""
    if "anyOf" in schema:
        first, *others = schema["anyOf"]
        if others == [{"type": "null"}]:
            return f"{_accepts(first, key)} or null"
        many = ", or a list of them" if others[-1]["type"] == "array" else ""
        return f"a component: [see below](#{key}){many}"
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if schema["type"] == "object":
        return f"a mapping: [see below](#{key})"
    if schema["type"] == "array":
        return f"a list, each {_accepts(schema['items'], key)}"
    bounds = Bounds(**{ours: schema[limit] for ours, limit in _LIMITS.items() if limit in schema})
    return f"{_WORDS.get(schema['type'], schema['type'])} {bounds}".strip()


def _default(schema: Schema) -> str:
    return f"`{flow(schema['default'])}`" if "default" in schema else "none"


def _summary(schema: Schema) -> str:
    return str(schema["description"]).replace("``", "`")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
