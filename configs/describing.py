"""The tables of the reference: every key of a config, and every component."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from nnbasic.configs.schema import Config
from nnbasic.configs.sections import Component, Section, part
from nnbasic.configs.writing import flow
from nnbasic.model.registry import default, hyperparameters


def reference() -> str:
    """The tables of ``docs/config.md``, in Markdown, with the components known now."""
    parts = ["## Keys", "", *_table(Config)]
    for key, annotation in hyperparameters(Config).items():
        inner = part(annotation)
        if isinstance(inner, Component):
            classes = [(name, inner.registry[name]) for name in inner.registry]
            parts += ["", f"## `{key}`", "", "| name | hyperparameters | what it is |"]
            parts += ["|---|---|---|", *(_component(*each) for each in classes)]
        elif inner:
            parts += ["", f"## `{key}`", "", _summary(inner), "", *_table(inner)]
    return "\n".join([*parts, ""])


def keys(page: str) -> str:
    """The table of the keys of a config, with links into the reference at ``page``."""
    return "\n".join(_table(Config)).replace("](#", f"]({page}#")


def _table(section: type[Section]) -> Iterator[str]:
    yield "| key | default | accepts | what it is |"
    yield "|---|---|---|---|"
    annotations = hyperparameters(section)
    for field in dataclasses.fields(section):
        key = field.name
        accepted = _accepts(annotations[key], key)
        yield _row(f"`{key}`", _default(section, key), accepted, field.metadata["description"])


def _component(name: str, cls: type[Any]) -> str:
    annotations = hyperparameters(cls).items()
    values = [f"`{key}`: {_default(cls, key)}, {_accepts(each, key)}" for key, each in annotations]
    return _row(f"`{name}`", "<br>".join(values), _summary(cls))


def _accepts(annotation: Any, key: str) -> str:
    """The type and range of a value, in words."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    inner = part(annotation)
    if isinstance(inner, Component):
        return f"a component: [see below](#{key})" + ", or a list of them" * inner.many
    if type(None) in arguments:
        return f"{_accepts(arguments[0], key)} or null"
    if inner:
        return f"a mapping: [see below](#{key})"
    if origin is Annotated:
        return f"{_accepts(arguments[0], key)} {arguments[1]}"
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin in (tuple, list):
        return f"a list, each {_accepts(arguments[0], key)}"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}[annotation]


def _default(cls: type[Any], key: str) -> str:
    value = default(cls, key)
    return "none" if value is dataclasses.MISSING else f"`{flow(value)}`"


def _summary(cls: type[Any]) -> str:
    return (cls.__doc__ or "").partition("\n")[0].replace("``", "`")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
