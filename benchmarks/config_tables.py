"""The tables of `docs/config.md`, made from the JSON Schema of a config.

    python benchmarks/config_tables.py

prints them; a test compares them with the page.
"""

from collections.abc import Iterator
from typing import Any

from nnbasic.configs import flow, json_schema
from nnbasic.configs.describing import LIMITS
from nnbasic.model import Bounds

Schema = dict[str, Any]

WORDS = {"boolean": "true or false", "integer": "whole number", "string": "text"}


def tables() -> str:
    """Keys, sections and components, in Markdown."""
    top = json_schema()
    parts = ["## Keys", "", *table(top)]
    for key, value in top["properties"].items():
        first = value.get("anyOf", [value])[0]
        if first.get("type") == "object":
            parts += ["", f"## `{key}`", "", summary(first), "", *table(first)]
        elif specs := [each for each in value.get("anyOf", ()) if "title" in each]:
            parts += ["", f"## `{key}`", "", "| name | hyperparameters | what it is |"]
            parts += ["|---|---|---|", *map(component, specs)]
    return "\n".join([*parts, ""])


def table(section: Schema) -> Iterator[str]:
    yield "| key | default | accepts | what it is |"
    yield "|---|---|---|---|"
    for key, value in section["properties"].items():
        yield row(f"`{key}`", default(value), accepts(value, key), value["description"])


def component(spec: Schema) -> str:
    known = [(key, value) for key, value in spec["properties"].items() if key != "name"]
    values = [f"`{key}`: {default(value)}, {accepts(value, key)}" for key, value in known]
    return row(f"`{spec['title']}`", "<br>".join(values), summary(spec))


def accepts(schema: Schema, key: str) -> str:
    """The type and range of a value, in words."""
    if "anyOf" in schema:
        first, *others = schema["anyOf"]
        if others == [{"type": "null"}]:
            return f"{accepts(first, key)} or null"
        many = ", or a list of them" if others[-1]["type"] == "array" else ""
        return f"a component: [see below](#{key}){many}"
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if schema["type"] == "object":
        return f"a mapping: [see below](#{key})"
    if schema["type"] == "array":
        return f"a list, each {accepts(schema['items'], key)}"
    bounds = Bounds(**{ours: schema[limit] for ours, limit in LIMITS.items() if limit in schema})
    return f"{WORDS.get(schema['type'], schema['type'])} {bounds}".strip()


def default(schema: Schema) -> str:
    return f"`{flow(schema['default'])}`" if "default" in schema else "none"


def summary(schema: Schema) -> str:
    return str(schema["description"]).replace("``", "`")


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(tables(), end="")
