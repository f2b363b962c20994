"""Components in a config: named and checked by the registries of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from nnbasic.model.registry import Bounds, HyperparameterError, Registry, default, hyperparameters


class Section(BaseModel):
    """A mapping in a config: nothing but its own keys, and no value of another type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Component:
    """Annotation of a config key that holds a component of ``registry``, or with ``many`` a list.

    The value is the component itself, built from its name or from a mapping; written out, it is
    its complete specification: ``relu`` becomes ``{"name": "relu", "grad_at_zero": 0}``.
    """

    def __init__(self, registry: Registry[Any], *, many: bool = False) -> None:
        self.registry = registry
        self.many = many

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.build,
            serialization=core_schema.plain_serializer_function_ser_schema(self.spec),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> JsonSchemaValue:
        specs = [_spec_schema(name, self.registry[name]) for name in self.registry]
        bare = [spec["title"] for spec in specs if spec["required"] == ["name"]]
        one: list[JsonSchemaValue] = [{"enum": bare}, *specs]
        if self.many:
            one.append({"type": "array", "items": {"anyOf": list(one)}})
        return {"anyOf": one}

    def build(self, value: Any) -> Any:
        """The component; ValidationError or PydanticCustomError if ``value`` describes none."""
        if self.many and isinstance(value, list):
            one = Annotated[Any, Component(self.registry)]
            return TypeAdapter(list[one]).validate_python(value)
        try:
            component = self.registry.build(value)
            self.registry.name(component)  # an instance may be of a class without a name
        except HyperparameterError as error:
            details = [
                InitErrorDetails(type=wrong(flaw.text(described)), loc=flaw.path, input=value)
                for flaw in error.flaws
            ]
            raise ValidationError.from_exception_data(self.registry.kind, details) from error
        except ValueError as error:  # an unknown name, or values that do not go together
            raise wrong(str(error)) from error
        return component

    def spec(self, value: Any) -> Any:
        """The complete specification of a component, or of each one in a list."""
        return list(map(self.spec, value)) if isinstance(value, list) else self.registry.spec(value)


def _spec_schema(name: str, cls: type[Any]) -> JsonSchemaValue:
    """The JSON Schema of the specifications of one component."""
    properties: dict[str, Any] = {"name": {"const": name}}
    required = ["name"]
    for key, annotation in hyperparameters(cls).items():
        properties[key] = _schema(annotation)
        if (value := default(cls, key)) is dataclasses.MISSING:
            required.append(key)
        else:
            properties[key]["default"] = value
    return {
        "title": name,
        "type": "object",
        "description": (cls.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema(annotation: Any) -> JsonSchemaValue:
    """The JSON Schema of the values that a hyperparameter can have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        schema = _schema(arguments[0])
        for bounds in (each for each in arguments[1:] if isinstance(each, Bounds)):
            limits = dataclasses.asdict(bounds).items()
            schema |= {_LIMITS[key]: limit for key, limit in limits if limit is not None}
        return schema
    if type(None) in arguments:
        inner = (each for each in arguments if each is not type(None))
        return {"anyOf": [*map(_schema, inner), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    return {"enum": list(arguments)} if origin is Literal else {"type": _TYPES[annotation]}


_LIMITS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def wrong(message: str) -> PydanticCustomError:
    """An error with this message, taken literally: pydantic fills in what stands in braces."""
    return PydanticCustomError("config", "{message}", {"message": message})


def described(value: Any) -> str:
    """How a message names a wrong value."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value) if len(str(value)) <= 40 else f"{str(value)[:39]}…"
    return f"the text {text!r}" if isinstance(value, str) else text
