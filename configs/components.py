"""Components in a config: names and hyperparameters, as the registries of the model know them.

Nothing about a component is repeated here: its pydantic model is made from its dataclass, at the
moment of validation, so that a class which a plugin registered is as good as a built-in one.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, core_schema

from nnbasic.model.registry import Bounds, Registry, hyperparameters


class Section(BaseModel):
    """A mapping in a config: nothing but its own keys, and no value of another type."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Component:
    """Annotation of a config key that names one component of ``registry``, or with ``many`` a list.

    It turns a name or a mapping into a complete specification: ``relu`` becomes
    ``{"name": "relu", "grad_at_zero": 0}``.
    """

    def __init__(self, registry: Registry[Any], *, many: bool = False) -> None:
        self.registry = registry
        self.many = many

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> JsonSchemaValue:
        one = [
            {"enum": [name for name in self.registry if _bare(self.model(name))]},
            *(self.model(name).model_json_schema() for name in self.registry),
        ]
        if self.many:
            one.append({"type": "array", "items": {"anyOf": list(one)}})
        return {"anyOf": one}

    def validate(self, value: Any) -> Any:
        """The complete specification; ValidationError or PydanticCustomError for a wrong one."""
        if self.many and isinstance(value, list):
            items: Any = Annotated[dict[str, Any], Component(self.registry)]
            return TypeAdapter(list[items]).validate_python(value)
        spec = {"name": value} if isinstance(value, str) else value
        example = next(iter(self.registry))
        if not isinstance(spec, dict):
            raise wrong(
                f"must be a name, such as {example}, or a mapping, such as {{name: {example}}}, "
                f"not {described(value)}"
            )
        name = spec.get("name")
        if not isinstance(name, str):
            raise wrong(f"must say the {self.registry.kind} by name, as in {{name: {example}}}")
        try:
            complete = self.model(name).model_validate(spec).model_dump()
            self.registry.build(complete)
        except ValidationError:  # a ValueError as well, but it knows the keys
            raise
        except ValueError as error:  # an unknown name, or values that do not go together
            raise wrong(str(error)) from error
        return complete

    def model(self, name: str) -> type[Section]:
        """The pydantic model of the component ``name``."""
        cls: Any = self.registry[name]
        return _model(name, cls)


@cache
def _model(name: str, cls: type[Any]) -> type[Section]:
    values: dict[str, Any] = {"name": (Literal[name], ...)}
    for key, annotation in hyperparameters(cls).items():
        values[key] = (_strict(annotation), _default(cls.__dataclass_fields__[key]))
    return create_model(
        name, __base__=Section, __doc__=(cls.__doc__ or "").partition("\n")[0], **values
    )


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    if field.default is dataclasses.MISSING:
        return ...
    default: Any = field.default
    return list(default) if isinstance(default, tuple) else default


def _strict(annotation: Any) -> Any:
    """The type of a hyperparameter in pydantic's words; a tuple becomes a list, as in YAML."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        strict = _strict(arguments[0])
        for bounds in (a for a in arguments[1:] if isinstance(a, Bounds)):
            strict = Annotated[strict, Field(**dataclasses.asdict(bounds))]
        return strict
    if origin is Literal:
        return Annotated[annotation, BeforeValidator(_no_boolean(arguments))]
    if origin is tuple:
        return list[_strict(arguments[0])]  # type: ignore[misc]
    if len(arguments) == 2 and type(None) in arguments:
        (inner,) = (a for a in arguments if a is not type(None))
        return _strict(inner) | None
    return annotation


def _no_boolean(choices: tuple[Any, ...]) -> Any:
    """A check that true is not taken for 1, which equals it in Python."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) and not any(value is choice for choice in choices):
            expected = " or ".join(map(repr, choices))
            raise PydanticKnownError("literal_error", {"expected": expected})
        return value

    return check


def _bare(model: type[BaseModel]) -> bool:
    """Whether the name alone will do."""
    return not any(f.is_required() for key, f in model.model_fields.items() if key != "name")


def wrong(message: str) -> PydanticCustomError:
    """An error whose message stands as it is; braces would be placeholders."""
    return PydanticCustomError("config", "{message}", {"message": message})


def described(value: Any) -> str:
    """A value of a config in a sentence about what is wrong with it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value) if len(str(value)) <= 40 else f"{str(value)[:39]}…"
    return f"the text {text!r}" if isinstance(value, str) else text
